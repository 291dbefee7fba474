/** How long a Job's next success may still take, for people to see. Pure. */

import { humanDuration } from '../../resources/duration.ts';
import { silenceOf } from '../../resources/kf/notify.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';

/** @param now milliseconds since the epoch */
export function expectationText(job: TaskSchedule, now: number): string | undefined {
  const every = job.spec.expectEvery;
  if (every === undefined) return undefined;
  const text = `a success every ${every}`;
  const silence = silenceNow(job);
  if (silence === undefined) return `${text} (not counted while suspended)`;
  const { quietSince, deadline } = silence;
  return now < deadline
    ? `${text}: due within ${humanDuration(deadline - now)}`
    : `${text}: OVERDUE, none for ${humanDuration(now - quietSince)}`;
}

export function isOverdue(job: TaskSchedule, now: number): boolean {
  const silence = silenceNow(job);
  return silence !== undefined && now >= silence.deadline;
}

/** Undefined where nothing is expected, or nothing counts. */
function silenceNow(job: TaskSchedule): ReturnType<typeof silenceOf> | undefined {
  const every = job.spec.expectEvery;
  const since = job.status?.told?.expected?.since;
  return every === undefined || job.spec.suspend || since === undefined ? undefined : silenceOf(job, since, every);
}
