import { describe, expect, test } from 'vitest';
import { describeFires, wallClock } from '../../../src/resources/schedule/describe-fires.ts';
import { inWords } from '../../../src/resources/schedule/in-words.ts';
import { iso, schedule } from './support.ts';

test.each([
  ['0 2 * * *', 'every day at 02:00'],
  ['* * * * *', 'every minute'],
  ['*/15 * * * *', 'every 15 minutes'],
  ['0,15,30,45 * * * *', 'every 15 minutes'],
  ['@hourly', 'every hour'],
  ['*/60 * * * *', 'every hour'],
  ['5 * * * *', 'every hour at minute 5'],
  ['0 */2 * * *', 'every 2 hours'],
  ['30 */6 * * *', 'every 6 hours at minute 30'],
  ['0,30 9 * * *', 'every day at 09:00 and 09:30'],
  ['0 9,17 * * MON-FRI', 'Monday to Friday at 09:00 and 17:00'],
  ['*/5 9-17 * * 1-5', 'every 5 minutes from 09:00 to 17:59, Monday to Friday'],
  ['0 3 * * 6,0', 'every Saturday and Sunday at 03:00'],
  ['@weekly', 'every Sunday at 00:00'],
  ['@monthly', 'on the 1st of every month at 00:00'],
  ['0 0 2,3,22 * *', 'on the 2nd, 3rd and 22nd of every month at 00:00'],
  ['0 0 11,12,13 6 *', 'on the 11th, 12th and 13th of June at 00:00'],
  ['@yearly', 'every 1 January at 00:00'],
  ['0 0 * 7 *', 'every day in July at 00:00'],
  ['0 0 13 * 5', 'on the 13th of every month and every Friday at 00:00'],
  ['@every 1m', 'every minute, counted from when it was set'],
  ['@every 90m', 'every 90 minutes, counted from when it was set'],
  ['@every 24h', 'every 24 hours, counted from when it was set'],
  // No clearer in words.
  ['*/7 * * * *', '*/7 * * * *'],
  ['1,2,3,4,5 * * * *', '1,2,3,4,5 * * * *'],
  ['0 0 1-7 * 1', '0 0 1-7 * 1'],
  ['TZ=Asia/Kolkata 0 0 1-7 * 1', '0 0 1-7 * 1'],
])('%s: %s', (text, words) => {
  expect(inWords(schedule(text))).toBe(words);
});

describe('the next fires in three zones', () => {
  const berlin = 'Europe/Berlin';
  const shown = (zone: string, at: number): string => {
    const { weekday, date, time, offset } = wallClock(zone, at);
    return `${weekday} ${date} ${time} ${offset}`;
  };
  const describeBerlin = (text: string, after: string) =>
    describeFires([{ schedule: schedule(text), timeZone: berlin, since: 0 }], Date.parse(after), 3).map(
      ({ at, note }) => [...[berlin, 'America/New_York', 'UTC'].map((zone) => shown(zone, at)), note],
    );

  test('across a repeated hour', () => {
    expect(describeBerlin('30 2 * * *', '2026-10-24T12:00Z')).toEqual([
      [
        'Sun 2026-10-25 02:30 +02:00',
        'Sat 2026-10-24 20:30 -04:00',
        'Sun 2026-10-25 00:30 +00:00',
        '02:30 comes twice: fires the first time',
      ],
      ['Mon 2026-10-26 02:30 +01:00', 'Sun 2026-10-25 21:30 -04:00', 'Mon 2026-10-26 01:30 +00:00', undefined],
      ['Tue 2026-10-27 02:30 +01:00', 'Mon 2026-10-26 21:30 -04:00', 'Tue 2026-10-27 01:30 +00:00', undefined],
    ]);
  });

  test('across a gap', () => {
    expect(describeBerlin('30 2 * * *', '2026-03-28T12:00Z')[0]).toEqual([
      'Sun 2026-03-29 03:00 +02:00',
      'Sat 2026-03-28 21:00 -04:00',
      'Sun 2026-03-29 01:00 +00:00',
      'clocks go from 02:00 to 03:00: fires right after',
    ]);
  });

  test('an interval needs no note', () => {
    expect(describeBerlin('30 * * * *', '2026-10-25T00:00Z').map((line) => [line[0], line[3]])).toEqual([
      ['Sun 2026-10-25 02:30 +02:00', undefined],
      ['Sun 2026-10-25 02:30 +01:00', undefined],
      ['Sun 2026-10-25 03:30 +01:00', undefined],
    ]);
  });

  test('of several schedules, each in its zone, a shared minute once', () => {
    const schedules = ['0 9 * * *', 'TZ=Asia/Kolkata 30 14 * * *', 'TZ=Asia/Kolkata 0 9 * * *'].map((text, id) => ({
      id,
      schedule: schedule(text),
      timeZone: 'UTC',
      since: 0,
    }));
    const fires = describeFires(schedules, Date.parse('2026-01-01T00:00Z'), 3);
    expect(fires.map(({ at, schedules: meeting }) => [iso(at), meeting.map(({ id }) => id)])).toEqual([
      ['2026-01-01T03:30Z', [2]],
      ['2026-01-01T09:00Z', [0, 1]],
      ['2026-01-02T03:30Z', [2]],
    ]);
  });

  test('half hours west of Greenwich', () => {
    expect(wallClock('America/St_Johns', Date.parse('2026-01-01T00:00Z'))).toEqual({
      zone: 'America/St_Johns',
      date: '2025-12-31',
      time: '20:30',
      weekday: 'Wed',
      offset: '-03:30',
    });
  });
});
