import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firesBetween, nextFire, previousFire } from '../../../src/resources/schedule/fire-times.ts';
import { firesOf, type Rule, type Shown, walk } from './oracle.ts';
import { iso, schedule } from './support.ts';

const hour = 3_600_000;
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Zones whose clocks do something remarkable in these years. */
const places: readonly (readonly [zone: string, ...years: number[]])[] = [
  ['Europe/Berlin', 2024, 2025, 2026],
  ['America/New_York', 2024, 2025, 2026],
  ['Australia/Lord_Howe', 2024, 2025, 2026],
  ['Pacific/Apia', 2011, 2012, 2021],
  ['America/Sao_Paulo', 2017, 2018, 2019],
  ['America/St_Johns', 2005, 2006, 2007],
  ['Africa/Casablanca', 2024, 2025, 2026],
  ['Africa/Cairo', 2010, 2014],
  ['America/Havana', 2025, 2026],
  ['America/Caracas', 2007, 2016],
  ['America/Nuuk', 2023, 2024, 2026],
  ['Antarctica/Troll', 2024, 2026],
  ['Asia/Beirut', 2024, 2026],
  ['Asia/Gaza', 2012, 2024],
  ['Asia/Pyongyang', 2015, 2018],
  ['Asia/Tehran', 2022],
  ['Atlantic/Azores', 2024, 2026],
  ['Pacific/Kwajalein', 1993],
  ['Asia/Kolkata', 2026],
  ['UTC', 2026],
];

interface Window {
  readonly zone: string;
  readonly from: number;
  readonly to: number;
}

/** Two days before and after each change of the clocks, found hour by hour; a plain span where there is none. */
function windowsOf([zone, ...years]: (typeof places)[number]): readonly Window[] {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  const offset = (at: number): number => Date.parse(`${clock.format(at).replace(' ', 'T')}Z`) - at;
  return years.flatMap((year) => {
    const windows: Window[] = [];
    const end = Date.UTC(year + 1, 0, 2);
    let before = offset(Date.UTC(year, 0, 1));
    for (let at = Date.UTC(year, 0, 1) + 6 * hour; at < end; at += 6 * hour) {
      const after = offset(at);
      if (after !== before) windows.push({ zone, from: at - 54 * hour, to: at + 48 * hour });
      before = after;
    }
    return windows.length > 0 ? windows : [{ zone, from: end - 48 * hour, to: end + 54 * hour }];
  });
}

const windows = places.flatMap(windowsOf);
const walked = new Map<Window, readonly Shown[]>();
function shownIn(window: Window): readonly Shown[] {
  const known = walked.get(window) ?? walk(window.zone, window.from, window.to);
  walked.set(window, known);
  return known;
}

interface FieldRule {
  readonly text: string;
  readonly matches: (value: number) => boolean;
  readonly star: boolean;
}

const any: FieldRule = { text: '*', matches: () => true, star: true };
const only = (value: number): FieldRule => ({ text: `${value}`, matches: (given) => given === value, star: false });

/** A field as text, with what it matches said a second time. */
function field(min: number, max: number): fc.Arbitrary<FieldRule> {
  const value = fc.integer({ min, max });
  const star = fc.constantFrom(any, { ...any, text: '?' });
  const starStep = fc.integer({ min: 2, max: max - min + 1 }).map<FieldRule>((by) => ({
    text: `*/${by}`,
    matches: (given) => (given - min) % by === 0,
    star: false,
  }));
  const single = value.map(only);
  const range = fc.tuple(value, value, fc.integer({ min: 1, max: 5 })).map<FieldRule>(([a, b, by]) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    return {
      text: by === 1 ? `${low}-${high}` : `${low}-${high}/${by}`,
      matches: (given) => given >= low && given <= high && (given - low) % by === 0,
      star: false,
    };
  });
  const list = fc.array(fc.oneof(single, range), { minLength: 1, maxLength: 3 }).map<FieldRule>((all) => ({
    text: all.map((one) => one.text).join(','),
    matches: (given) => all.some((one) => one.matches(given)),
    star: false,
  }));
  return fc.oneof({ weight: 2, arbitrary: star }, starStep, { weight: 3, arbitrary: list });
}

const rules: fc.Arbitrary<Rule> = fc
  .record({
    minute: field(0, 59),
    // Clocks mostly change at night.
    hour: fc.oneof(
      field(0, 23),
      field(0, 4),
      fc.constantFrom<FieldRule>({ text: '23', matches: (given) => given === 23, star: false }),
    ),
    dayOfMonth: fc.oneof({ weight: 3, arbitrary: fc.constant(any) }, field(1, 31)),
    weekday: fc.oneof({ weight: 3, arbitrary: fc.constant(any) }, field(0, 6)),
  })
  .map(({ minute, hour: hours, dayOfMonth, weekday }) => ({
    text: `${minute.text} ${hours.text} ${dayOfMonth.text} * ${weekday.text}`,
    interval: /^[*?]/.test(minute.text) || /^[*?]/.test(hours.text),
    time: (h, m) => hours.matches(h) && minute.matches(m),
    date: (shown) => {
      const onDay = dayOfMonth.matches(shown.dayOfMonth);
      const onWeekday = weekday.matches(weekdays.indexOf(shown.weekday));
      return !dayOfMonth.star && !weekday.star ? onDay || onWeekday : onDay && onWeekday;
    },
  }));

/** What the walk cannot see near its ends is left out. */
const margin = 26 * hour;

test('every change of the clocks: the same fires as the walk minute by minute', () => {
  fc.assert(
    fc.property(rules, fc.constantFrom(...windows), (rule, window) => {
      const [from, to] = [window.from + margin, window.to - margin];
      const expected = firesOf(rule, shownIn(window)).filter((at) => at > from && at <= to);
      const options = { timeZone: window.zone, since: 0 };
      expect(firesBetween(schedule(rule.text), options, from, to).map(iso)).toEqual(expected.map(iso));
    }),
    { numRuns: 700 },
  );
});

test('forwards, backwards and the newest agree', () => {
  fc.assert(
    fc.property(rules, fc.constantFrom(...windows), fc.integer({ min: 1, max: 200 }), (rule, window, newest) => {
      const parsed = schedule(rule.text);
      const options = { timeZone: window.zone, since: 0 };
      const all = firesBetween(parsed, options, window.from, window.to);
      const forwards: number[] = [];
      for (let at = nextFire(parsed, options, window.from); at !== undefined && at <= window.to; ) {
        forwards.push(at);
        at = nextFire(parsed, options, at);
      }
      expect(forwards).toEqual(all);
      expect(firesBetween(parsed, options, window.from, window.to, { newest })).toEqual(all.slice(-newest));
      for (const at of all.slice(-5)) expect(previousFire(parsed, options, at)).toBe(at);
    }),
    { numRuns: 300 },
  );
});
