/** Which local times match a schedule's fields. Local times are milliseconds as if the local clock showed UTC. */

import { day, type Fields, minute } from './schedule.ts';

/** February 29th can be eight years away, as from 2096 to 2104. */
const farthest = 9;

/** The first matching local time at or after `from`, or undefined when none comes within nine years. */
export function nextLocal(fields: Fields, from: number): number | undefined {
  const start = Math.ceil(from / minute) * minute;
  let date = Math.floor(start / day) * day;
  const time = firstTime(fields, (start - date) / minute);
  if (time !== undefined && matchesDate(fields, date)) return date + time * minute;
  const limit = new Date(date).getUTCFullYear() + farthest;
  for (date += day; ; ) {
    const at = new Date(date);
    if (at.getUTCFullYear() > limit) return undefined;
    if (!fields.months.includes(at.getUTCMonth() + 1)) date = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
    else if (matchesDate(fields, date)) return date + firstTime(fields, 0)! * minute;
    else date += day;
  }
}

/** The last matching local time at or before `to`, or undefined when there is none within nine years. */
export function previousLocal(fields: Fields, to: number): number | undefined {
  const start = Math.floor(to / minute) * minute;
  let date = Math.floor(start / day) * day;
  const time = lastTime(fields, (start - date) / minute);
  if (time !== undefined && matchesDate(fields, date)) return date + time * minute;
  const limit = new Date(date).getUTCFullYear() - farthest;
  for (date -= day; ; ) {
    const at = new Date(date);
    if (at.getUTCFullYear() < limit) return undefined;
    if (!fields.months.includes(at.getUTCMonth() + 1)) date = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 0);
    else if (matchesDate(fields, date)) return date + lastTime(fields, 1439)! * minute;
    else date -= day;
  }
}

/** Whether a local time, on a whole minute, matches. */
export function matchesLocal(fields: Fields, local: number): boolean {
  return nextLocal(fields, local) === local;
}

function matchesDate(fields: Fields, date: number): boolean {
  const at = new Date(date);
  if (!fields.months.includes(at.getUTCMonth() + 1)) return false;
  const dayMatches = fields.days.includes(at.getUTCDate());
  const weekdayMatches = fields.weekdays.includes(at.getUTCDay());
  return fields.eitherDay ? dayMatches || weekdayMatches : dayMatches && weekdayMatches;
}

/** First matching minute of the day at or after one. */
function firstTime({ hours, minutes }: Fields, from: number): number | undefined {
  const fromHour = Math.floor(from / 60);
  for (const hour of hours) {
    if (hour < fromHour) continue;
    const found = minutes.find((value) => hour * 60 + value >= from);
    if (found !== undefined) return hour * 60 + found;
  }
  return undefined;
}

/** Last matching minute of the day at or before one. */
function lastTime({ hours, minutes }: Fields, to: number): number | undefined {
  for (const hour of hours.toReversed()) {
    const found = minutes.findLast((value) => hour * 60 + value <= to);
    if (found !== undefined) return hour * 60 + found;
  }
  return undefined;
}
