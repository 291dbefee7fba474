/** Runs Jobs: starts a Task for every slot that is due, as the Job's policies say. */

import type { AnyKind, Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import {
  type ControllerContext,
  itself,
  mapped,
  type Result,
  type RunningController,
  startController,
} from '../../client/controller.ts';
import { getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { listedMetadata } from '../../client/listed-metadata.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { conditionOf, isFinal, mergeConditions } from '../../resources/condition.ts';
import {
  admission,
  isHeld,
  isTerminating,
  type JobRun,
  jobOfRun,
  runKindOf,
  termination,
} from '../../resources/kf/job-run.ts';
import { Space } from '../../resources/kf/space.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { type KubeObject, type ObjectRef, refOf } from '../../resources/meta.ts';
import { conflict, isAlreadyExists, isNotFound } from '../../resources/status.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { expired } from '../retention/expired.ts';
import { usualLimits } from '../retention/retention-controller.ts';
import { Awake } from './awake.ts';
import type { PendingRun } from './desk.ts';
import { slotRunOf } from './job-run.ts';
import { planJob } from './plan.ts';

type Status = NonNullable<TaskSchedule['status']>;

export function startTaskScheduleController(options: ControllerContext): RunningController {
  const controller = new TaskScheduleController({ ...options, onBreak: () => running.hurry() });
  const running = startController({
    ...options,
    name: 'taskschedule',
    // People have named the minute.
    urgent: true,
    watches: [
      itself(TaskSchedule),
      ...[Task, TaskRun, PipelineRun].map((kind) =>
        mapped(kind as AnyKind, jobOf, { labelSelector: labels.jobOwner, unfinishedOnly: true }),
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

const jobOf = (run: KubeObject): readonly ObjectRef[] => {
  const name = jobOfRun(run);
  return name === undefined ? [] : [{ ...refOf(run), name }];
};

class TaskScheduleController {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #awake: Awake;

  constructor({ client, clock, onBreak }: ControllerContext & { readonly onBreak?: () => void }) {
    this.#client = client;
    this.#clock = clock;
    this.#awake = new Awake(clock, onBreak);
  }

  stop(): void {
    this.#awake.stop();
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const job = await getIfExists(this.#client, TaskSchedule, request);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined) return;
    const kind = runKindOf(job);
    const runs = await this.#runs(job);
    const active = runs.filter((run) => !isFinal(run) && !isWithheld(job, run)).map((run) => run.metadata.name);
    const pending = runs.filter((run) => isPending(job, run)).map(pendingRunOf);
    const now = this.#clock.now();
    const plan = planJob({ job, active, pending, now, awakeSince: this.#awake.since() });
    const status = { ...plan.status, ...lastResults(plan.status, runs), ...this.#settled(job, active, now) };
    // The plan is written before it is carried out: a stale read conflicts here, and nothing has happened.
    const planned = await writeStatus(this.#client, TaskSchedule, job, status);
    const metadata = { annotations: { [annotations.changedBy]: `Job ${job.metadata.name}, which replaces it` } };
    for (const name of plan.terminate)
      await this.#patch(kind, { ...refOf(job), name }, { metadata, ...termination(kind) });
    await this.#carryOut(planned, planned !== job);
    if (kind.kind !== 'Task') await this.#trim(job, runs);
    return plan.next === undefined ? undefined : { requeueAfter: Math.max(0, plan.next - this.#clock.now()) };
  }

  /**
   * The Job's runs. One that the status knows of and a lagging list lacks is asked for; and where somebody waits for a
   * decision, so are those that seem to run.
   */
  async #runs(job: TaskSchedule): Promise<readonly JobRun[]> {
    const kind: AnyKind = runKindOf(job);
    const { items }: { readonly items: readonly JobRun[] } = await this.#client.list(kind, {
      namespace: job.metadata.namespace!,
      ...(job.metadata.uid === undefined ? {} : { ownedBy: job.metadata.uid }),
      labelSelector: `${labels.jobOwner}=${job.metadata.name}`,
    });
    const listed = items.filter((run) => jobOfRun(run) !== undefined);
    const known = new Set(listed.map((run) => run.metadata.name));
    const { active = [], replacingRun } = job.status ?? {};
    const named = [...active.map(({ name }) => name), ...(replacingRun === undefined ? [] : [replacingRun])];
    const policy = job.spec.concurrencyPolicy ?? 'Always';
    const decides = policy !== 'Always' && listed.some((run) => isPending(job, run));
    const doubtful = decides ? listed.filter((run) => !isFinal(run) && !isWithheld(job, run)) : [];
    const asked = new Set([...named.filter((name) => !known.has(name)), ...doubtful.map((run) => run.metadata.name)]);
    const found: readonly (JobRun | undefined)[] = await Promise.all(
      [...asked].map((name) => getFromServer(this.#client, kind, { ...refOf(job), name })),
    );
    return [...listed.filter(({ metadata }) => !asked.has(metadata.name)), ...found.filter((run) => run !== undefined)];
  }

  /** Does what the status says is being done, then says that it has been. */
  async #carryOut(job: TaskSchedule, justWritten: boolean): Promise<void> {
    const { starting = [], decided = [] } = job.status ?? {};
    if (starting.length === 0 && decided.length === 0) return;
    // What was planned at an earlier look may have been done since: a lagging read is not enough.
    if (!justWritten && !(await this.#isCurrent(job))) throw conflict(TaskSchedule, job.metadata.name);
    const started: string[] = [];
    for (const slot of starting) started.push(await this.#start(job, Date.parse(slot)));
    const kind = runKindOf(job);
    for (const { name, refused } of decided) {
      const ref = { ...refOf(job), name };
      if (refused !== undefined) await this.#refuse(kind, ref);
      else {
        started.push(name);
        await this.#patch(kind, ref, admission(kind));
      }
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

  /** The name of the slot's run. */
  async #start(job: TaskSchedule, slot: number): Promise<string> {
    const draft = slotRunOf(job, slot);
    try {
      await this.#client.create(runKindOf(job) as AnyKind, draft);
    } catch (error) {
      // Made before a crash, or by an attempt whose answer was lost: the name is the lock.
      if (!isAlreadyExists(error)) throw error;
    }
    return draft.metadata.name!;
  }

  /** Of a run that may have gone. */
  async #patch(kind: AnyKind, ref: ObjectRef, body: object): Promise<void> {
    try {
      await this.#client.patch(kind, ref, { type: 'merge', body });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** What was never let start leaves nothing but its line in the history. */
  async #refuse(kind: AnyKind, ref: ObjectRef): Promise<void> {
    const run: JobRun | undefined = await getIfExists(this.#client, kind, ref);
    if (run !== undefined && isHeld(run)) await this.#delete(kind, run);
  }

  /** Tasks go with their App's; other runs have none. */
  async #trim(job: TaskSchedule, runs: readonly JobRun[]): Promise<void> {
    const space = await getIfExists(this.#client, Space, { name: job.metadata.namespace! });
    const most = space?.spec?.taskConfig?.retention?.maxTasks ?? usualLimits.tasks;
    const dated = runs.map((run) => ({ ...listedMetadata(run), run }));
    for (const { run } of expired(dated, most, ({ run }) => isFinal(run))) await this.#delete(runKindOf(job), run);
  }

  async #delete(kind: AnyKind, run: JobRun): Promise<void> {
    try {
      await this.#client.delete(kind, refOf(run), { preconditions: { uid: run.metadata.uid! } });
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

/** Whether a run may not start: its Job has not let it, or not told it yet. */
const isWithheld = ({ status }: TaskSchedule, run: JobRun): boolean =>
  isHeld(run) && !(status?.active ?? []).some(({ name }) => name === run.metadata.name);

/** Withheld, and still wanted. */
const isPending = (job: TaskSchedule, run: JobRun): boolean =>
  isWithheld(job, run) && !isFinal(run) && !isTerminating(run) && run.metadata.deletionTimestamp === undefined;

const pendingRunOf = ({ metadata }: JobRun): PendingRun => ({
  name: metadata.name,
  createdAt: Date.parse(metadata.creationTimestamp ?? ''),
});

/** The newest success and failure; they stay when their runs go. */
function lastResults(before: Status, runs: readonly JobRun[]): Partial<Status> {
  const ended = runs
    .filter(isFinal)
    .sort((a, b) => (a.status?.completionTime ?? '').localeCompare(b.status?.completionTime ?? ''));
  const newest = (wanted: 'True' | 'False') =>
    ended.filter((run) => conditionOf(run, 'Succeeded')?.status === wanted).at(-1);
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
