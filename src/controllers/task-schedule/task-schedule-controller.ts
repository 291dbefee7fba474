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
import { writeStatus } from '../../client/status-writer.ts';
import { conditionOf, isFinal, mergeConditions } from '../../resources/condition.ts';
import { type JobRun, jobOfRun } from '../../resources/kf/job-run.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { labels } from '../../resources/labels.ts';
import { type KubeObject, type ObjectRef, refOf } from '../../resources/meta.ts';
import { conflict } from '../../resources/status.ts';
import { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { Awake } from './awake.ts';
import { isPending, isUnderway, JobRuns } from './job-runs.ts';
import { planJob } from './plan.ts';
import type { PendingRun, Status } from './run-decisions.ts';

export function startTaskScheduleController(options: ControllerContext): RunningController {
  const controller = new TaskScheduleController({ ...options, onBreak: () => running.hurry() });
  const running = startController({
    ...options,
    name: 'taskschedule',
    // Its runs are due at a stated minute.
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
    const runs = new JobRuns(this.#client, job);
    const current = await runs.current();
    const active = current.filter((run) => isUnderway(job, run)).map((run) => run.metadata.name);
    const pending = current.filter((run) => isPending(job, run)).map(pendingRunOf);
    const now = this.#clock.now();
    const plan = planJob({ job, active, pending, now, awakeSince: this.#awake.since() });
    const status = { ...plan.status, ...lastResults(plan.status, current), ...this.#settled(job, active, now) };
    // The plan is written before it is carried out: a stale read conflicts here, and nothing has happened.
    const planned = await writeStatus(this.#client, TaskSchedule, job, status);
    for (const name of plan.terminate) await runs.terminate(name);
    await this.#carryOut(planned, runs, planned !== job);
    await runs.trim();
    return plan.next === undefined ? undefined : { requeueAfter: Math.max(0, plan.next - this.#clock.now()) };
  }

  /** Does what the status says is being done, then says that it has been. */
  async #carryOut(job: TaskSchedule, runs: JobRuns, justWritten: boolean): Promise<void> {
    const { starting = [], decided = [] } = job.status ?? {};
    if (starting.length === 0 && decided.length === 0) return;
    // What was planned at an earlier look may have been done since: a lagging read is not enough.
    if (!justWritten && !(await this.#isCurrent(job))) throw conflict(TaskSchedule, job.metadata.name);
    const started: string[] = [];
    for (const slot of starting) started.push(await runs.start(Date.parse(slot)));
    for (const { name, refused } of decided) {
      if (refused !== undefined) await runs.refuse(name);
      else {
        started.push(name);
        await runs.admit(name);
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

const pendingRunOf = ({ metadata }: JobRun): PendingRun => ({
  name: metadata.name,
  createdAt: Date.parse(metadata.creationTimestamp ?? ''),
});

/** The newest success and failure; they stay when their runs go. */
function lastResults(before: Status, current: readonly JobRun[]): Partial<Status> {
  const ended = current.filter(isFinal);
  return {
    lastSuccess: newest('True', before.lastSuccess, ended),
    lastFailure: newest('False', before.lastFailure, ended),
  };
}

type LastResult = NonNullable<Status['lastFailure']>;

function newest(
  succeeded: 'True' | 'False',
  before: LastResult | undefined,
  ended: readonly JobRun[],
): LastResult | undefined {
  let found = before;
  for (const run of ended) {
    const { status, reason } = conditionOf(run, 'Succeeded') ?? {};
    const time = run.status?.completionTime;
    if (status !== succeeded || (time ?? '') < (found?.time ?? '')) continue;
    found = { name: run.metadata.name, time, ...(status === 'False' ? { reason } : {}) };
  }
  return found;
}
