/** When a Task is tried again, and what its status says of its attempts. Pure. */

import { type ConditionDraft, conditionOf } from '../../resources/condition.ts';
import { formatDuration, parseDuration } from '../../resources/duration.ts';
import { withoutUndefined } from '../../resources/json.ts';
import type { Task, TaskAttempt } from '../../resources/kf/task.ts';
import { currentAttempt, mostAttempts } from '../../resources/kf/task-attempts.ts';

type TaskStatus = NonNullable<Task['status']>;

const firstDelay = 10_000;
const longestDelay = 3_600_000;

/** Milliseconds between the end of an attempt and the start of the next one: D, 2D, 4D … at most an hour. */
export function retryDelay(task: Task, attempt: number): number {
  const first = (task.spec.retryDelay === undefined ? undefined : parseDuration(task.spec.retryDelay)) ?? firstDelay;
  return Math.min(longestDelay, first * 2 ** Math.min(attempt - 1, 40));
}

/** The command's attempt was cut short by something that may not happen again. */
const passing = ['TaskTimeout', 'NodeRestarted', 'ContainerStatusUnknown', 'Evicted', 'PodEvicted', 'PodDeleted'];

/** Whether an attempt that ended like this is followed by another: not when a person ended it, or it could not start. */
export function isRetried(task: Task, ended: ConditionDraft, { exitCode }: Partial<TaskStatus>): boolean {
  if (ended.status !== 'False' || currentAttempt(task) >= mostAttempts(task)) return false;
  if (ended.reason === 'TaskRunCancelled') return false;
  return exitCode !== undefined || passing.includes(ended.reason ?? '');
}

/** The reason of a Task that waits for its next attempt. */
const waitingForRetry = 'WaitingForRetry';

/** @param at when the next attempt starts, milliseconds since the epoch */
export function retryCondition(task: Task, ended: ConditionDraft, at: number): ConditionDraft {
  const attempt = currentAttempt(task);
  const why = ended.message || ended.reason;
  return {
    type: 'TaskRunReady',
    status: 'Unknown',
    reason: waitingForRetry,
    message: `attempt ${attempt} of ${mostAttempts(task)} failed: ${why}; attempt ${attempt + 1} starts at ${new Date(at).toISOString()}`,
  };
}

/**
 * The status with what is known of the current attempt, under its number where there may be several.
 * @param ended how the attempt ended; absent while it has not
 * @param isLast whether the Task ends with it
 */
export function withAttempt(
  task: Task,
  fields: Partial<TaskStatus>,
  ended: ConditionDraft | undefined,
  isLast: boolean,
): Partial<TaskStatus> {
  if (mostAttempts(task) === 1 && task.status?.attempts === undefined) return fields;
  const attempt = currentAttempt(task);
  const { pipelineRunName, podName, startTime, completionTime, exitCode, usage } = fields;
  const known: Partial<TaskAttempt> = { pipelineRunName, podName, startTime, completionTime, exitCode, usage };
  const failure = ended?.status === 'False' ? { reason: ended.reason, message: ended.message } : {};
  const before = task.status?.attempts ?? [];
  const entry: TaskAttempt = { ...before[attempt - 1], ...withoutUndefined({ ...known, ...failure }), attempt };
  const attempts = [...before.slice(0, attempt - 1), entry];
  const begun = attempts.find((one) => one.startTime !== undefined)?.startTime;
  return {
    ...fields,
    attempts,
    startTime: begun,
    ...(isLast ? wholeDuration(begun, completionTime) : notEnded),
  };
}

/** What only a Task that has ended has. */
const notEnded = { completionTime: undefined, duration: undefined, exitCode: undefined };

const wholeDuration = (start: string | undefined, end: string | undefined): Partial<TaskStatus> =>
  start === undefined || end === undefined ? {} : { duration: formatDuration(Date.parse(end) - Date.parse(start)) };

/** The status of a Task whose next attempt has just been begun. */
export const nextAttempt = (task: Task, pipelineRunName: string): Partial<TaskStatus> => ({
  pipelineRunName,
  attempts: [...(task.status?.attempts ?? []), { attempt: currentAttempt(task) + 1, pipelineRunName }],
  nextAttemptTime: undefined,
  podName: undefined,
  usage: undefined,
});

/** When the next attempt of a Task starts, as its status has it; undefined unless it waits for that. */
export function retryTime(task: Task): number | undefined {
  const time = task.status?.nextAttemptTime;
  if (time === undefined || conditionOf(task, 'Succeeded')?.status !== 'Unknown') return undefined;
  return Date.parse(time);
}
