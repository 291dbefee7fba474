/** When a schedule fires: instants, in milliseconds since the epoch. The rules for changing clocks are in docs/schedules.md. */

import { nextLocal, previousLocal } from './calendar.ts';
import { day, type Fields, type FireOptions, minute, type Schedule } from './schedule.ts';
import { type Stretch, stretchAt } from './time-zone.ts';

/** A schedule that fires at all does so within nine years; the rest is for changed clocks. */
const horizon = 20 * 366 * day;

/** The first time after an instant, or undefined when none comes. Throws a RangeError for an unknown zone. */
export function nextFire(schedule: Schedule, options: FireOptions, after: number): number | undefined {
  if (schedule.every !== undefined) return nextEvery(schedule.every, options.since, after);
  const zone = schedule.timeZone ?? options.timeZone;
  for (let at = Math.floor(after) + 1; at < after + horizon; ) {
    const stretch = stretchAt(zone, at);
    const found = firstIn(schedule.fields!, stretch, at);
    if (found !== undefined) return found;
    at = stretch.end;
  }
  return undefined;
}

/** The last time at or before an instant, or undefined when there is none. Throws a RangeError for an unknown zone. */
export function previousFire(schedule: Schedule, options: FireOptions, upTo: number): number | undefined {
  if (schedule.every !== undefined) return previousEvery(schedule.every, options.since, upTo);
  const zone = schedule.timeZone ?? options.timeZone;
  for (let at = Math.floor(upTo); at > upTo - horizon; ) {
    const stretch = stretchAt(zone, at);
    const found = lastIn(schedule.fields!, stretch, at);
    if (found !== undefined) return found;
    at = stretch.start - 1;
  }
  return undefined;
}

/**
 * All times in (after, upTo], ascending; with `newest` only the last so many, in a time that depends on that number and
 * not on the length of the span. Throws a RangeError for an unknown zone.
 */
export function firesBetween(
  schedule: Schedule,
  options: FireOptions,
  after: number,
  upTo: number,
  { newest = Number.POSITIVE_INFINITY }: { readonly newest?: number } = {},
): readonly number[] {
  const found: number[] = [];
  if (upTo <= after) return found;
  for (let at = previousFire(schedule, options, upTo); at !== undefined && at > after && found.length < newest; ) {
    found.push(at);
    at = previousFire(schedule, options, at - 1);
  }
  return found.reverse();
}

/** Slots are minutes, so the count begins with the minute in which the schedule was set. */
const beginning = (since: number): number => Math.floor(since / minute) * minute;

function nextEvery(every: number, since: number, after: number): number {
  const start = beginning(since);
  return start + Math.max(1, Math.floor((after - start) / every) + 1) * every;
}

function previousEvery(every: number, since: number, upTo: number): number | undefined {
  const start = beginning(since);
  const count = Math.floor((upTo - start) / every);
  return count < 1 ? undefined : start + count * every;
}

/** The first fire in a stretch at or after an instant in it. */
function firstIn(fields: Fields, stretch: Stretch, from: number): number | undefined {
  if (from === stretch.start && firesAfterGap(fields, stretch)) return from;
  const { end, offset } = stretch;
  const local = nextLocal(fields, Math.max(from + offset, firstLocal(fields, stretch)), end + offset);
  return local === undefined ? undefined : local - offset;
}

/** The last fire in a stretch at or before an instant in it. */
function lastIn(fields: Fields, stretch: Stretch, upTo: number): number | undefined {
  const local = previousLocal(fields, firstLocal(fields, stretch), upTo + stretch.offset);
  if (local !== undefined) return local - stretch.offset;
  return firesAfterGap(fields, stretch) ? stretch.start : undefined;
}

/** Where matching begins: fixed times do not fire again when clocks show them a second time. */
const firstLocal = (fields: Fields, { start, offset, reached }: Stretch): number =>
  fields.interval ? start + offset : Math.max(start + offset, reached);

/** Whether a fixed time lies in the gap before a stretch, on a date that exists: it fires when the stretch begins. */
export function firesAfterGap(fields: Fields, { start, offset, reached }: Stretch): boolean {
  if (fields.interval) return false;
  const gapEnd = start + offset;
  for (let from = reached; from < gapEnd; ) {
    const local = nextLocal(fields, from, gapEnd);
    if (local === undefined) return false;
    const date = Math.floor(local / day) * day;
    if (date < reached || date + day > gapEnd) return true;
    from = date + day;
  }
  return false;
}
