import { describe, expect, test } from 'vitest';
import {
  isTimeZone,
  nearestTimeZone,
  offsetAt,
  stretchAt,
  transitions,
} from '../../../src/resources/schedule/time-zone.ts';
import { iso } from './support.ts';

const minute = 60_000;
const year = (zone: string, of: number): string[] =>
  transitions(zone, Date.UTC(of, 0, 1), Date.UTC(of + 1, 0, 1)).map(iso);

test.each([
  'UTC',
  'Europe/Berlin',
  'europe/berlin',
  'America/Argentina/Buenos_Aires',
  'Etc/GMT+1',
  'US/Eastern',
  'GMT',
])('zone %s', (name) => expect(isTimeZone(name)).toBe(true));

test.each(['', 'Local', '+01:00', '-0500', 'UTC+1', 'Berlin', 'Mars/Olympus', 'Europe/Berlin ', '../UTC', 'Europe'])(
  'no zone: "%s"',
  (name) => expect(isTimeZone(name)).toBe(false),
);

test.each([
  ['Berlin', 'Europe/Berlin'],
  ['new york', 'America/New_York'],
  ['europe berlin', 'Europe/Berlin'],
  ['America/NewYork', 'America/New_York'],
  ['', undefined],
  ['+01:00', undefined],
  ['Olympus', undefined],
])('nearest to "%s": %s', (text, zone) => {
  expect(nearestTimeZone(text)).toBe(zone);
});

describe('changes of the clocks', () => {
  test.each([
    ['Europe/Berlin', 2026, ['2026-03-29T01:00Z', '2026-10-25T01:00Z']],
    ['America/New_York', 2026, ['2026-03-08T07:00Z', '2026-11-01T06:00Z']],
    ['Australia/Lord_Howe', 2026, ['2026-04-04T15:00Z', '2026-10-03T15:30Z']],
    ['Pacific/Apia', 2011, ['2011-04-02T14:00Z', '2011-09-24T14:00Z', '2011-12-30T10:00Z']],
    // Ramadan: four changes in a year.
    ['Africa/Cairo', 2014, ['2014-05-15T22:00Z', '2014-06-26T21:00Z', '2014-07-31T22:00Z', '2014-09-25T21:00Z']],
    ['Africa/Casablanca', 2025, ['2025-02-23T02:00Z', '2025-04-06T02:00Z']],
    // At the very end of the year.
    ['Pacific/Kiritimati', 1994, ['1994-12-31T10:00Z']],
    ['Africa/Monrovia', 1972, ['1972-01-07T00:44:30.000Z']],
    ['Asia/Kolkata', 2026, []],
    ['UTC', 2026, []],
  ])('%s %d', (zone, of, expected) => {
    expect(year(zone, of)).toEqual(expected);
  });

  test('a gap and a repeat', () => {
    const spring = stretchAt('Europe/Berlin', Date.UTC(2026, 2, 29, 1));
    expect(iso(spring.reached)).toBe('2026-03-29T02:00Z');
    expect(iso(spring.start + spring.offset)).toBe('2026-03-29T03:00Z');
    const autumn = stretchAt('Europe/Berlin', Date.UTC(2026, 9, 25, 1));
    expect(iso(autumn.reached)).toBe('2026-10-25T03:00Z');
    expect(iso(autumn.start + autumn.offset)).toBe('2026-10-25T02:00Z');
  });

  test('the ends of years are no change', () => {
    const first = stretchAt('Asia/Kolkata', Date.UTC(2026, 0, 1));
    expect(first.start).toBe(Date.UTC(2026, 0, 1));
    expect(first.reached).toBe(first.start + first.offset);
  });
});

test('offsets of all zones are those that clocks show', () => {
  for (const [index, zone] of Intl.supportedValuesOf('timeZone').entries()) {
    const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
    for (let sample = 0; sample < 4; sample++) {
      // Spread without chance over 1972 to 2040.
      const at = Date.UTC(
        1972 + ((index + sample * 17) % 69),
        (index * 7 + sample * 5) % 12,
        1 + ((index * 13 + sample) % 28),
        sample * 2,
      );
      const shown = Date.parse(`${clock.format(at).replace(' ', 'T')}Z`);
      expect(`${zone} ${iso(at)} ${offsetAt(zone, at) / minute}`).toBe(`${zone} ${iso(at)} ${(shown - at) / minute}`);
    }
  }
});
