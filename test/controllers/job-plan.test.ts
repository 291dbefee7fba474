import { describe, expect, test } from 'vitest';
import { type PlanInput, planJob } from '../../src/controllers/task-schedule/plan.ts';
import type { TaskSchedule } from '../../src/resources/kf/task-schedule.ts';

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
  const fresh = planJob({ job: job(spec), active: [], now: at('08:00:30'), awakeSince: 0 }).status;
  return job(spec, { ...fresh, ...status });
};
const plan = (made: TaskSchedule, input: Partial<PlanInput> & { now: number }) =>
  planJob({ job: made, active: [], awakeSince: 0, ...input });

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
    expect(status.history?.length).toBeLessThanOrEqual(50);
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
