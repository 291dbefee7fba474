/** The schedules of a Job, and since when each of them counts. Pure. */

import type { CountedSchedule, ZonedSchedule } from '../schedule/missed.ts';
import { parseSchedule } from '../schedule/parse.ts';
import { noSchedule, type TaskSchedule } from './task-schedule.ts';

export interface JobSchedule extends ZonedSchedule {
  /** Never used again in this Job. */
  readonly id: number;
  /** As it was typed, without `TZ=`. */
  readonly expression: string;
}

/** `spec.schedule` has no room for its ID, and Google's kf leaves annotations alone. */
const firstIdAnnotation = 'kf.dev/schedule-id';
const lastIdAnnotation = 'kf.dev/last-schedule-id';

export const defaultTimeZone = 'UTC';

/** All of them, suspended or not, the one in `spec.schedule` first; none of a Job that has only Kf's placeholder. */
export function schedulesOf(job: TaskSchedule): readonly JobSchedule[] {
  const { spec } = job;
  const first = { id: firstIdOf(job), schedule: spec.schedule ?? noSchedule, timeZone: spec.timeZone };
  return [first, ...(spec.moreSchedules ?? [])].flatMap(({ id, schedule, timeZone }) => {
    const parsed = parseSchedule(schedule);
    if (!parsed.ok) return [];
    const zone = parsed.schedule.timeZone ?? timeZone ?? defaultTimeZone;
    return [{ id, expression: parsed.schedule.expression, timeZone: zone, schedule: parsed.schedule }];
  });
}

type CountedFrom = NonNullable<NonNullable<TaskSchedule['status']>['countedFrom']>[number];

/** What is kept of a schedule that counts. */
export const countedFromEntry = ({ expression, timeZone }: JobSchedule, since: string): CountedFrom => ({
  schedule: expression,
  timeZone,
  since,
});

/** Since when a schedule counts: as the controller has noted it, else from `now`, in milliseconds since the epoch. */
export function counted<T extends JobSchedule>(job: TaskSchedule, schedule: T, now: number): T & CountedSchedule {
  const known = job.status?.countedFrom?.find(
    (entry) =>
      entry.schedule === schedule.expression &&
      // `@every` ignores zones.
      (entry.timeZone === schedule.timeZone || schedule.schedule.every !== undefined),
  );
  return { ...schedule, since: known === undefined ? now : Date.parse(known.since) };
}

export const firstIdOf = ({ metadata }: TaskSchedule): number => Number(metadata.annotations?.[firstIdAnnotation]) || 1;

/** The highest ID that was ever given. */
export const lastIdOf = (job: TaskSchedule): number =>
  Math.max(
    Number(job.metadata.annotations?.[lastIdAnnotation]) || 1,
    firstIdOf(job),
    ...(job.spec.moreSchedules ?? []).map(({ id }) => id),
  );

export const withIds = (job: TaskSchedule, first: number, last = first): TaskSchedule => ({
  ...job,
  metadata: {
    ...job.metadata,
    annotations: { ...job.metadata.annotations, [firstIdAnnotation]: String(first), [lastIdAnnotation]: String(last) },
  },
});
