/** Runs PipelineRuns: makes their TaskRuns in order, mirrors their states, cancels them. */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import {
  type ControllerContext,
  itself,
  ownedBy,
  type Result,
  type RunningController,
  soon,
  startController,
} from '../../client/controller.ts';
import { getChild, getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { isFinal } from '../../resources/condition.ts';
import { annotations } from '../../resources/labels.ts';
import { isControlledBy, isLeftoverOf, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isAlreadyExists, isInvalid } from '../../resources/status.ts';
import { PipelineRun, type PipelineTask } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import {
  finalStatus,
  isCancelling,
  PipelineRunValidationError,
  readyTasks,
  statusFromChildren,
  tasksOf,
} from './pipeline-run-plan.ts';
import { taskRunName, taskRunOf } from './task-run.ts';

export function startPipelineRunController(options: ControllerContext): RunningController {
  const controller = new PipelineRunController(options);
  return startController({
    ...options,
    name: 'pipelinerun',
    watches: [itself(PipelineRun, { unfinishedOnly: true }), ownedBy(PipelineRun, TaskRun, { unfinishedOnly: true })],
    reconcile: (request) => controller.reconcile(request),
  });
}

/** A TaskRun of an earlier PipelineRun of this name, which is on its way out. */
class LeftoverInTheWay extends Error {}

/** The child, if it is the run's. @throws LeftoverInTheWay, PipelineRunValidationError */
function owned(run: PipelineRun, child: TaskRun): TaskRun {
  if (isControlledBy(child, run)) return child;
  if (isLeftoverOf(child, run)) throw new LeftoverInTheWay();
  throw new PipelineRunValidationError(
    `there is a TaskRun "${child.metadata.name}" that belongs to something else`,
    'CreateRunFailed',
  );
}

export class PipelineRunController {
  readonly #client: Client;
  readonly #clock: Clock;

  constructor({ client, clock }: ControllerContext) {
    this.#client = client;
    this.#clock = clock;
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const run = await getIfExists(this.#client, PipelineRun, request);
    if (run === undefined || run.metadata.deletionTimestamp !== undefined || isFinal(run)) return;
    if (run.spec.status === 'PipelineRunPending') return;
    try {
      await this.#advance(run, tasksOf(run));
    } catch (error) {
      if (error instanceof LeftoverInTheWay) return soon;
      if (!(error instanceof PipelineRunValidationError)) throw error;
      await writeStatus(this.#client, PipelineRun, run, finalStatus(run, error.reason, error.message, this.#now()));
    }
  }

  async #advance(run: PipelineRun, tasks: readonly PipelineTask[]): Promise<void> {
    const children = await this.#children(run, tasks);
    if (isCancelling(run) && run.spec.status !== 'StoppedRunFinally')
      for (const [name, child] of children) children.set(name, await this.#cancel(run, child));
    for (const task of readyTasks(run, tasks, children)) children.set(task.name, await this.#createTaskRun(run, task));
    await writeStatus(this.#client, PipelineRun, run, statusFromChildren(run, tasks, children, this.#now()));
  }

  /** What exists of the run's TaskRuns; one that was once there and is gone counts as failed for good. */
  async #children(run: PipelineRun, tasks: readonly PipelineTask[]): Promise<Map<string, TaskRun>> {
    const children = new Map<string, TaskRun>();
    for (const task of tasks) {
      const ref = { ...refOf(run), name: taskRunName(run, task) };
      let child = await getChild(this.#client, TaskRun, ref, run);
      const known = run.status?.childReferences?.some((reference) => reference.name === ref.name) === true;
      if (child === undefined && (known || isCancelling(run))) child = await getFromServer(this.#client, TaskRun, ref);
      const isOurs = child !== undefined && isControlledBy(child, run);
      if (known && !isOurs) throw new PipelineRunValidationError(`the TaskRun "${ref.name}" was deleted`, 'Failed');
      // What an earlier run of this name left is none of ours, and nothing is made any more.
      if (child === undefined || (isCancelling(run) && isLeftoverOf(child, run))) continue;
      children.set(task.name, owned(run, child));
    }
    return children;
  }

  async #createTaskRun(run: PipelineRun, task: PipelineTask): Promise<TaskRun> {
    try {
      return await this.#client.create(TaskRun, taskRunOf(run, task));
    } catch (error) {
      if (isInvalid(error)) throw new PipelineRunValidationError(error.message, 'CreateRunFailed');
      if (!isAlreadyExists(error)) throw error;
      const child = await getFromServer(this.#client, TaskRun, { ...refOf(run), name: taskRunName(run, task) });
      if (child === undefined) throw error;
      return owned(run, child);
    }
  }

  /** Passes cancellation and a changed grace period on. */
  async #cancel(run: PipelineRun, child: TaskRun): Promise<TaskRun> {
    if (isFinal(child)) return child;
    const grace = run.metadata.annotations?.[annotations.gracePeriod];
    const graceChanged = grace !== undefined && child.metadata.annotations?.[annotations.gracePeriod] !== grace;
    if (child.spec.status === 'TaskRunCancelled' && !graceChanged) return child;
    return this.#client.patch(TaskRun, refOf(child), {
      type: 'merge',
      body: {
        metadata: graceChanged ? { annotations: { [annotations.gracePeriod]: grace } } : {},
        spec: {
          status: 'TaskRunCancelled',
          statusMessage: 'TaskRun cancelled as the PipelineRun it belongs to has been cancelled.',
        },
      },
    });
  }

  #now(): string {
    return rfc3339(this.#clock.now());
  }
}
