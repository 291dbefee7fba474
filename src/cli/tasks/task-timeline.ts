/** When a Task passed its stages, and what its attempts came to. Pure. */

import { imagePullOf } from '../../resources/core/image-pull.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { formatDuration } from '../../resources/duration.ts';
import type { Task, TaskAttempt } from '../../resources/kf/task.ts';
import { mostAttempts } from '../../resources/kf/task-attempts.ts';
import type { Description } from '../output/describe.ts';
import { exitCodeText } from './outcome.ts';

/** @param pod of the last attempt; gone when the Task was terminated */
export function timelineOf({ metadata, status = {} }: Task, pod?: Pod): Description {
  const queued = metadata.creationTimestamp;
  const begun = pod?.status?.startTime;
  const pull = pod === undefined ? undefined : imagePullOf(pod);
  const several = (status.attempts?.length ?? 0) > 1;
  return [
    ['Queued', queued],
    // Each attempt has times of its own.
    ['Pulling', several || pull === undefined ? undefined : begun],
    ['Starting', several ? undefined : startingTime(begun, pull)],
    [several ? 'First Running' : 'Running', status.startTime],
    ['Ended', status.completionTime],
    ['Next Attempt', status.nextAttemptTime],
    ['Duration', status.duration],
  ];
}

/** A Pod that has its turn pulls what is missing first. */
function startingTime(begun: string | undefined, pull: ReturnType<typeof imagePullOf>): string | undefined {
  if (pull === undefined) return begun;
  return pull.state === 'Pulled' ? pull.since : undefined;
}

/** One line each: `exit code 3, Failed; 2026-…Z, 1.2s; log: kf logs …`. */
export function attemptLines(task: Task): Description {
  const { attempts = [] } = task.status ?? {};
  if (mostAttempts(task) === 1 && attempts.length < 2) return [];
  return attempts.map((attempt) => [`${attempt.attempt} of ${mostAttempts(task)}`, attemptText(attempt)] as const);
}

function attemptText({ startTime, completionTime, exitCode, reason, message }: TaskAttempt): string {
  if (completionTime === undefined && reason === undefined && exitCode === undefined)
    return startTime === undefined ? 'not started yet' : `running since ${startTime}`;
  const code = exitCode === undefined ? '' : exitCodeText(exitCode);
  const why = reason === undefined || reason === 'Failed' ? '' : [reason, message].filter(Boolean).join(': ');
  const result = [code, why].filter(Boolean).join(', ') || reason || 'ended';
  if (startTime === undefined) return result;
  const duration =
    completionTime === undefined ? '' : `, ${formatDuration(Date.parse(completionTime) - Date.parse(startTime))}`;
  return `${result}; ${startTime}${duration}`;
}
