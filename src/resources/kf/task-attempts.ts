/** A Task's attempts, whether or not its status keeps them one by one. Pure. */

import { conditionOf, isFinal } from '../condition.ts';
import { withoutUndefined } from '../json.ts';
import type { Task, TaskAttempt } from './task.ts';

/** The number of the attempt that a Task is at, or ended with; from 1. */
export const currentAttempt = (task: Task): number => Math.max(1, task.status?.attempts?.length ?? 0);

/** How many attempts a Task may have. */
export const mostAttempts = (task: Task): number => 1 + (task.spec.retries ?? 0);

/** Every attempt that was begun, the latest last. A Task without retries keeps its only one in its own fields. */
export function attemptsOf(task: Task): readonly TaskAttempt[] {
  const { status = {} } = task;
  if (status.attempts !== undefined) return status.attempts;
  if (status.pipelineRunName === undefined) return [];
  const { reason, message } = conditionOf(task, 'Succeeded') ?? {};
  const ended = isFinal(task) ? { reason, message } : {};
  const { pipelineRunName, podName, startTime, completionTime, exitCode, usage } = status;
  const fields = { pipelineRunName, podName, startTime, completionTime, exitCode, ...ended, usage };
  return [{ attempt: 1, ...withoutUndefined(fields) }];
}
