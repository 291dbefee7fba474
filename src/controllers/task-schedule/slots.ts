/** The slots of a Job: instants, each whole minute of it at most once, at which a Task is due. Pure. */

import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { firesBetween, nextFire } from '../../resources/schedule/fire-times.ts';
import { parseSchedule } from '../../resources/schedule/parse.ts';
import type { Schedule } from '../../resources/schedule/schedule.ts';

interface Zoned {
  readonly schedule: Schedule;
  readonly timeZone: string;
}

/** Most slots that are looked at after a long time; older ones are let go unseen. */
const mostSlots = 150;

const minute = 60_000;
export const slotOf = (instant: number): number => Math.floor(instant / minute) * minute;

/** The Job's schedules; a Job that was admitted has none that cannot be parsed. */
export function schedulesOf({ spec }: TaskSchedule): readonly Zoned[] {
  const all = [{ schedule: spec.schedule ?? '', timeZone: spec.timeZone }, ...(spec.moreSchedules ?? [])];
  return all.flatMap(({ schedule, timeZone }) => {
    const parsed = parseSchedule(schedule);
    return parsed.ok ? [{ schedule: parsed.schedule, timeZone: parsed.schedule.timeZone ?? timeZone ?? 'UTC' }] : [];
  });
}

/** Names what a Job is scheduled by; another text means that counting starts anew. */
export const schedulesText = ({ spec }: TaskSchedule): string =>
  JSON.stringify([spec.schedule, spec.timeZone ?? null, spec.moreSchedules ?? []]);

/** Slots after `after` up to `upTo`, oldest first, over all schedules. Milliseconds since the epoch. */
export function slotsBetween(
  schedules: readonly Zoned[],
  since: number,
  after: number,
  upTo: number,
): readonly number[] {
  const slots = new Set<number>();
  for (const { schedule, timeZone } of schedules)
    for (const fire of firesBetween(schedule, { timeZone, since }, after, upTo, { newest: mostSlots }))
      slots.add(slotOf(fire));
  return [...slots].sort((a, b) => a - b).slice(-mostSlots);
}

/** The next slot after `after`, or undefined when there is none. */
export function nextSlot(schedules: readonly Zoned[], since: number, after: number): number | undefined {
  const fires = schedules.map(({ schedule, timeZone }) => nextFire(schedule, { timeZone, since }, after));
  const next = Math.min(...fires.filter((fire) => fire !== undefined));
  return Number.isFinite(next) ? next : undefined;
}
