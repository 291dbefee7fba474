/** What is worth an Event of Kf's own kinds: failures, noticeable waits, and what Jobs let go. Pure. */

import { conditionOf } from '../../resources/condition.ts';
import type { Node } from '../../resources/core/kinds.ts';
import type { NodeStatus } from '../../resources/core/node-room.ts';
import type { Build } from '../../resources/kf/build.ts';
import type { Task } from '../../resources/kf/task.ts';
import { currentAttempt } from '../../resources/kf/task-attempts.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { noticeableWait, type Occurrence } from './occurrence.ts';

/** What a Task is waited with that runs as it should. */
const usual = ['Started', 'Running', 'Pending', 'Ending'];

export function occurrencesOfTask(task: Task): readonly Occurrence[] {
  const { status, reason = '', message = '' } = conditionOf(task, 'Succeeded') ?? {};
  if (status === 'False') {
    // Cancelled on request: not a warning.
    const type = reason === 'TaskRunCancelled' ? 'Normal' : 'Warning';
    return [{ type, reason: reason || 'Failed', message: message || reason, key: 'end' }];
  }
  if (status !== 'Unknown' || usual.includes(reason)) return [];
  // The attempt before has failed.
  const attempt = String(currentAttempt(task));
  if (reason === 'WaitingForRetry') return [{ type: 'Warning', reason, message, key: attempt }];
  const type = reason.startsWith('WaitingFor') || reason === 'Pulling' ? 'Normal' : 'Warning';
  return [{ type, reason, message, key: attempt, holds: noticeableWait }];
}

export function occurrencesOfBuild(build: Build): readonly Occurrence[] {
  const { status, reason, message = '' } = conditionOf(build, 'Succeeded') ?? {};
  return status === 'False' ? [{ type: 'Warning', reason: reason ?? 'Failed', message, key: '' }] : [];
}

/** Milliseconds: an older line of a Job's history is no news. */
const newsworthy = 600_000;

/** @param now milliseconds since the epoch */
export function occurrencesOfJob({ status }: TaskSchedule, now: number): readonly Occurrence[] {
  return (status?.history ?? [])
    .filter(({ time }) => now - Date.parse(time) < newsworthy)
    .map(({ time, outcome, run, message }) => ({
      type: outcome === 'Replaced' ? 'Normal' : 'Warning',
      reason: outcome,
      message: `${run === undefined ? `the run of ${time}` : run}: ${message ?? outcome}`,
      key: `${time} ${run ?? ''}`,
    }));
}

export function occurrencesOfNode({ status }: Node): readonly Occurrence[] {
  const ready = (status as NodeStatus | undefined)?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status !== 'False') return [];
  const { message = '', lastTransitionTime = '' } = ready;
  return [{ type: 'Warning', reason: 'NodeNotReady', message, key: lastTransitionTime }];
}
