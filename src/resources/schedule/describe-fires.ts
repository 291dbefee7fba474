/** The next times of schedules as clocks in several zones show them. */

import { firesAfterGap } from './fire-times.ts';
import { type CountedSchedule, nextSlot, slotOf } from './missed.ts';
import { minute } from './schedule.ts';
import { offsetAt, stretchAt } from './time-zone.ts';

/** What clocks show at an instant. */
export interface WallClock {
  readonly zone: string;
  /** `2026-10-25`. */
  readonly date: string;
  /** `02:30`. */
  readonly time: string;
  /** `Sun`. */
  readonly weekday: string;
  /** From UTC: `+02:00`. */
  readonly offset: string;
}

export interface DescribedFire<T> {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The schedules that fire in this minute; together they are one slot. */
  readonly schedules: readonly T[];
  /** Why a fixed time is not what the expression says, or which of two it is. */
  readonly note?: string;
}

/** The next `count` slots after an instant. Throws a RangeError for an unknown zone. */
export function describeFires<T extends CountedSchedule>(
  schedules: readonly T[],
  after: number,
  count: number,
): readonly DescribedFire<T>[] {
  const found: DescribedFire<T>[] = [];
  for (let at = nextSlot(schedules, after); at !== undefined && found.length < count; at = nextSlot(schedules, at)) {
    const fire = at;
    const meeting = schedules.filter((one) => nextSlot([one], fire - 1) === fire);
    const note = meeting.map((one) => noteOn(one, fire)).find((text) => text !== undefined);
    found.push({ at, schedules: meeting, ...(note === undefined ? {} : { note }) });
  }
  return found;
}

/** What clocks of a zone show at an instant. Throws a RangeError for an unknown zone. */
export function wallClock(zone: string, at: number): WallClock {
  const offset = offsetAt(zone, at);
  const local = new Date(at + offset);
  const size = Math.abs(offset) / minute;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return {
    zone,
    date: local.toISOString().slice(0, -14),
    time: timeOf(at + offset),
    weekday: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][local.getUTCDay()]!,
    offset: `${offset < 0 ? '-' : '+'}${two(size / 60)}:${two(size % 60)}`,
  };
}

const timeOf = (local: number): string => new Date(local).toISOString().slice(-13, -8);

function noteOn({ schedule, timeZone }: CountedSchedule, at: number): string | undefined {
  if (schedule.fields === undefined || schedule.fields.interval) return undefined;
  const zone = schedule.timeZone ?? timeZone;
  const stretch = stretchAt(zone, at);
  if (slotOf(stretch.start) === at && firesAfterGap(schedule.fields, stretch))
    return `clocks go from ${timeOf(stretch.reached)} to ${timeOf(stretch.start + stretch.offset)}: fires right after`;
  const local = at + stretch.offset;
  const again = stretch.end + offsetAt(zone, stretch.end);
  return local >= again ? `${timeOf(local)} comes twice: fires the first time` : undefined;
}
