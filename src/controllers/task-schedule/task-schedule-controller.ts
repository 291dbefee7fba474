/** Runs Jobs: starts a Task for every slot that is due, as the Job's policies say. */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import { itself, mapped, type Result, type RunningController, startController } from '../../client/controller.ts';
import { getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { conditionOf, isFinal, mergeConditions } from '../../resources/condition.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { conflict, isAlreadyExists, isNotFound } from '../../resources/status.ts';
import { Awake } from './awake.ts';
import type { PendingRun } from './desk.ts';
import { jobTaskOf } from './job-task.ts';
import { planJob } from './plan.ts';

interface Options {
  readonly client: Client;
  readonly clock: Clock;
  readonly onError?: (message: string, error: unknown) => void;
}

type Status = NonNullable<TaskSchedule['status']>;

export function startTaskScheduleController(options: Options): RunningController {
  const controller = new TaskScheduleController(options);
  const running = startController({
    ...options,
    name: 'taskschedule',
    watches: [
      itself(TaskSchedule),
      mapped(
        Task,
        ({ metadata }) => {
          const job = metadata.labels?.[labels.jobOwner];
          return job === undefined ? [] : [{ namespace: metadata.namespace!, name: job }];
        },
        { labelSelector: labels.jobOwner, unfinishedOnly: true },
      ),
    ],
    reconcile: (request) => controller.reconcile(request),
  });
  return {
    ...running,
    async stop() {
      controller.stop();
      await running.stop();
    },
  };
}

export class TaskScheduleController {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #awake: Awake;

  constructor({ client, clock }: Options) {
    this.#client = client;
    this.#clock = clock;
    this.#awake = new Awake(clock);
  }

  stop(): void {
    this.#awake.stop();
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const job = await getIfExists(this.#client, TaskSchedule, request);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return;
    const runs = await this.#runs(job);
    const active = runs.filter((run) => !isFinal(run) && !isHeld(job, run)).map((run) => run.metadata.name);
    const pending = runs.filter((run) => isPending(job, run)).map(pendingRunOf);
    const now = this.#clock.now();
    const plan = planJob({ job, active, pending, now, awakeSince: this.#awake.since() });
    const status = { ...plan.status, ...lastResults(plan.status, runs), ...this.#settled(job, active, now) };
    // The plan is written before it is carried out: a stale read conflicts here, and nothing has happened.
    const planned = await writeStatus(this.#client, TaskSchedule, job, status);
    for (const name of plan.terminate) await this.#terminate({ ...refOf(job), name }, job.metadata.name);
    await this.#carryOut(planned, planned !== job);
    return plan.next === undefined ? undefined : { requeueAfter: Math.max(0, plan.next - this.#clock.now()) };
  }

  /**
   * The Job's Tasks. One that the status knows of and a lagging list lacks is asked for; and where somebody waits for a
   * decision, so are those that seem to run.
   */
  async #runs(job: TaskSchedule): Promise<readonly Task[]> {
    const { items } = await this.#client.list(Task, {
      namespace: job.metadata.namespace!,
      labelSelector: `${labels.jobOwner}=${job.metadata.name}`,
    });
    const known = new Set(items.map((task) => task.metadata.name));
    const { active = [], replacingRun } = job.status ?? {};
    const named = [...active.map(({ name }) => name), ...(replacingRun === undefined ? [] : [replacingRun])];
    const policy = job.spec.concurrencyPolicy ?? 'Always';
    const decides = policy !== 'Always' && items.some((task) => isPending(job, task));
    const doubtful = decides
      ? items.filter((task) => !isFinal(task) && !isHeld(job, task)).map((task) => task.metadata.name)
      : [];
    const asked = new Set([...named.filter((name) => !known.has(name)), ...doubtful]);
    const found = await Promise.all(
      [...asked].map((name) => getFromServer(this.#client, Task, { ...refOf(job), name })),
    );
    return [
      ...items.filter(({ metadata }) => !asked.has(metadata.name)),
      ...found.filter((task) => task !== undefined),
    ];
  }

  /** Does what the status says is being done, then says that it has been. */
  async #carryOut(job: TaskSchedule, justWritten: boolean): Promise<void> {
    const { starting = [], decided = [] } = job.status ?? {};
    if (starting.length === 0 && decided.length === 0) return;
    // What was planned at an earlier look may have been done since: a lagging read is not enough.
    if (!justWritten && !(await this.#isCurrent(job))) throw conflict(TaskSchedule, job.metadata.name);
    const started: string[] = [];
    for (const slot of starting) started.push(await this.#start(job, Date.parse(slot)));
    for (const { name, refused } of decided) {
      if (refused === undefined) started.push(name);
      await (refused === undefined ? this.#admit({ ...refOf(job), name }) : this.#refuse({ ...refOf(job), name }));
    }
    const active = [...new Set([...(job.status?.active ?? []).map(({ name }) => name), ...started])];
    await writeStatus(this.#client, TaskSchedule, job, {
      ...job.status,
      starting: undefined,
      decided: undefined,
      active: active.length === 0 ? undefined : active.map((name) => ({ name })),
      lastScheduleTime: starting.at(-1) ?? job.status?.lastScheduleTime,
    });
  }

  async #isCurrent(job: TaskSchedule): Promise<boolean> {
    const latest = await getFromServer(this.#client, TaskSchedule, refOf(job));
    return latest?.metadata.resourceVersion === job.metadata.resourceVersion;
  }

  /** The name of the slot's Task. */
  async #start(job: TaskSchedule, slot: number): Promise<string> {
    const draft = jobTaskOf(job, slot);
    try {
      await this.#client.create(Task, draft);
    } catch (error) {
      // Made before a crash, or by an attempt whose answer was lost: the name is the lock.
      if (!isAlreadyExists(error)) throw error;
    }
    return draft.metadata.name!;
  }

  async #admit(ref: ObjectRef): Promise<void> {
    try {
      await this.#client.patch(Task, ref, { type: 'merge', body: { spec: { pending: null } } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** What was never let start leaves nothing but its line in the history. */
  async #refuse(ref: ObjectRef): Promise<void> {
    const task = await getIfExists(this.#client, Task, ref);
    if (task?.spec.pending !== true) return;
    try {
      await this.#client.delete(Task, ref, { preconditions: { uid: task.metadata.uid! } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #terminate(ref: ObjectRef, job: string): Promise<void> {
    try {
      const metadata = { annotations: { [annotations.changedBy]: `Job ${job}, which replaces it` } };
      await this.#client.patch(Task, ref, { type: 'merge', body: { metadata, spec: { terminated: true } } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  #settled(job: TaskSchedule, active: readonly string[], now: number): Partial<Status> {
    return {
      observedGeneration: job.metadata.generation,
      active: active.length === 0 ? undefined : active.map((name) => ({ name })),
      conditions: mergeConditions(
        job.status?.conditions,
        [
          { type: 'SpaceReady', status: 'True' },
          { type: 'Ready', status: 'True' },
        ],
        rfc3339(now),
      ),
    };
  }
}

/** Whether a Task may not start: its Job has not let it, or not told it yet. */
const isHeld = ({ status }: TaskSchedule, { metadata, spec }: Task): boolean =>
  spec.pending === true && !(status?.active ?? []).some(({ name }) => name === metadata.name);

/** Held, and still wanted. */
const isPending = (job: TaskSchedule, task: Task): boolean =>
  isHeld(job, task) && !isFinal(task) && !task.spec.terminated && task.metadata.deletionTimestamp === undefined;

const pendingRunOf = ({ metadata }: Task): PendingRun => ({
  name: metadata.name,
  createdAt: Date.parse(metadata.creationTimestamp ?? ''),
});

/** The newest success and failure; they stay when their Tasks go. */
function lastResults(before: Status, tasks: readonly Task[]): Partial<Status> {
  const ended = tasks
    .filter(isFinal)
    .sort((a, b) => (a.status?.completionTime ?? '').localeCompare(b.status?.completionTime ?? ''));
  const newest = (wanted: 'True' | 'False') =>
    ended.filter((task) => conditionOf(task, 'Succeeded')?.status === wanted).at(-1);
  const success = newest('True');
  const failure = newest('False');
  return {
    lastSuccess:
      success === undefined
        ? before.lastSuccess
        : { name: success.metadata.name, time: success.status?.completionTime },
    lastFailure:
      failure === undefined
        ? before.lastFailure
        : {
            name: failure.metadata.name,
            time: failure.status?.completionTime,
            reason: conditionOf(failure, 'Succeeded')?.reason,
          },
  };
}
