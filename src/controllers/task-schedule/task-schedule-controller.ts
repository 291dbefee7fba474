/** Runs Jobs: starts a Task for every slot that is due, as the Job's policies say. */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import { itself, mapped, type Result, type RunningController, startController } from '../../client/controller.ts';
import { getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { conditionOf, isFinal, mergeConditions } from '../../resources/condition.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { labels } from '../../resources/labels.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { isAlreadyExists, isNotFound } from '../../resources/status.ts';
import { Awake } from './awake.ts';
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
    const tasks = await this.#tasks(job);
    const active = tasks.filter((task) => !isFinal(task)).map((task) => task.metadata.name);
    const now = this.#clock.now();
    const plan = planJob({ job, active, now, awakeSince: this.#awake.since() });
    const status = { ...plan.status, ...lastResults(plan.status, tasks), ...this.#settled(job, active, now) };
    // The plan is written before it is carried out: a stale read conflicts here, and nothing has happened.
    const planned = await writeStatus(this.#client, TaskSchedule, job, status);
    for (const name of plan.terminate) await this.#terminate({ ...refOf(job), name });
    await this.#start(planned);
    return plan.next === undefined ? undefined : { requeueAfter: Math.max(0, plan.next - this.#clock.now()) };
  }

  /** The Job's Tasks. One that the status calls active and a lagging list lacks is asked for. */
  async #tasks(job: TaskSchedule): Promise<readonly Task[]> {
    const { items } = await this.#client.list(Task, {
      namespace: job.metadata.namespace!,
      labelSelector: `${labels.jobOwner}=${job.metadata.name}`,
    });
    const known = new Set(items.map((task) => task.metadata.name));
    const missing = (job.status?.active ?? []).filter(({ name }) => !known.has(name));
    const found = await Promise.all(
      missing.map(({ name }) => getFromServer(this.#client, Task, { ...refOf(job), name })),
    );
    return [...items, ...found.filter((task) => task !== undefined)];
  }

  /** Makes the Tasks of the slots that the status says are starting, then says that they have started. */
  async #start(job: TaskSchedule): Promise<void> {
    const slots = job.status?.starting ?? [];
    if (slots.length === 0) return;
    const started: string[] = [];
    for (const slot of slots) {
      const draft = jobTaskOf(job, Date.parse(slot));
      try {
        await this.#client.create(Task, draft);
      } catch (error) {
        // Made before a crash, or by an attempt whose answer was lost: the name is the lock.
        if (!isAlreadyExists(error)) throw error;
      }
      started.push(draft.metadata.name!);
    }
    const active = [...new Set([...(job.status?.active ?? []).map(({ name }) => name), ...started])];
    await writeStatus(this.#client, TaskSchedule, job, {
      ...job.status,
      starting: undefined,
      active: active.map((name) => ({ name })),
      lastScheduleTime: slots.at(-1),
    });
  }

  async #terminate(ref: ObjectRef): Promise<void> {
    try {
      await this.#client.patch(Task, ref, { type: 'merge', body: { spec: { terminated: true } } });
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
