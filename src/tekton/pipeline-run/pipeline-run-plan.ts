/** What a PipelineRun does next: which tasks may start, and its status as it follows from its TaskRuns. Pure. */

import { type ConditionDraft, conditionOf, isFinal, mergeConditions } from '../../resources/condition.ts';
import type { PipelineRun, PipelineTask } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { taskRunName } from './task-run.ts';

type PipelineRunStatus = NonNullable<PipelineRun['status']>;

/** A PipelineRun that can never run; `reason` is Tekton's. */
export class PipelineRunValidationError extends Error {
  override readonly name = 'PipelineRunValidationError';
  constructor(
    message: string,
    readonly reason: string = 'PipelineValidationFailed',
  ) {
    super(message);
  }
}

/** The run's tasks. @throws PipelineRunValidationError for what the engine cannot do yet, by name, and for cycles */
export function tasksOf(run: PipelineRun): readonly PipelineTask[] {
  const spec = run.spec.pipelineSpec;
  if (spec === undefined)
    throw new PipelineRunValidationError(
      'spec.pipelineRef is not supported by this version: use spec.pipelineSpec',
      'CouldntGetPipeline',
    );
  const refuse = (field: string): never => {
    throw new PipelineRunValidationError(`${field} is not supported by this version`);
  };
  for (const field of ['finally', 'results', 'workspaces'] as const)
    if ((spec[field] ?? []).length > 0) refuse(`spec.pipelineSpec.${field}`);
  if ((run.spec.workspaces ?? []).length > 0) refuse('spec.workspaces');
  const tasks = spec.tasks ?? [];
  if (tasks.length === 0) throw new PipelineRunValidationError('a Pipeline needs at least one task');
  for (const [index, task] of tasks.entries()) {
    for (const field of [
      'taskRef',
      'when',
      'matrix',
      'retries',
      'workspaces',
      'onError',
      'pipelineSpec',
      'pipelineRef',
    ])
      if ((task as Readonly<Record<string, unknown>>)[field] !== undefined)
        refuse(`spec.pipelineSpec.tasks[${index}].${field}`);
    if (task.taskSpec === undefined)
      throw new PipelineRunValidationError(`spec.pipelineSpec.tasks[${index}].taskSpec is missing`);
  }
  refuseBadOrder(tasks);
  return tasks;
}

function refuseBadOrder(tasks: readonly PipelineTask[]): void {
  const names = new Set(tasks.map((task) => task.name));
  const done = new Set<string>();
  let left = [...tasks];
  for (const task of tasks)
    for (const before of task.runAfter ?? [])
      if (!names.has(before))
        throw new PipelineRunValidationError(
          `task ${task.name} runs after "${before}", which does not exist`,
          'PipelineInvalidGraph',
        );
  while (left.length > 0) {
    const ready = left.filter((task) => (task.runAfter ?? []).every((before) => done.has(before)));
    if (ready.length === 0)
      throw new PipelineRunValidationError(
        `tasks wait for each other: ${left.map((task) => task.name).join(', ')}`,
        'PipelineInvalidGraph',
      );
    for (const task of ready) done.add(task.name);
    left = left.filter((task) => !done.has(task.name));
  }
}

/** TaskRuns by name of their pipeline task. */
export type Children = ReadonlyMap<string, TaskRun>;

const succeeded = (run: TaskRun): boolean => conditionOf(run, 'Succeeded')?.status === 'True';
const failed = (run: TaskRun): boolean => conditionOf(run, 'Succeeded')?.status === 'False';
const cancelled = (run: TaskRun): boolean => conditionOf(run, 'Succeeded')?.reason === 'TaskRunCancelled';

export const isCancelling = (run: PipelineRun): boolean =>
  ['Cancelled', 'CancelledRunFinally', 'StoppedRunFinally'].includes(run.spec.status ?? '');

/** The tasks that may start now: all that they run after have succeeded, nothing has failed, nobody has cancelled. */
export function readyTasks(
  run: PipelineRun,
  tasks: readonly PipelineTask[],
  children: Children,
): readonly PipelineTask[] {
  if (isCancelling(run) || [...children.values()].some(failed)) return [];
  return tasks.filter(
    (task) =>
      !children.has(task.name) &&
      (task.runAfter ?? []).every((before) => {
        const child = children.get(before);
        return child !== undefined && succeeded(child);
      }),
  );
}

/** @param now RFC 3339 */
export function statusFromChildren(
  run: PipelineRun,
  tasks: readonly PipelineTask[],
  children: Children,
  now: string,
): PipelineRunStatus {
  const condition = conditionFromChildren(run, tasks, children);
  const final = condition.status !== 'Unknown';
  return {
    ...run.status,
    observedGeneration: run.metadata.generation,
    startTime: run.status?.startTime ?? now,
    ...(final ? { completionTime: run.status?.completionTime ?? lastCompletion(children) ?? now } : {}),
    childReferences: tasks
      .filter((task) => children.has(task.name))
      .map((task) => ({
        apiVersion: 'tekton.dev/v1',
        kind: TaskRun.kind,
        name: taskRunName(run, task),
        pipelineTaskName: task.name,
      })),
    conditions: mergeConditions(run.status?.conditions, [condition], now),
  };
}

export function finalStatus(run: PipelineRun, reason: string, message: string, now: string): PipelineRunStatus {
  return {
    ...run.status,
    observedGeneration: run.metadata.generation,
    startTime: run.status?.startTime ?? now,
    completionTime: run.status?.completionTime ?? now,
    conditions: mergeConditions(run.status?.conditions, [{ type: 'Succeeded', status: 'False', reason, message }], now),
  };
}

function conditionFromChildren(run: PipelineRun, tasks: readonly PipelineTask[], children: Children): ConditionDraft {
  const runs = [...children.values()];
  const counts = {
    completed: runs.filter(isFinal).length,
    failed: runs.filter((child) => failed(child) && !cancelled(child)).length,
    cancelled: runs.filter(cancelled).length,
  };
  const live = runs.some((child) => !isFinal(child));
  const stopping = isCancelling(run) || counts.failed + counts.cancelled > 0;
  const open = tasks.length - runs.length;
  const summary = `Tasks Completed: ${counts.completed} (Failed: ${counts.failed}, Cancelled ${counts.cancelled})`;
  const skipped = stopping ? open : 0;
  if (live || (!stopping && open > 0)) {
    const incomplete = tasks.length - counts.completed - skipped;
    const reason = runs.length === 0 ? 'Started' : 'Running';
    return draft('Unknown', reason, `${summary}, Incomplete: ${incomplete}, Skipped: ${skipped}`);
  }
  const done = `${summary}, Skipped: ${skipped}`;
  if (counts.failed > 0) return draft('False', 'Failed', done);
  if (isCancelling(run) || counts.cancelled > 0)
    return draft('False', 'Cancelled', `PipelineRun "${run.metadata.name}" was cancelled`);
  return draft('True', skipped > 0 ? 'Completed' : 'Succeeded', done);
}

const draft = (status: ConditionDraft['status'], reason: string, message: string): ConditionDraft => ({
  type: 'Succeeded',
  status,
  reason,
  message,
});

function lastCompletion(children: Children): string | undefined {
  const times = [...children.values()].map((child) => child.status?.completionTime);
  return times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
}
