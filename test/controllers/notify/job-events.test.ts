import { describe, expect, test } from 'vitest';
import { jobEvents } from '../../../src/controllers/notify/job-events.ts';
import { startJobEventsController } from '../../../src/controllers/notify/job-events-controller.ts';
import { startNotificationController } from '../../../src/controllers/notify/notification-controller.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { Notification } from '../../../src/resources/kf/notification.ts';
import { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi } from '../../support/local-api.ts';
import { answer, Receiver } from '../../support/receiver.ts';

type Status = NonNullable<TaskSchedule['status']>;
const now = Date.parse('2026-03-01T12:00:00Z');
const at = (minutes: number) => new Date(now + minutes * 60_000).toISOString().replace('.000', '');

const job = (status: Status, spec: Partial<TaskSchedule['spec']> = {}): TaskSchedule => ({
  apiVersion: 'kf.dev/v1alpha1',
  kind: 'TaskSchedule',
  metadata: { name: 'nightly', namespace: 'dev', uid: 'u' },
  spec: { taskTemplate: { appRef: { name: 'report' } }, ...spec },
  status,
});

const look = (status: Status, spec: Partial<TaskSchedule['spec']> = {}, time = now, wants = true) =>
  jobEvents({ job: job(status, spec), now: time, wants: () => wants });

describe('slots that were not run', () => {
  const missed = (minutes: number) => ({ time: at(minutes), outcome: 'Missed', message: 'down' }) as const;
  const skipped = (minutes: number) => ({ time: at(minutes), outcome: 'Skipped', message: 'busy' }) as const;

  test('one event for all missed ones, one for all skipped ones', () => {
    const { told } = look({ history: [skipped(-1), missed(-2), missed(-3)] });
    expect(told?.telling?.map(({ event, slots }) => [event, slots?.length])).toEqual([
      ['missed', 2],
      ['skipped', 1],
    ]);
    expect(told?.history).toBe(`Skipped ${at(-1)}`);
  });

  test('only what is new since the last look, although older slots may come later', () => {
    const { told } = look({ history: [missed(-9), skipped(-1)], told: { history: `Skipped ${at(-1)}` } });
    expect(told?.telling?.map(({ slots }) => slots)).toEqual([[{ time: at(-9), message: 'down' }]]);
    expect(look({ history: [skipped(-1)], told: { history: `Skipped ${at(-1)}` } }).told?.telling).toBeUndefined();
  });

  test('what nobody wants to hear is never told later', () => {
    const history = [skipped(-1)];
    const { told } = look({ history }, {}, now, false);
    expect(told).toEqual({ history: `Skipped ${at(-1)}` });
    expect(look({ history, told }).told?.telling).toBeUndefined();
  });

  test('what is being told stays until it has been', () => {
    const first = look({ history: [skipped(-1)] }).told!;
    const second = look({ history: [missed(-5), skipped(-1)], told: first }).told!;
    expect(second.telling?.map(({ event }) => event)).toEqual(['skipped', 'missed']);
  });
});

describe('recoveries', () => {
  const failure = (minutes: number, reason = 'Failed') => ({ name: `f${minutes}`, time: at(minutes), reason });
  const success = (minutes: number) => ({ name: `s${minutes}`, time: at(minutes) });

  test('the first success after failures, once', () => {
    const failing = look({ lastFailure: failure(-5) }).told!;
    expect(failing).toEqual({ failing: { name: 'f-5', time: at(-5) } });
    const recovered = look({ lastFailure: failure(-4), lastSuccess: success(-3), told: failing }).told!;
    expect(recovered.telling).toMatchObject([{ event: 'recovered', key: 'f-4', task: 's-3' }]);
    const { telling: _, ...told } = recovered;
    expect(look({ lastFailure: failure(-4), lastSuccess: success(-2), told }).told?.telling).toBeUndefined();
  });

  test('of a Job whose runs are no Tasks the failure itself is told, too', () => {
    const template = { taskTemplate: undefined, taskRunTemplate: { spec: { taskSpec: { steps: [] } } } };
    const first = look({ lastFailure: failure(-5) }, template as never).told!;
    expect(first.telling).toMatchObject([{ event: 'failed', key: 'f-5', message: 'Failed' }]);
    const { telling: _, ...told } = first;
    const again = look({ lastFailure: failure(-5), lastSuccess: success(-4), told }, template as never).told!;
    expect(again.telling).toMatchObject([{ event: 'recovered' }]);
    expect(look({ lastFailure: failure(-5, 'Cancelled') }, template as never).told).toBeUndefined();
  });

  test('failure and success between two looks', () => {
    expect(look({ lastFailure: failure(-4), lastSuccess: success(-3) }).told?.telling).toHaveLength(1);
  });

  test('a success before the failure is none; a termination is no failure, and hides none', () => {
    expect(look({ lastFailure: failure(-4), lastSuccess: success(-5) }).told?.telling).toBeUndefined();
    expect(look({ lastFailure: failure(-4, 'TaskRunCancelled'), lastSuccess: success(-3) }).told).toBeUndefined();
    const failing = look({ lastFailure: failure(-9) }).told!;
    const after = { lastFailure: failure(-4, 'TaskRunCancelled'), lastSuccess: success(-3), told: failing };
    expect(look(after).told?.telling).toMatchObject([{ key: 'f-9' }]);
  });
});

describe('expectations', () => {
  const spec = { expectEvery: '1h', suspend: false } as const;

  test('count from when they were set, are told once, and count anew after a success', () => {
    const set = look({}, spec);
    expect(set.told).toEqual({ expected: { every: '1h', since: at(0) } });
    expect(set.next).toBe(now + 3_600_000);
    expect(look({ told: set.told }, spec, now + 3_599_000).told?.telling).toBeUndefined();
    const overdue = look({ told: set.told }, spec, now + 3_600_000).told!;
    expect(overdue.telling).toMatchObject([{ event: 'expected', message: `no success for 1h, since ${at(0)}` }]);
    const { telling: _, ...told } = overdue;
    expect(look({ told }, spec, now + 90 * 3_600_000).told?.telling).toBeUndefined();
    const lastSuccess = { name: 's', time: at(100) };
    const again = look({ told, lastSuccess }, spec, now + 101 * 60_000);
    expect(again.told).toEqual({ expected: { every: '1h', since: at(0) } });
    expect(again.next).toBe(now + 160 * 60_000);
    expect(look({ told: again.told, lastSuccess }, spec, now + 161 * 60_000).told?.telling).toHaveLength(1);
  });

  test('not while suspended; resumed or set to another duration, they count from then', () => {
    const { told } = look({}, spec);
    expect(look({ told }, { ...spec, suspend: true }, now + 9e6)).toEqual({ told: undefined });
    const other = look({ told }, { ...spec, expectEvery: '2h' }, now + 9e6);
    expect(other.told?.expected?.since).toBe(at(150));
  });

  test('an expectation that nobody heard of is told once somebody listens', () => {
    const { told } = look({}, spec);
    const deaf = look({ told }, spec, now + 4e6, false);
    expect(deaf.told).toEqual(told);
    expect(look({ told: deaf.told }, spec, now + 5e6).told?.telling).toHaveLength(1);
  });
});

test('time alone makes an expectation overdue, and a post that failed go out again', async () => {
  const clock = new FakeClock();
  const { client, close } = startLocalApi({ clock });
  const receiver = await Receiver.start();
  const options = { client, clock };
  const controllers = [
    startJobEventsController(options),
    startNotificationController({ ...options, async *readLog() {} }),
  ];
  await client.create(Namespace, { metadata: { name: 'dev' } });
  await client.create(TaskSchedule, {
    metadata: { name: 'nightly', namespace: 'dev' },
    spec: {
      taskTemplate: { appRef: { name: 'report' } },
      notify: { url: receiver.url },
      expectEvery: '26h',
      suspend: false,
      schedule: '@daily',
    },
  });
  for await (const { object } of client.watch(TaskSchedule, { namespace: 'dev' }))
    if (object.status?.told?.expected !== undefined) break;
  receiver.answers.push(answer(503));
  for (const controller of controllers) await controller.idle();
  clock.advance(26 * 3_600_000);
  await receiver.until('expected');
  for await (const { object } of client.watch(Notification, { namespace: 'dev' }))
    if (object.status?.nextAttemptTime !== undefined) break;
  for (const controller of controllers) await controller.idle();
  clock.advance(5_000);
  const [first, second] = await receiver.until('expected', 2);
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
  expect(second!.text).toBe(first!.text);
  expect(Number(second!.headers['webhook-timestamp'])).toBe(Number(first!.headers['webhook-timestamp']) + 5);
  await Promise.all(controllers.map((controller) => controller.stop()));
  await close();
  await receiver.close();
});
