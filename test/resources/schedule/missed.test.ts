import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firesBetween } from '../../../src/resources/schedule/fire-times.ts';
import { type MissedQuestion, missedSlots, nextSlot, slotOf } from '../../../src/resources/schedule/missed.ts';
import { iso, schedule } from './support.ts';

const at = (text: string): number => Date.parse(text);
const hour = 3_600_000;
const set = at('2026-01-01T00:00Z');
const zoned = (text: string, timeZone = 'UTC', since = set) => ({ schedule: schedule(text), timeZone, since });

/** Three days down, from Thursday noon to Sunday noon. */
const outage: MissedQuestion = {
  policy: 'latest',
  schedules: [zoned('0 2 * * *')],
  lastSlot: at('2026-01-08T02:00Z'),
  now: at('2026-01-11T12:00:07Z'),
};

function ask(change: Partial<MissedQuestion> = {}) {
  const { run, letGo } = missedSlots({ ...outage, ...change });
  return { run: run.map(iso), letGo: letGo.newest.map(iso), count: letGo.count, more: letGo.more };
}

describe('policies', () => {
  test('latest runs the newest', () => {
    expect(ask()).toMatchObject({
      run: ['2026-01-11T02:00Z'],
      letGo: ['2026-01-10T02:00Z', '2026-01-09T02:00Z'],
      count: 2,
      more: false,
    });
  });

  test('latest runs a real slot of an uneven schedule', () => {
    expect(ask({ schedules: [zoned('0 9,17 * * *')] }).run).toEqual(['2026-01-11T09:00Z']);
  });

  test('skip runs none', () => {
    expect(ask({ policy: 'skip' })).toMatchObject({
      run: [],
      letGo: ['2026-01-11T02:00Z', '2026-01-10T02:00Z', '2026-01-09T02:00Z'],
      count: 3,
    });
  });

  test('all runs them oldest first', () => {
    expect(ask({ policy: 'all' })).toMatchObject({
      run: ['2026-01-09T02:00Z', '2026-01-10T02:00Z', '2026-01-11T02:00Z'],
      letGo: [],
      count: 0,
    });
  });

  test('all runs the newest hundred', () => {
    const { run, letGo, count } = ask({ policy: 'all', schedules: [zoned('*/15 * * * *')] });
    expect([run.length, run[0], run.at(-1)]).toEqual([100, '2026-01-10T11:15Z', '2026-01-11T12:00Z']);
    expect([count, letGo.length, letGo[0], letGo.at(-1)]).toEqual([228, 50, '2026-01-10T11:00Z', '2026-01-09T22:45Z']);
  });

  test('a thousand and one are counted as a thousand and more', () => {
    const minutes = (count: number) => ({ schedules: [zoned('* * * * *')], lastSlot: outage.now - count * 60_000 });
    expect(ask(minutes(1001))).toMatchObject({ count: 1000, more: false });
    expect(ask(minutes(1002))).toMatchObject({ count: 1000, more: true });
    expect(ask({ ...minutes(1100), policy: 'all' })).toMatchObject({ count: 1000, more: false });
    expect(ask({ ...minutes(1101), policy: 'all' })).toMatchObject({ count: 1000, more: true });
  });

  test('years of minutes: the newest, and that there are more than were counted', () => {
    const long = { schedules: [zoned('* * * * *', 'UTC', 0)], lastSlot: 0 };
    expect(ask(long)).toMatchObject({ run: ['2026-01-11T12:00Z'], count: 1000, more: true });
    expect(ask({ ...long, policy: 'all' })).toMatchObject({ count: 1000, more: true });
    expect(ask({ ...long, policy: 'skip' })).toMatchObject({ run: [], count: 1000, more: true });
  });
});

describe('what is missed', () => {
  test.each(['latest', 'skip', 'all'] as const)('%s: nothing when no slot passed', (policy) => {
    expect(ask({ policy, now: at('2026-01-08T12:00:01Z') })).toMatchObject({ run: [], letGo: [], count: 0 });
  });

  test('not what came before the schedule was set or resumed', () => {
    const setAt = (text: string) => ({ schedules: [zoned('0 2 * * *', 'UTC', at(text))] });
    expect(ask(setAt('2026-01-10T02:00Z'))).toMatchObject({ run: ['2026-01-11T02:00Z'], count: 0 });
    expect(ask(setAt('2026-01-11T02:00Z'))).toMatchObject({ run: [], count: 0 });
  });

  test('not the last slot again, whatever its seconds', () => {
    const lastSlot = at('2026-01-11T02:00Z');
    expect(ask({ policy: 'all', lastSlot }).run).toEqual([]);
    expect(ask({ policy: 'all', schedules: [zoned('* * * * *')], lastSlot: outage.now - 60_000 }).run).toEqual([
      '2026-01-11T12:00Z',
    ]);
  });

  test('missedWithin lets go of older ones', () => {
    expect(ask({ policy: 'all', missedWithin: 35 * hour })).toMatchObject({
      run: ['2026-01-10T02:00Z', '2026-01-11T02:00Z'],
      letGo: ['2026-01-09T02:00Z'],
    });
    expect(ask({ missedWithin: 10 * hour })).toMatchObject({ run: [], count: 3 });
    expect(ask({ missedWithin: 10 * hour + 7000 }).run).toEqual(['2026-01-11T02:00Z']);
  });
});

describe('several schedules', () => {
  const schedules = [zoned('0 2 * * *'), zoned('0 4 * * *', 'Europe/Berlin'), zoned('0 2,3 * * *')];

  test('the newest over all of them', () => {
    expect(ask({ schedules })).toMatchObject({ run: ['2026-01-11T03:00Z'], count: 6 });
  });

  test('at one minute give one slot', () => {
    expect(ask({ schedules, policy: 'all' }).run).toEqual([
      '2026-01-08T03:00Z',
      '2026-01-09T02:00Z',
      '2026-01-09T03:00Z',
      '2026-01-10T02:00Z',
      '2026-01-10T03:00Z',
      '2026-01-11T02:00Z',
      '2026-01-11T03:00Z',
    ]);
  });

  test('the next slot is the earliest of all', () => {
    expect(iso(nextSlot(schedules, at('2026-01-11T02:00Z'))!)).toBe('2026-01-11T03:00Z');
    expect(iso(nextSlot(schedules, at('2026-01-11T03:00Z'))!)).toBe('2026-01-12T02:00Z');
    expect(iso(nextSlot(schedules, 0)!)).toBe('2026-01-01T02:00Z');
    expect(nextSlot([], 0)).toBeUndefined();
  });
});

test('each schedule counts from when it was set', () => {
  const schedules = [zoned('0 2 * * *'), zoned('0 4 * * *', 'UTC', at('2026-01-10T12:00Z'))];
  expect(ask({ schedules, policy: 'all' }).run).toEqual([
    '2026-01-09T02:00Z',
    '2026-01-10T02:00Z',
    '2026-01-11T02:00Z',
    '2026-01-11T04:00Z',
  ]);
});

test('a last slot ahead of the clock: nothing is run again', () => {
  const hourly = { schedules: [zoned('0 * * * *')], lastSlot: at('2026-01-11T13:00Z'), policy: 'all' } as const;
  for (const now of ['2026-01-11T09:00Z', '2026-01-11T12:00Z', '2026-01-11T13:00:30Z'])
    expect(ask({ ...hourly, now: at(now) })).toMatchObject({ run: [], count: 0 });
  expect(ask({ ...hourly, now: at('2026-01-11T14:00Z') }).run).toEqual(['2026-01-11T14:00Z']);
});

test('every slot since the last one is run or let go, once, as the policy says', () => {
  const texts = ['*/20 * * * *', '0 2 * * *', '30 2 * * SUN', '@every 50m', '0 */5 * * *', '15,45 1-3 * * *'];
  const start = at('2026-10-23T00:00Z');
  const time = fc.integer({ min: 0, max: 96 * 60 }).map((minutes) => start + minutes * 60_000);
  fc.assert(
    fc.property(
      fc.record({
        policy: fc.constantFrom('latest', 'skip', 'all'),
        schedules: fc.array(
          fc.tuple(fc.constantFrom(...texts), fc.constantFrom('Europe/Berlin', 'Asia/Kolkata'), time),
          { minLength: 1, maxLength: 3 },
        ),
        lastSlot: time,
        missedWithin: fc.option(fc.integer({ min: 1, max: 48 * hour }), { nil: undefined }),
      }),
      ({ schedules: pairs, ...rest }) => {
        const now = start + 96 * hour;
        const schedules = pairs.map(([text, zone, since]) => zoned(text, zone, since));
        const { run, letGo } = missedSlots({ ...rest, schedules, now } as MissedQuestion);
        const expected = new Set<number>();
        for (const { schedule: one, timeZone, since } of schedules)
          for (const fire of firesBetween(one, { timeZone, since }, since, now))
            if (slotOf(fire) > slotOf(rest.lastSlot)) expected.add(slotOf(fire));
        expect(run.length + letGo.count).toBe(expected.size);
        expect([...run].sort((a, b) => a - b)).toEqual(run);
        for (const slot of run) expect(expected.has(slot) && !letGo.newest.includes(slot)).toBe(true);
        for (const slot of run) expect(now - slot).toBeLessThanOrEqual(rest.missedWithin ?? Number.POSITIVE_INFINITY);
        expect(run.length).toBeLessThanOrEqual(rest.policy === 'all' ? 100 : 1);
        if (rest.policy === 'skip') expect(run).toEqual([]);
        if (rest.policy === 'latest' && run.length > 0) expect(run[0]).toBe(Math.max(...expected));
      },
    ),
    { numRuns: 500 },
  );
});
