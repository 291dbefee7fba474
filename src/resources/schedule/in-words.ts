/** A schedule in words, for people. */

import { type Fields, minute, type Schedule } from './schedule.ts';

const weekdayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
/** More values than this in a list are no easier to read than the expression. */
const longestList = 4;

/** `every day at 02:00`, `every 15 minutes`; the expression itself when words would be no clearer. Without the zone. */
export function inWords({ expression, every, fields }: Schedule): string {
  if (every !== undefined) return `every ${amount(every)}, counted from when it was set`;
  const { hours, minutes } = fields!;
  const rhythm = rhythmOf(minutes, hours);
  const days = daysOf(fields!);
  if (days === undefined) return expression;
  if (rhythm !== undefined) return days === '' ? rhythm : `${rhythm}, ${days}`;
  if (hours.length * minutes.length > longestList) return expression;
  const times = hours.flatMap((hour) => minutes.map((value) => `${two(hour)}:${two(value)}`));
  return `${days === '' ? 'every day' : days} at ${list(times)}`;
}

function amount(milliseconds: number): string {
  const hours = milliseconds / (60 * minute);
  return Number.isInteger(hours) ? times(hours, 'hour') : times(milliseconds / minute, 'minute');
}

const times = (count: number, unit: string): string => (count === 1 ? unit : `${count} ${unit}s`);

/** Times that come evenly, or undefined. */
function rhythmOf(minutes: readonly number[], hours: readonly number[]): string | undefined {
  const minuteStep = stepOf(minutes, 60);
  const hourStep = stepOf(hours, 24);
  if (minuteStep !== undefined && minutes.length > 1) {
    const every = `every ${times(minuteStep, 'minute')}`;
    if (hourStep === 1) return every;
    if (hours.length * minutes.length <= longestList) return undefined;
    if (hours.length * minutes.length <= longestList) return undefined;
    const whole = hours.at(-1)! - hours[0]! === hours.length - 1;
    return whole ? `${every} from ${two(hours[0]!)}:00 to ${two(hours.at(-1)!)}:59` : undefined;
  }
  if (minutes.length !== 1 || hourStep === undefined || hours.length < 2) return undefined;
  const every = `every ${times(hourStep, 'hour')}`;
  return minutes[0] === 0 ? every : `${every} at minute ${minutes[0]}`;
}

/** The distance of values that start at 0 and come evenly round the clock. */
function stepOf(values: readonly number[], round: number): number | undefined {
  const step = round / values.length;
  return values.every((value, index) => value === index * step) ? step : undefined;
}

/** Empty for every day, undefined for what words do not make clearer. */
function daysOf({ days, months, weekdays, eitherDay }: Fields): string | undefined {
  const anyDay = days.length === 31;
  const anyWeekday = weekdays.length === 7;
  if (eitherDay && (anyDay || anyWeekday)) return undefined;
  const inMonths =
    months.length === 12 ? undefined : months.length > longestList ? null : namesOf(months, monthNames, 1);
  if (inMonths === null || (!anyDay && days.length > longestList)) return undefined;
  if (anyDay && anyWeekday) return inMonths === undefined ? '' : `every day in ${inMonths}`;
  const onWeekdays = weekdaysOf(weekdays);
  const onDays = `on the ${list(days.map(ordinal))} of ${inMonths ?? 'every month'}`;
  if (eitherDay) return `${onDays} and ${onWeekdays}${inMonths === undefined ? '' : ` in ${inMonths}`}`;
  if (anyDay) return `${onWeekdays}${inMonths === undefined ? '' : ` in ${inMonths}`}`;
  return months.length === 1 && days.length === 1 ? `every ${days[0]} ${inMonths}` : onDays;
}

function weekdaysOf(weekdays: readonly number[]): string {
  const run = weekdays.at(-1)! - weekdays[0]! === weekdays.length - 1;
  if (weekdays.length > 2 && run) return `${weekdayNames[weekdays[0]!]} to ${weekdayNames[weekdays.at(-1)!]}`;
  // The week of people begins on Monday.
  const fromMonday = [...weekdays].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7));
  return `every ${namesOf(fromMonday, weekdayNames, 0)}`;
}

const namesOf = (values: readonly number[], names: readonly string[], first: number): string =>
  list(values.map((value) => names[value - first]!));

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;

const two = (value: number): string => String(value).padStart(2, '0');

function ordinal(value: number): string {
  const teen = value > 10 && value < 14;
  return `${value}${teen ? 'th' : (['th', 'st', 'nd', 'rd'][value % 10] ?? 'th')}`;
}
