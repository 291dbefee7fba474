import { describe, expect, test } from 'vitest';
import { firesBetween, nextFire, previousFire } from '../../../src/resources/schedule/fire-times.ts';
import { day } from '../../../src/resources/schedule/schedule.ts';
import { iso, schedule } from './support.ts';

const at = (text: string): number => Date.parse(text);
/** Fires in (from, to], in short. */
function fires(text: string, timeZone: string, from: string, to: string): string[] {
  return firesBetween(schedule(text), { timeZone, since: 0 }, at(from), at(to)).map(iso);
}

describe('fixed: once per local date', () => {
  test.each([
    // A plain day.
    ['30 2 * * *', 'UTC', '2026-03-28T12:00Z', '2026-03-30T12:00Z', ['2026-03-29T02:30Z', '2026-03-30T02:30Z']],
    ['0 9 * * *', 'Asia/Kolkata', '2026-01-01T00:00Z', '2026-01-02T00:00Z', ['2026-01-01T03:30Z']],
    // Gap: the first instant after it, several once.
    [
      '30 2 * * *',
      'Europe/Berlin',
      '2026-03-28T12:00Z',
      '2026-03-30T12:00Z',
      ['2026-03-29T01:00Z', '2026-03-30T00:30Z'],
    ],
    ['0,15,30 2 * * *', 'Europe/Berlin', '2026-03-29T00:00Z', '2026-03-29T12:00Z', ['2026-03-29T01:00Z']],
    ['0 2,3 * * *', 'Europe/Berlin', '2026-03-29T00:00Z', '2026-03-29T12:00Z', ['2026-03-29T01:00Z']],
    [
      '30 2,3 * * *',
      'Europe/Berlin',
      '2026-03-29T00:00Z',
      '2026-03-29T12:00Z',
      ['2026-03-29T01:00Z', '2026-03-29T01:30Z'],
    ],
    ['59 1 * * *', 'Europe/Berlin', '2026-03-29T00:00Z', '2026-03-29T12:00Z', ['2026-03-29T00:59Z']],
    ['30 2 * * *', 'America/New_York', '2026-03-08T00:00Z', '2026-03-09T00:00Z', ['2026-03-08T07:00Z']],
    ['0 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00Z', '2026-10-04T12:00Z', ['2026-10-03T15:30Z']],
    ['15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00Z', '2026-10-04T12:00Z', ['2026-10-03T15:30Z']],
    ['45 2 * * *', 'Australia/Lord_Howe', '2026-10-03T12:00Z', '2026-10-04T12:00Z', ['2026-10-03T15:45Z']],
    // Gap at midnight: the date exists, its midnight does not.
    [
      '0 0 * * *',
      'America/Sao_Paulo',
      '2018-11-03T12:00Z',
      '2018-11-05T12:00Z',
      ['2018-11-04T03:00Z', '2018-11-05T02:00Z'],
    ],
    ['0,30 0 * * SUN', 'America/Sao_Paulo', '2018-11-03T12:00Z', '2018-11-05T12:00Z', ['2018-11-04T03:00Z']],
    // Twice: the first.
    [
      '30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      '2026-10-26T12:00Z',
      ['2026-10-25T00:30Z', '2026-10-26T01:30Z'],
    ],
    [
      '0,30 2,3 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      '2026-10-25T12:00Z',
      ['2026-10-25T00:00Z', '2026-10-25T00:30Z', '2026-10-25T02:00Z', '2026-10-25T02:30Z'],
    ],
    ['30 1 * * *', 'America/New_York', '2026-11-01T00:00Z', '2026-11-02T00:00Z', ['2026-11-01T05:30Z']],
    ['45 1 * * *', 'Australia/Lord_Howe', '2026-04-04T00:00Z', '2026-04-05T00:00Z', ['2026-04-04T14:45Z']],
    ['30 23 * * *', 'America/Sao_Paulo', '2019-02-16T12:00Z', '2019-02-17T12:00Z', ['2019-02-17T01:30Z']],
    // Clocks went from 00:01 back to 23:01 of the day before.
    [
      '0 0 * * *',
      'America/St_Johns',
      '2006-10-28T12:00Z',
      '2006-10-30T12:00Z',
      ['2006-10-29T02:30Z', '2006-10-30T03:30Z'],
    ],
    ['30 23 * * *', 'America/St_Johns', '2006-10-28T12:00Z', '2006-10-30T00:00Z', ['2006-10-29T02:00Z']],
    // A local date that does not exist.
    [
      '0 0 * * *',
      'Pacific/Apia',
      '2011-12-29T00:00Z',
      '2011-12-31T12:00Z',
      ['2011-12-29T10:00Z', '2011-12-30T10:00Z', '2011-12-31T10:00Z'],
    ],
    [
      '0 12 * * *',
      'Pacific/Apia',
      '2011-12-29T00:00Z',
      '2011-12-31T12:00Z',
      ['2011-12-29T22:00Z', '2011-12-30T22:00Z'],
    ],
    ['30 12 30 12 *', 'Pacific/Apia', '2011-12-01T00:00Z', '2012-01-31T00:00Z', []],
    [
      '30 12 * * FRI',
      'Pacific/Apia',
      '2011-12-23T12:00Z',
      '2012-01-07T00:00Z',
      ['2011-12-23T22:30Z', '2012-01-05T22:30Z'],
    ],
  ])('%s in %s after %s', (text, zone, from, to, expected) => {
    expect(fires(text, zone, from, to)).toEqual(expected);
  });
});

describe('interval: every instant that matches', () => {
  test.each([
    [
      '*/30 * * * *',
      'Europe/Berlin',
      '2026-03-29T00:00Z',
      '2026-03-29T02:00Z',
      ['2026-03-29T00:30Z', '2026-03-29T01:00Z', '2026-03-29T01:30Z', '2026-03-29T02:00Z'],
    ],
    ['*/30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', '2026-03-29T12:00Z', []],
    [
      '30 * * * *',
      'Europe/Berlin',
      '2026-03-29T00:00Z',
      '2026-03-29T02:00Z',
      ['2026-03-29T00:30Z', '2026-03-29T01:30Z'],
    ],
    [
      '0 */2 * * *',
      'Europe/Berlin',
      '2026-03-28T22:00Z',
      '2026-03-29T05:00Z',
      ['2026-03-28T23:00Z', '2026-03-29T02:00Z', '2026-03-29T04:00Z'],
    ],
    [
      '*/30 2 * * *',
      'Europe/Berlin',
      '2026-10-24T12:00Z',
      '2026-10-25T12:00Z',
      ['2026-10-25T00:00Z', '2026-10-25T00:30Z', '2026-10-25T01:00Z', '2026-10-25T01:30Z'],
    ],
    [
      '30 * * * *',
      'America/New_York',
      '2026-11-01T05:00Z',
      '2026-11-01T07:00Z',
      ['2026-11-01T05:30Z', '2026-11-01T06:30Z'],
    ],
    [
      '*/15 1 * * *',
      'Australia/Lord_Howe',
      '2026-04-04T12:00Z',
      '2026-04-05T12:00Z',
      [
        '2026-04-04T14:00Z',
        '2026-04-04T14:15Z',
        '2026-04-04T14:30Z',
        '2026-04-04T14:45Z',
        '2026-04-04T15:00Z',
        '2026-04-04T15:15Z',
      ],
    ],
    [
      '*/30 23 16 2 *',
      'America/Sao_Paulo',
      '2019-02-16T12:00Z',
      '2019-02-18T12:00Z',
      ['2019-02-17T01:00Z', '2019-02-17T01:30Z', '2019-02-17T02:00Z', '2019-02-17T02:30Z'],
    ],
    ['0 */12 30 12 *', 'Pacific/Apia', '2011-12-01T00:00Z', '2012-01-31T00:00Z', []],
    ['0 * * * *', 'Asia/Kolkata', '2026-01-01T00:00Z', '2026-01-01T02:00Z', ['2026-01-01T00:30Z', '2026-01-01T01:30Z']],
    ['0 * * * *', 'UTC', '2026-01-01T00:00Z', '2026-01-01T02:00Z', ['2026-01-01T01:00Z', '2026-01-01T02:00Z']],
  ])('%s in %s after %s', (text, zone, from, to, expected) => {
    expect(fires(text, zone, from, to)).toEqual(expected);
  });
});

describe('dates', () => {
  test.each([
    ['0 0 29 2 *', '2097-01-01T00:00Z', '2104-02-29T00:00Z'],
    ['0 0 31 * *', '2026-03-31T00:00Z', '2026-05-31T00:00Z'],
    ['0 0 13 * FRI', '2026-01-10T00:00Z', '2026-01-13T00:00Z'],
    ['0 0 13 * FRI', '2026-01-13T00:00Z', '2026-01-16T00:00Z'],
    ['0 0 * * 7', '2026-01-05T00:00Z', '2026-01-11T00:00Z'],
    ['59 23 31 12 *', '2026-12-31T23:59Z', '2027-12-31T23:59Z'],
    ['0 0 1 1 *', '2026-12-31T23:59:59.999Z', '2027-01-01T00:00Z'],
    ['* * * * *', '2026-01-01T00:00:00.001Z', '2026-01-01T00:01Z'],
    ['* * * * *', '2026-01-01T00:00:59.999Z', '2026-01-01T00:01Z'],
  ])('%s after %s', (text, after, expected) => {
    const next = nextFire(schedule(text), { timeZone: 'UTC', since: 0 }, at(after))!;
    expect(iso(next)).toBe(expected);
    expect(previousFire(schedule(text), { timeZone: 'UTC', since: 0 }, next)).toBe(next);
  });

  test("the schedule's own zone goes before that of the options", () => {
    const own = schedule('TZ=Asia/Kolkata 0 9 * * *');
    expect(iso(nextFire(own, { timeZone: 'Europe/Berlin', since: 0 }, at('2026-01-01T00:00Z'))!)).toBe(
      '2026-01-01T03:30Z',
    );
  });

  test('an unknown zone is an error', () => {
    expect(() => nextFire(schedule('@daily'), { timeZone: 'Mars/Olympus', since: 0 }, 0)).toThrow(RangeError);
  });
});

describe('@every', () => {
  const options = { timeZone: 'Europe/Berlin', since: at('2026-03-28T23:50:23.456Z') };
  const every = schedule('@every 40m');

  test('counts whole minutes from when it was set, whatever the clocks do', () => {
    expect(firesBetween(every, options, options.since, at('2026-03-29T02:00Z')).map(iso)).toEqual([
      '2026-03-29T00:30Z',
      '2026-03-29T01:10Z',
      '2026-03-29T01:50Z',
    ]);
  });

  test('does not fire when or before it was set', () => {
    expect(iso(nextFire(every, options, 0)!)).toBe('2026-03-29T00:30Z');
    expect(previousFire(every, options, options.since)).toBeUndefined();
    expect(firesBetween(every, options, 0, options.since)).toEqual([]);
  });

  test('a fire at an instant is not after it', () => {
    expect(iso(nextFire(every, options, at('2026-03-29T00:30Z'))!)).toBe('2026-03-29T01:10Z');
    expect(iso(previousFire(every, options, at('2026-03-29T00:30Z'))!)).toBe('2026-03-29T00:30Z');
  });
});

describe('spans', () => {
  test('both ends', () => {
    expect(fires('* * * * *', 'UTC', '2026-01-01T00:00Z', '2026-01-01T00:02Z')).toEqual([
      '2026-01-01T00:01Z',
      '2026-01-01T00:02Z',
    ]);
    expect(fires('* * * * *', 'UTC', '2026-01-01T00:02Z', '2026-01-01T00:00Z')).toEqual([]);
  });

  test('the newest of forty years of minutes, without going through them', () => {
    const before = process.cpuUsage().user;
    const now = at('2026-10-25T01:30:30Z');
    const found = firesBetween(
      schedule('* * * * *'),
      { timeZone: 'Europe/Berlin', since: 0 },
      now - 40 * 366 * day,
      now,
      { newest: 100 },
    );
    expect(found).toHaveLength(100);
    expect([iso(found[0]!), iso(found.at(-1)!)]).toEqual(['2026-10-24T23:51Z', '2026-10-25T01:30Z']);
    // Twenty million minutes would take many seconds of processor time.
    expect(process.cpuUsage().user - before).toBeLessThan(1_000_000);
  });

  test('10,000 Jobs in all zones take less than two seconds of processor time', () => {
    const zones = Intl.supportedValuesOf('timeZone');
    const texts = ['* * * * *', '30 2 * * *', '0 0 29 2 *', '@weekly', '0 9 1 * MON'].map(schedule);
    const before = process.cpuUsage().user;
    for (let job = 0; job < 10_000; job++)
      nextFire(texts[job % texts.length]!, { timeZone: zones[job % zones.length]!, since: 0 }, at('2026-10-24T00:00Z'));
    expect(process.cpuUsage().user - before).toBeLessThan(2_000_000);
  });
});
