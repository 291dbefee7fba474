/** Expressions of schedules: five cron fields, `@daily` and its like, `@every D`, `TZ=` before either. */

import { parseDuration } from '../duration.ts';
import { fieldKinds, parseField } from './field.ts';
import { type Fields, minute, type ParsedSchedule } from './schedule.ts';
import { isTimeZone, nearestTimeZone } from './time-zone.ts';

/** What the words stand for. */
export const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** Longest expression, in characters: far above any that a person writes. */
const longest = 1000;

/** The schedule of an expression, or why it is none, with the nearest valid form. Never throws. */
export function parseSchedule(text: string): ParsedSchedule {
  const refusal = (why: string, nearest?: string): ParsedSchedule => ({
    ok: false,
    reason: nearest === undefined ? why : `${why}; nearest valid form: ${nearest}`,
    nearest,
  });
  if (text.length > longest) return refusal(`is longer than ${longest} characters`);
  const outcome = parse(text);
  if ('schedule' in outcome) return { ok: true, schedule: outcome.schedule };
  // A mended text may have a second mistake, which is mended in turn; each round mends one.
  let nearest = outcome.nearest;
  for (let round = 0; nearest !== undefined && round < 20; round++) {
    const again = parse(nearest);
    if ('schedule' in again) return refusal(outcome.why, nearest);
    nearest = again.nearest === nearest ? undefined : again.nearest;
  }
  return refusal(outcome.why);
}

type Outcome =
  | { readonly schedule: Extract<ParsedSchedule, { ok: true }>['schedule'] }
  | {
      readonly why: string;
      /** A try, which may itself be wrong. */
      readonly nearest?: string;
    };

function parse(text: string): Outcome {
  const prefix = /^\s*((?:CRON_)?TZ=)(\S*)\s*/.exec(text);
  if (!prefix) return parseWords(text.trim().split(/\s+/));
  const [whole, key, timeZone = ''] = prefix;
  const rest = text.slice(whole.length).trim();
  if (!isTimeZone(timeZone)) {
    const zone = nearestTimeZone(timeZone);
    return { why: `"${timeZone}" is no IANA time zone, like Europe/Berlin`, nearest: zone && `${key}${zone} ${rest}` };
  }
  const outcome = parseWords(rest.split(/\s+/));
  if ('schedule' in outcome) return { schedule: { ...outcome.schedule, timeZone } };
  return { why: outcome.why, nearest: outcome.nearest && `${key}${timeZone} ${outcome.nearest}` };
}

function parseWords(words: readonly string[]): Outcome {
  const first = words[0] ?? '';
  if (first === '') return { why: 'is empty; a schedule has five fields: minute hour day-of-month month day-of-week' };
  if (first.startsWith('@')) return parseDescriptor(first.toLowerCase(), words.slice(1));
  if (words.length !== fieldKinds.length) return wrongCount(words);
  const parsed = words.map((word, index) => parseField(fieldKinds[index]!, word));
  for (const [index, field] of parsed.entries())
    if (!field.ok) return { why: field.reason, nearest: longStep(words, index) ?? mended(words, index, field.nearest) };
  const [minutes, hours, days, months, weekdays] = parsed.map((field) => (field.ok ? field : undefined)!);
  const begins = (index: number): boolean => /^[*?]/.test(words[index]!);
  const fields: Fields = {
    minutes: minutes!.values,
    hours: hours!.values,
    days: days!.values,
    months: months!.values,
    weekdays: weekdays!.values,
    eitherDay: !days!.open && !weekdays!.open,
    interval: begins(0) || begins(1),
  };
  return (
    neverFires(words, fields) ?? {
      schedule: { expression: words.join(' '), fields: withOpenDays(fields, days!.open, weekdays!.open) },
    }
  );
}

/** A list with `*` among others says nothing about the day, so that it does not restrict the other field either. */
function withOpenDays(fields: Fields, anyDay: boolean, anyWeekday: boolean): Fields {
  const all = (count: number, from: number): readonly number[] => Array.from({ length: count }, (_, n) => n + from);
  return { ...fields, days: anyDay ? all(31, 1) : fields.days, weekdays: anyWeekday ? all(7, 0) : fields.weekdays };
}

const mended = (words: readonly string[], index: number, word: string | undefined): string | undefined =>
  word === undefined ? undefined : words.with(index, word).join(' ');

/** A step of 90 minutes, or 36 hours, before nothing but stars: a distance that only @every has. */
function longStep(words: readonly string[], index: number): string | undefined {
  const step = Number(/^[*?]\/(\d+)$/.exec(words[index]!)?.[1] ?? 0);
  const open = words.slice(index + 1).every((word) => word === '*' || word === '?');
  if (!open || index > 1 || step <= (index === 0 ? 60 : 24)) return undefined;
  return `@every ${step}${index === 0 ? 'm' : 'h'}`;
}

function wrongCount(words: readonly string[]): Outcome {
  const five = 'five are needed: minute hour day-of-month month day-of-week';
  const count = words.length;
  if (count < fieldKinds.length)
    return {
      why: `has ${count} ${count === 1 ? 'field' : 'fields'}; ${five}`,
      nearest: [...words, '*', '*', '*', '*'].slice(0, 5).join(' '),
    };
  // Seven are seconds and years around the five, six have one of them.
  const year = count === 6 && /^(19|20)\d\d/.test(words[5]!);
  const start = count === 6 && year ? 0 : 1;
  return {
    why: `has ${count} fields; ${five}${count === 6 ? `; there are no ${year ? 'years' : 'seconds'}` : ''}`,
    nearest: count <= 7 ? words.slice(start, start + 5).join(' ') : undefined,
  };
}

function parseDescriptor(name: string, rest: readonly string[]): Outcome {
  if (name === '@every') return parseEvery(rest.join(' '));
  const cron = descriptors[name];
  if (cron !== undefined && rest.length === 0) {
    const outcome = parseWords(cron.split(' '));
    return 'schedule' in outcome ? { schedule: { ...outcome.schedule, expression: name } } : outcome;
  }
  if (cron !== undefined) return { why: `nothing may follow ${name}`, nearest: name };
  if (name === '@reboot')
    return { why: '@reboot names no time; to run a Job at boot, have the boot call `kf run-job`', nearest: '@hourly' };
  const glued = /^@every(.+)$/.exec(name)?.[1];
  if (glued !== undefined) return { why: `"${name}" lacks a blank`, nearest: `@every ${glued}` };
  const similar = Object.keys(descriptors).find((known) => known.slice(0, 3) === name.slice(0, 3));
  return { why: `"${name}" is none of ${Object.keys(descriptors).join(' ')} @every`, nearest: similar };
}

function parseEvery(text: string): Outcome {
  const every = parseDuration(text);
  if (every === undefined) {
    // Go's longest duration, which is Kf's limit too.
    if (/^(\d+[smh])+$/.test(text)) return { why: '@every must be at most 292 years' };
    const [, count, unit = ''] = /^(\d+)\s*([a-z]*)$/i.exec(text) ?? [];
    const known: Readonly<Record<string, string>> = { d: `${Number(count) * 24}h`, w: `${Number(count) * 168}h` };
    const letter = unit.charAt(0).toLowerCase();
    const nearest = count && (known[letter] ?? `${count}${['h', 's'].includes(letter) ? letter : 'm'}`);
    return { why: `"${text}" is no duration, like 90m or 1h30m`, nearest: nearest && `@every ${nearest}` };
  }
  if (every < minute) return { why: '@every must be at least 1m', nearest: '@every 1m' };
  if (every % minute !== 0)
    return { why: '@every must be whole minutes', nearest: `@every ${Math.round(every / minute)}m` };
  return { schedule: { expression: `@every ${text}`, every } };
}

/** Days that no month of the schedule has. February's 29th is one, however rare. */
function neverFires(words: readonly string[], fields: Fields): Outcome | undefined {
  if (fields.eitherDay) return undefined;
  const longestMonth = Math.max(
    ...fields.months.map((month) => (month === 2 ? 29 : [4, 6, 9, 11].includes(month) ? 30 : 31)),
  );
  if (fields.days[0]! <= longestMonth) return undefined;
  const nearest = longestMonth === 29 ? 28 : longestMonth;
  return { why: 'never fires: its months have no such day', nearest: words.with(2, String(nearest)).join(' ') };
}
