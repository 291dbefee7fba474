/** From when the slots of each schedule of a Job count, and up to when they have been dealt with. Pure. */

import { rfc3339 } from '../../client/clock.ts';
import { counted, countedFromEntry, type JobSchedule, schedulesOf } from '../../resources/kf/job-schedules.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import type { CountedSchedule } from '../../resources/schedule/missed.ts';
import { minute } from '../../resources/schedule/schedule.ts';
import type { Status } from './run-decisions.ts';

export interface Counting {
  readonly schedules: readonly (JobSchedule & CountedSchedule)[];
  /** Slots up to here have been dealt with, in milliseconds since the epoch. */
  readonly until: number;
  /** The last slot lies far ahead of the clock: all counts anew. */
  readonly clockWentBack: boolean;
}

/** How far the clock may be behind the last slot without a word: a small correction, waited out. */
const clockTolerance = 60 * minute;

/** A schedule counts from when it was set or the Job was resumed; a change of another one does not touch it. */
export function countingOf(job: TaskSchedule, now: number): Counting {
  const known = job.status?.countedUntil;
  const until = known === undefined ? now : Date.parse(known);
  const clockWentBack = until - now > clockTolerance;
  const noted = clockWentBack ? { ...job, status: {} } : job;
  return {
    schedules: schedulesOf(job).map((schedule) => counted(noted, schedule, now)),
    until: clockWentBack ? now : until,
    clockWentBack,
  };
}

export const countedFromOf = ({ schedules }: Counting): Status['countedFrom'] =>
  schedules.map((schedule) => countedFromEntry(schedule, rfc3339(schedule.since)));
