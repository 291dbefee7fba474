/** Time zones: the offsets of local time from UTC, and when they change. From Intl, remembered by zone and year. */

import { day } from './schedule.ts';

/** A span in which local time runs evenly: local = instant + offset. All in milliseconds. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
  readonly offset: number;
  /**
   * Highest local time (as if it were UTC) that clocks showed before `start`. Below `start + offset`: the times between
   * do not exist. Above: the times between come a second time.
   */
  readonly reached: number;
}

interface Zone {
  readonly name: string;
  readonly offsets: Intl.DateTimeFormat;
  readonly years: Map<number, readonly Stretch[]>;
}

const zones = new Map<string, Zone>();

/** Whether it is an IANA name that this system knows; letter case does not matter. `+01:00` and `Local` are none. */
export const isTimeZone = (name: string): boolean => findZone(name) !== undefined;

/** A zone whose name is what was probably meant (`Berlin`, `europe berlin`), or undefined. */
export function nearestTimeZone(text: string): string | undefined {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '');
  const wanted = plain(text);
  if (wanted === '') return undefined;
  const names = Intl.supportedValuesOf('timeZone');
  return (
    names.find((name) => plain(name) === wanted) ??
    names.find((name) => plain(name.slice(name.lastIndexOf('/') + 1)) === wanted)
  );
}

/** Local time minus UTC at an instant, in milliseconds. Throws a RangeError for an unknown zone. */
export const offsetAt = (timeZone: string, at: number): number => stretchAt(timeZone, at).offset;

/** The stretch around an instant, cut at the ends of its UTC year. Throws a RangeError for an unknown zone. */
export function stretchAt(timeZone: string, at: number): Stretch {
  const zone = findZone(timeZone);
  if (!zone) throw new RangeError(`unknown time zone ${timeZone}`);
  const year = new Date(at).getUTCFullYear();
  let stretches = zone.years.get(year);
  if (!stretches) {
    stretches = stretchesOf(zone, year);
    zone.years.set(year, stretches);
  }
  return stretches.find((stretch) => at < stretch.end)!;
}

/** Instants in [from, to) at which the offset changes, ascending. */
export function transitions(timeZone: string, from: number, to: number): readonly number[] {
  const found: number[] = [];
  for (let at = from - 1; at < to; ) {
    const { end, offset } = stretchAt(timeZone, at);
    if (end < to && end >= from && offsetAt(timeZone, end) !== offset) found.push(end);
    at = end;
  }
  return found;
}

function findZone(name: string): Zone | undefined {
  const key = name.toLowerCase();
  const known = zones.get(key);
  if (known) return known;
  // Newer engines take offsets for zones, which would not keep up with the clocks of any place.
  if (!/^[a-z]/.test(key)) return undefined;
  try {
    const offsets = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
    const zone = { name, offsets, years: new Map() };
    zones.set(key, zone);
    return zone;
  } catch {
    return undefined;
  }
}

/** How far back local time is looked at for what clocks already showed; no clock was ever set back further than a day. */
const lookBack = 2 * day;

function stretchesOf(zone: Zone, year: number): readonly Stretch[] {
  const yearStart = Date.UTC(year, 0, 1);
  const yearEnd = Date.UTC(year + 1, 0, 1);
  const found: Stretch[] = [];
  let start = yearStart - lookBack;
  let offset = formattedOffset(zone, start);
  let reached = start + offset;
  // A day is short enough: no zone ever changed its offset and took it back within one.
  for (let at = start; at < yearEnd; at += day) {
    const probe = Math.min(at + day, yearEnd);
    const after = formattedOffset(zone, probe);
    if (after === offset) continue;
    const end = firstWith(zone, at, probe, offset);
    if (end >= yearEnd) break;
    found.push({ start, end, offset, reached });
    reached = Math.max(reached, end + offset);
    start = end;
    offset = formattedOffset(zone, end);
    // The next probe is a day after the change.
    at = end - day;
  }
  found.push({ start, end: yearEnd, offset, reached });
  return found
    .filter((stretch) => stretch.end > yearStart)
    .map((stretch) =>
      stretch.start >= yearStart
        ? stretch
        : { ...stretch, start: yearStart, reached: Math.max(stretch.reached, yearStart + stretch.offset) },
    );
}

/** The first second in (low, high] at which the offset is no longer `offset`. */
function firstWith(zone: Zone, low: number, high: number, offset: number): number {
  let before = Math.floor(low / 1000);
  let after = Math.ceil(high / 1000);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (formattedOffset(zone, middle * 1000) === offset) before = middle;
    else after = middle;
  }
  return after * 1000;
}

function formattedOffset(zone: Zone, at: number): number {
  const text = zone.offsets.format(at);
  const [, sign, hours, minutes, seconds] = /GMT(?:([+-])(\d+):(\d+)(?::(\d+))?)?$/.exec(text) ?? [];
  const size = (Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0)) * 1000;
  return sign === '-' ? -size : size;
}
