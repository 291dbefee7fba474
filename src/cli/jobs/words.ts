/** A schedule in words: `at 02:00, Monday to Friday`. Pure. */

import { formatDuration } from '../../resources/duration.ts';
import type { Fields, Schedule } from '../../resources/schedule/schedule.ts';

const months = 'January February March April May June July August September October November December'.split(' ');
const weekdays = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

export function inWords({ every, fields }: Schedule): string {
  if (every !== undefined)
    return `every ${formatDuration(every).replace(/(?<=[hm])0[ms].*$/, '')}, from when it was set`;
  return fields === undefined ? '' : [timeWords(fields), dateWords(fields)].filter(Boolean).join(', ');
}

/** Most times of day that are listed one by one. */
const mostTimes = 6;

function timeWords({ minutes, hours }: Fields): string {
  if (hours.length === 24) return withinHour(minutes, 'of every hour');
  if (minutes.length * hours.length <= mostTimes)
    return `at ${list(hours.flatMap((hour) => minutes.map((minute) => clock(hour, minute))))}`;
  const step = evenStep(hours, 24);
  const [minute] = minutes;
  if (minutes.length === 1 && step !== undefined && minute !== undefined)
    return `every ${step} hours${minute === 0 ? '' : `, at minute ${minute}`}`;
  const last = hours.at(-1)!;
  const isRange = last - hours[0]! === hours.length - 1;
  const span = isRange
    ? `from ${clock(hours[0]!, 0)} to ${clock(last, 59)}`
    : `in ${many(hours, 'hour')} ${list(ranges(hours))}`;
  return `${withinHour(minutes, 'of the hour')} ${span}`;
}

function withinHour(minutes: readonly number[], of: string): string {
  if (minutes.length === 60) return 'every minute';
  const step = evenStep(minutes, 60);
  if (step !== undefined) return `every ${step} minutes`;
  if (minutes.length === 1 && minutes[0] === 0) return 'every hour';
  return `at ${many(minutes, 'minute')} ${list(ranges(minutes))} ${of}`;
}

function dateWords({ minutes, hours, days, months: inMonths, weekdays: onWeekdays, eitherDay }: Fields): string {
  const parts: string[] = [];
  const anyDay = days.length === 31;
  const anyWeekday = onWeekdays.length === 7;
  const onDays = `on ${many(days, 'day')} ${list(ranges(days))} of the month`;
  const everyWeekday = list(ranges(onWeekdays, weekdays));
  if (eitherDay) parts.push(`${onDays} and on every ${everyWeekday}`);
  else if (!anyDay) parts.push(onDays);
  else if (!anyWeekday) parts.push(everyWeekday);
  else if (inMonths.length === 12 && hours.length < 24 && minutes.length * hours.length <= mostTimes)
    parts.push('every day');
  if (inMonths.length < 12) parts.push(`in ${list(ranges(inMonths, months, 1))}`);
  return parts.join(' ');
}

const two = (value: number): string => String(value).padStart(2, '0');
const clock = (hour: number, minute: number): string => `${two(hour)}:${two(minute)}`;
const many = (values: readonly number[], noun: string): string => (values.length === 1 ? noun : `${noun}s`);

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

/** The step of 0, n, 2n … when it divides the whole evenly. */
function evenStep(values: readonly number[], whole: number): number | undefined {
  const step = whole / values.length;
  if (values.length < 2 || !Number.isInteger(step) || step < 2) return undefined;
  return values.every((value, index) => value === index * step) ? step : undefined;
}

/** Three and more in a row as `1 to 5`. */
function ranges(values: readonly number[], names?: readonly string[], from = 0): readonly string[] {
  const name = (value: number): string => names?.[value - from] ?? String(value);
  const words: string[] = [];
  for (let start = 0; start < values.length; ) {
    let end = start;
    while (values[end + 1] === values[end]! + 1) end++;
    if (end - start < 2) words.push(...values.slice(start, end + 1).map(name));
    else words.push(`${name(values[start]!)} to ${name(values[end]!)}`);
    start = end + 1;
  }
  return words;
}
