/** Which local times match a schedule's fields. Local times are milliseconds as if the local clock showed UTC. */

import { day, type Fields, minute } from './schedule.ts';

/** The first matching local time in [from, before), or undefined. */
export function nextLocal(fields: Fields, from: number, before: number): number | undefined {
  const start = Math.ceil(from / minute) * minute;
  let date = Math.floor(start / day) * day;
  let time = (start - date) / minute;
  while (date < before) {
    const at = new Date(date);
    if (!fields.months.includes(at.getUTCMonth() + 1)) date = Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
    else {
      const found = matchesDate(fields, at) ? firstTime(fields, time) : undefined;
      if (found !== undefined) return within(date + found * minute, from, before);
      date += day;
    }
    time = 0;
  }
  return undefined;
}

/** The last matching local time in [from, upTo], or undefined. */
export function previousLocal(fields: Fields, from: number, upTo: number): number | undefined {
  let date = Math.floor(upTo / day) * day;
  let time = Math.floor((upTo - date) / minute);
  while (date + day > from) {
    const at = new Date(date);
    if (!fields.months.includes(at.getUTCMonth() + 1)) date = Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 0);
    else {
      const found = matchesDate(fields, at) ? lastTime(fields, time) : undefined;
      if (found !== undefined) return within(date + found * minute, from, upTo + 1);
      date -= day;
    }
    time = 1439;
  }
  return undefined;
}

const within = (local: number, from: number, before: number): number | undefined =>
  local >= from && local < before ? local : undefined;

/** Whether a date in a month that matches does. */
function matchesDate(fields: Fields, date: Date): boolean {
  const dayMatches = fields.days.includes(date.getUTCDate());
  const weekdayMatches = fields.weekdays.includes(date.getUTCDay());
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
  const hour = hours.findLast((value) => value * 60 + minutes[0]! <= to);
  return hour === undefined ? undefined : hour * 60 + minutes.findLast((value) => hour * 60 + value <= to)!;
}
