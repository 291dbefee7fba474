import { describe, expect, test } from 'vitest';
import { type PlanInput, planJob } from '../../../src/controllers/task-schedule/plan.ts';
import type { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';

const at = (text: string): number => Date.parse(`2026-03-01T${text}Z`);
const time = (text: string): string => `2026-03-01T${text}Z`;

const job = (spec: Partial<TaskSchedule['spec']> = {}, status?: TaskSchedule['status']): TaskSchedule => ({
  apiVersion: 'kf.dev/v1alpha1',
  kind: 'TaskSchedule',
  metadata: { name: 'nightly', namespace: 'dev' },
  spec: { schedule: '0 * * * *', suspend: false, taskTemplate: { appRef: { name: 'app' } }, ...spec },
  ...(status === undefined ? {} : { status }),
});
/** A Job that has been counting since 08:00. */
const counting = (spec: Partial<TaskSchedule['spec']> = {}, status: TaskSchedule['status'] = {}): TaskSchedule => {
  const fresh = planJob({ job: job(spec), active: [], pending: [], now: at('08:00:30'), awakeSince: 0 }).status;
  return job(spec, { ...fresh, ...status });
};
const plan = (made: TaskSchedule, input: Partial<PlanInput> & { now: number }) =>
  planJob({ job: made, active: [], pending: [], awakeSince: 0, ...input });

test('a schedule counts from the moment it was set: no slot before it', () => {
  const { status, next } = plan(job(), { now: at('08:30:00') });
  expect(status.starting).toBeUndefined();
  expect(status.nextScheduleTime).toBe(time('09:00:00'));
  expect(next).toBe(at('09:00:00'));
});

test('a slot starts when it is due, and is not due again', () => {
  const due = plan(counting(), { now: at('09:00:00') });
  expect(due.status.starting).toEqual([time('09:00:00')]);
  const again = plan(job({}, { ...due.status, starting: undefined }), { now: at('09:00:05') });
  expect(again.status.starting).toBeUndefined();
});

test('a changed schedule counts anew', () => {
  const changed = { ...counting(), spec: { ...job().spec, schedule: '30 * * * *' } };
  expect(plan(changed, { now: at('09:45:00') }).status.starting).toBeUndefined();
});

test('a suspended Job has no next run, and a resumed one does not catch up', () => {
  const suspended = plan({ ...counting(), spec: { ...job().spec, suspend: true } }, { now: at('09:30:00') }).status;
  expect(suspended.nextScheduleTime).toBeUndefined();
  const resumed = plan(job({}, suspended), { now: at('12:30:00') });
  expect(resumed.status.starting).toBeUndefined();
  expect(resumed.status.nextScheduleTime).toBe(time('13:00:00'));
});

describe('missed slots, at a start at 12:10', () => {
  const input = { now: at('12:10:00'), awakeSince: at('12:09:00') };
  const missed = [time('12:00:00'), time('11:00:00'), time('10:00:00'), time('09:00:00')];

  test('latest runs the newest and names the others', () => {
    const { status } = plan(counting(), input);
    expect(status.starting).toEqual([time('12:00:00')]);
    expect(status.history?.map((entry) => [entry.time, entry.outcome])).toEqual(
      missed.slice(1).map((slot) => [slot, 'Missed']),
    );
  });

  test('skip runs none', () => {
    const { status } = plan(counting({ missed: 'skip' }), input);
    expect(status.starting).toBeUndefined();
    expect(status.history).toHaveLength(4);
  });

  test('all runs them oldest first, each after the one before has ended', () => {
    const first = plan(counting({ missed: 'all' }), input).status;
    expect(first.starting).toEqual([time('09:00:00')]);
    expect(first.backlog).toEqual([time('10:00:00'), time('11:00:00'), time('12:00:00')]);
    const running = plan(job({ missed: 'all' }, { ...first, starting: undefined }), {
      ...input,
      active: ['nightly-1'],
    }).status;
    expect(running.starting).toBeUndefined();
    const second = plan(job({ missed: 'all' }, running), input).status;
    expect(second.starting).toEqual([time('10:00:00')]);
  });

  test('--missed-within lets go of older ones', () => {
    const { status } = plan(counting({ missed: 'all', missedWithin: '2h' }), input);
    expect([...(status.starting ?? []), ...(status.backlog ?? [])]).toEqual([time('11:00:00'), time('12:00:00')]);
  });

  test('years of downtime are not enumerated', () => {
    const { status } = plan(counting({ schedule: '* * * * *', missed: 'all' }), {
      now: at('12:10:00') + 5 * 365 * 86_400_000,
      awakeSince: Infinity,
    });
    expect((status.backlog?.length ?? 0) + (status.starting?.length ?? 0)).toBe(100);
    expect(status.history).toHaveLength(50);
    expect(status.history?.at(-1)?.message).toBe('nothing ran schedules at that time; so were more than 950 before it');
  });
});

describe('overlap', () => {
  const now = at('09:00:00');
  const active = ['nightly-1'];

  test('Always starts beside', () => {
    expect(plan(counting(), { now, active }).status.starting).toEqual([time('09:00:00')]);
  });

  test('Forbid skips the slot for good, with the reason', () => {
    const { status } = plan(counting({ concurrencyPolicy: 'Forbid' }), { now, active });
    expect(status.starting).toBeUndefined();
    expect(status.history?.[0]).toMatchObject({
      time: time('09:00:00'),
      outcome: 'Skipped',
      message: 'Task nightly-1 has not ended',
    });
    expect(plan(job({ concurrencyPolicy: 'Forbid' }, status), { now: at('09:05:00') }).status.starting).toBeUndefined();
  });

  test('Replace terminates, and starts when the last has ended; of slots due meanwhile the newest', () => {
    const replace = { concurrencyPolicy: 'Replace' } as const;
    const first = plan(counting(replace), { now, active });
    expect(first.terminate).toEqual(active);
    expect(first.status).toMatchObject({ replacing: time('09:00:00') });
    expect(first.status.starting).toBeUndefined();
    const second = plan(job(replace, first.status), { now: at('10:00:00'), active });
    expect(second.status.replacing).toBe(time('10:00:00'));
    expect(second.status.history?.[0]).toMatchObject({ time: time('09:00:00'), outcome: 'Replaced' });
    const third = plan(job(replace, second.status), { now: at('10:00:20') });
    expect(third.status).toMatchObject({ starting: [time('10:00:00')] });
    expect(third.status.replacing).toBeUndefined();
  });
});

describe('runs by hand', () => {
  const now = at('09:00:00');
  const run = (name: string, createdAt = now) => ({ name, createdAt });
  const active = ['nightly-1'];

  test('nothing runs: it may start', () => {
    for (const concurrencyPolicy of ['Always', 'Forbid', 'Replace'] as const) {
      const { status } = plan(counting({ concurrencyPolicy }), { now: at('08:40:00'), pending: [run('nightly-a')] });
      expect(status.decided).toEqual([{ name: 'nightly-a' }]);
    }
  });

  test('Always: beside', () => {
    expect(plan(counting(), { now: at('08:40:00'), active, pending: [run('nightly-a')] }).status.decided).toEqual([
      { name: 'nightly-a' },
    ]);
  });

  test('Forbid: refused, with a line in the history', () => {
    const { status } = plan(counting({ concurrencyPolicy: 'Forbid' }), { now, active, pending: [run('nightly-a')] });
    const message = 'Task nightly-1 has not ended';
    expect(status.decided).toEqual([{ name: 'nightly-a', refused: message }]);
    expect(status.history?.[0]).toEqual({ time: time('09:00:00'), outcome: 'Skipped', message, run: 'nightly-a' });
  });

  test('Forbid: of a slot and a run of the same look the earlier one', () => {
    const forbid = counting({ concurrencyPolicy: 'Forbid' });
    const slotFirst = plan(forbid, { now, pending: [run('nightly-a')] }).status;
    expect(slotFirst.starting).toEqual([time('09:00:00')]);
    expect(slotFirst.decided).toEqual([{ name: 'nightly-a', refused: 'slot 2026-03-01T09:00:00Z is starting' }]);
    const runFirst = plan(forbid, { now, pending: [run('nightly-a', now - 1000)] }).status;
    expect(runFirst.starting).toBeUndefined();
    expect(runFirst.decided).toEqual([{ name: 'nightly-a' }]);
    expect(runFirst.history?.[0]).toMatchObject({ outcome: 'Skipped', message: 'Task nightly-a has not ended' });
  });

  test('what was decided is not decided again, and counts as running', () => {
    const forbid = { concurrencyPolicy: 'Forbid' } as const;
    const decided = counting(forbid, { decided: [{ name: 'nightly-a' }] });
    const { status } = plan(decided, { now, pending: [run('nightly-a'), run('nightly-b')] });
    expect(status.starting).toBeUndefined();
    expect(status.decided).toMatchObject([{ name: 'nightly-a' }, { name: 'nightly-b', refused: expect.any(String) }]);
  });

  test('Replace: waits for the end of what it replaces; the newest of slots and runs stays', () => {
    const replace = { concurrencyPolicy: 'Replace' } as const;
    const first = plan(counting(replace), { now: at('08:50:00'), active, pending: [run('nightly-a', at('08:50:00'))] });
    expect(first.terminate).toEqual(active);
    expect(first.status).toMatchObject({ replacingRun: 'nightly-a' });
    expect(first.status.decided).toBeUndefined();
    const held = run('nightly-a', at('08:50:00'));
    const second = plan(job(replace, first.status), { now, active, pending: [held] });
    expect(second.status).toMatchObject({
      replacing: time('09:00:00'),
      decided: [{ name: 'nightly-a', refused: 'a newer run came first' }],
      history: [{ outcome: 'Replaced', run: 'nightly-a' }],
    });
    expect(second.status.replacingRun).toBeUndefined();
    const told = { ...second.status, decided: undefined };
    const third = plan(job(replace, told), { now, active, pending: [run('nightly-b', now + 1000)] });
    expect(third.status).toMatchObject({ replacingRun: 'nightly-b', history: [{ outcome: 'Replaced' }, {}] });
    const fourth = plan(job(replace, third.status), { now, pending: [run('nightly-b', now + 1000)] });
    expect(fourth.status).toMatchObject({ decided: [{ name: 'nightly-b' }] });
    expect(fourth.status.replacingRun).toBeUndefined();
  });

  test('Replace: one that was terminated while it waited replaces nothing', () => {
    const waiting = counting({ concurrencyPolicy: 'Replace' }, { replacingRun: 'nightly-a' });
    const { status, terminate } = plan(waiting, { now: at('08:40:00'), active });
    expect(terminate).toEqual([]);
    expect(status.replacingRun).toBeUndefined();
  });

  test('a suspended Job is run by hand', () => {
    const suspended = { suspend: true, concurrencyPolicy: 'Forbid' } as const;
    expect(plan(job(suspended), { now, pending: [run('nightly-a')] }).status).toMatchObject({
      decided: [{ name: 'nightly-a' }],
    });
    expect(
      plan(job(suspended), { now, active, pending: [run('nightly-a')] }).status.decided?.[0]?.refused,
    ).toBeDefined();
  });
});

describe('several schedules', () => {
  const every = { id: 2, schedule: '@every 90m', timeZone: 'UTC' };

  test('one that is added counts from now; the others go on, and keep their missed slots', () => {
    const before = counting();
    const added = { ...before, spec: { ...before.spec, missed: 'all', moreSchedules: [every] } } as TaskSchedule;
    const { status } = plan(added, { now: at('11:10:00'), awakeSince: at('11:09:00') });
    expect([...(status.starting ?? []), ...(status.backlog ?? [])]).toEqual(
      ['09:00:00', '10:00:00', '11:00:00'].map(time),
    );
    expect(status.countedFrom).toEqual([
      { schedule: '0 * * * *', timeZone: 'UTC', since: time('08:00:30') },
      { schedule: '@every 90m', timeZone: 'UTC', since: time('11:10:00') },
    ]);
  });

  test('@every goes on when another one changes, is added or goes, or the zone changes', () => {
    const both = counting({ schedule: '@every 90m', moreSchedules: [{ id: 2, schedule: '0 12 * * *' }] });
    for (const spec of [
      { ...both.spec, moreSchedules: [{ id: 2, schedule: '30 12 * * *' }] },
      { ...both.spec, moreSchedules: undefined },
      { ...both.spec, schedule: '0 12 * * *', moreSchedules: [every] },
      { ...both.spec, timeZone: 'Asia/Tokyo' },
    ]) {
      const { status } = plan({ ...both, spec } as TaskSchedule, { now: at('09:10:00') });
      expect(status.nextScheduleTime).toBe(time('09:30:00'));
    }
  });

  test('one that was changed does not run what it would have run before', () => {
    const both = counting({ schedule: '0 12 * * *', moreSchedules: [every] });
    const changed = { ...both, spec: { ...both.spec, schedule: '0 9 * * *' } };
    const { status } = plan(changed, { now: at('09:10:00') });
    expect(status.starting).toBeUndefined();
  });
});

describe('a clock that is set back', () => {
  test('a little: a slot is not run again', () => {
    const ran = plan(counting(), { now: at('09:00:00') }).status;
    const { status } = plan(job({}, { ...ran, starting: undefined }), { now: at('08:59:00') });
    expect(status.starting).toBeUndefined();
    expect(plan(job({}, status), { now: at('09:00:10') }).status.starting).toBeUndefined();
  });

  test('for good: reported, and counting starts anew', () => {
    const ran = plan(counting(), { now: at('12:00:00') }).status;
    const { status } = plan(job({}, { ...ran, starting: undefined }), { now: at('08:30:00') });
    expect(status.history?.[0]?.message).toMatch(/ClockWentBack/);
    expect(plan(job({}, status), { now: at('09:00:00') }).status.starting).toEqual([time('09:00:00')]);
  });
});

test('two schedules at one minute make one slot', () => {
  const more = { moreSchedules: [{ id: 2, schedule: '0 9 * * *', timeZone: 'UTC' }] };
  expect(plan(counting(more), { now: at('09:00:00') }).status.starting).toEqual([time('09:00:00')]);
});
