import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import { systemClock } from '../../../src/client/clock.ts';
import { startJobEventsController } from '../../../src/controllers/notify/job-events-controller.ts';
import { startNotificationController } from '../../../src/controllers/notify/notification-controller.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Secret } from '../../../src/resources/core/kinds.ts';
import { Notification } from '../../../src/resources/kf/notification.ts';
import type { Notify } from '../../../src/resources/kf/notify.ts';
import { Space } from '../../../src/resources/kf/space.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';
import { labels } from '../../../src/resources/labels.ts';
import { startServer } from '../../apiserver/http/support.ts';
import { hostile } from '../../client/hostile-client.ts';
import { startLocalApi } from '../../support/local-api.ts';
import { answer, Receiver } from '../../support/receiver.ts';
import { World } from '../world.ts';

const seeds = Array.from({ length: Number(process.env.KF_SEEDS ?? 3) }, (_, index) => index + 1);
type Setup = () => Promise<{ controllers: Client; honest: Client; close: () => Promise<void> }>;
const setups: Record<string, Setup> = {
  'in-process': async () => {
    const { client, close } = startLocalApi();
    return { controllers: client, honest: client, close };
  },
  HTTP: async () => {
    const { client, close } = await startServer();
    return { controllers: client, honest: client, close };
  },
};
for (const seed of seeds)
  setups[`hostile, seed ${seed}`] = async () => {
    const local = startLocalApi();
    const client = hostile(local.client, { seed });
    return {
      controllers: client,
      honest: local.client,
      close: async () => {
        client.close();
        await local.close();
      },
    };
  };

describe.each(Object.keys(setups))('notifications over the %s client', (name) => {
  let world: World;
  let receiver: Receiver;
  let stop: () => Promise<void>;
  const setUp = async () => {
    const { controllers, honest, close } = await setups[name]!();
    receiver = await Receiver.start();
    world = new World(controllers, honest);
    const running = [
      startJobEventsController({ client: controllers, clock: systemClock }),
      startNotificationController({
        client: controllers,
        clock: systemClock,
        async *readLog() {
          yield Buffer.from('one\ntwo\n');
        },
      }),
    ];
    stop = async () => {
      await Promise.all(running.map((controller) => controller.stop()));
      await world.stop();
      await close();
      await receiver.close();
    };
    await world.app('report');
  };
  afterEach(() => stop());

  const listen = (notify: Partial<Notify> = {}) =>
    world.client.patch(
      Space,
      { name: 'dev' },
      { type: 'merge', body: { spec: { taskConfig: { notify: { url: receiver.url, ...notify } } } } },
    );
  const job = (spec: Partial<TaskSchedule['spec']> = {}) =>
    world.client.create(TaskSchedule, {
      metadata: { name: 'nightly', namespace: 'dev' },
      spec: { suspend: true, taskTemplate: { appRef: { name: 'report' } }, ...spec },
    });
  const setStatus = async (status: object) =>
    world.client.patch(
      TaskSchedule,
      { namespace: 'dev', name: 'nightly' },
      { type: 'merge', body: { status } },
      { subresource: 'status' },
    );
  const ids = () => new Set(receiver.received.map(({ headers }) => headers['webhook-id']));
  const delivered = async (count: number) => {
    for await (const _ of world.client.watch(Notification, { namespace: 'dev' })) {
      const { items } = await world.client.list(Notification, { namespace: 'dev' });
      if (items.filter(isFinal).length >= count) return items;
    }
    throw new Error('the watch ended');
  };

  test('a Task that fails is told of once, signed, with the end of its log', async () => {
    await setUp();
    await world.client.create(Secret, {
      metadata: { name: 'kf-notify', namespace: 'dev' },
      stringData: { secret: 'whsec_c2VjcmV0' },
    });
    await listen({ secretName: 'kf-notify' });
    await world.task('report', 'good', 'exit 0');
    await world.task('report', 'bad', 'exit 3');
    const [post] = await receiver.until('failed');
    expect(post!.json).toMatchObject({
      type: 'task.failed',
      text: expect.stringMatching(
        /^Task bad \(ID \d+\), App report in Space dev, failed: exit code 3\. See: kf logs bad --space dev$/,
      ),
      data: {
        space: 'dev',
        app: 'report',
        task: { name: 'bad', number: expect.any(Number), exitCode: 3, createdBy: expect.any(String) },
        reason: 'Failed',
        message: 'exit code 3',
        seeAlso: 'kf logs bad --space dev',
        log: { lines: ['one', 'two'], cut: false },
      },
    });
    const { headers, text } = post!;
    const signature = createHmac('sha256', 'secret')
      .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`)
      .digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature}`);
    await world.final('good');
    const [notification] = await delivered(1);
    expect(conditionOf(notification!, 'Succeeded')).toMatchObject({ status: 'True', reason: 'Delivered' });
    expect(ids().size).toBe(1);
  });

  test('a termination is not told of; nor what nobody asked for', async () => {
    await setUp();
    await listen({ on: ['missed'] });
    await world.task('report', 'bad', 'exit 3');
    await world.final('bad');
    await listen({ on: ['failed'] });
    await world.task('report', 'endless', 'wait');
    await world.until(Task, { namespace: 'dev', name: 'endless' }, (task) => task.status?.startTime !== undefined);
    await world.client.patch(
      Task,
      { namespace: 'dev', name: 'endless' },
      { type: 'merge', body: { spec: { terminated: true } } },
    );
    await world.final('endless');
    expect((await world.client.list(Notification)).items).toEqual([]);
  });

  test('a Job: missed, skipped, recovered and expected, each once; its own URL comes before the Space’s', async () => {
    await setUp();
    await listen({ url: 'http://127.0.0.1:9/nobody' });
    await job({ notify: { url: receiver.url }, expectEvery: '1m', suspend: false, schedule: '0 0 1 1 *' });
    const time = (minute: number) => `2026-01-01T00:0${minute}:00Z`;
    await setStatus({
      history: [
        { time: time(2), outcome: 'Skipped', message: 'busy' },
        { time: time(1), outcome: 'Missed' },
        { time: time(0), outcome: 'Missed' },
      ],
      lastFailure: { name: 'nightly-1', time: time(3), reason: 'Failed' },
      lastSuccess: { name: 'nightly-2', time: time(4) },
    });
    const [missed] = await receiver.until('missed');
    expect(missed!.json.data.slots).toEqual([{ time: time(1) }, { time: time(0) }]);
    expect((await receiver.until('skipped'))[0]!.json.text).toContain('skipped 2026-01-01T00:02:00Z: busy.');
    expect((await receiver.until('recovered'))[0]!.json.data).toMatchObject({ job: 'nightly', app: 'report' });
    await setStatus({ told: { expected: { every: '1m', since: '2026-01-01T00:00:00Z' } } });
    expect((await receiver.until('expected'))[0]!.json.data.message).toContain(`no success for 1m, since ${time(4)}`);
    await delivered(4);
    await world.until(
      TaskSchedule,
      { namespace: 'dev', name: 'nightly' },
      ({ status }) => status?.told?.telling === undefined && status?.told?.expected?.overdue !== undefined,
    );
    expect(ids().size).toBe(4);
  });

  test('a Task of a Job names it', async () => {
    await setUp();
    await listen();
    await job();
    await world.client.create(Task, {
      metadata: { name: 'nightly-1', namespace: 'dev', labels: { [labels.jobOwner]: 'nightly' } },
      spec: { appRef: { name: 'report' }, command: 'exit 1' },
    });
    expect((await receiver.until('failed'))[0]!.json.data).toMatchObject({ job: 'nightly', task: { exitCode: 1 } });
  });

  test('a receiver that never answers holds up no Task, and is asked twice at a time', async () => {
    await setUp();
    await listen();
    receiver.answers.push(...Array.from({ length: 20 }, () => () => undefined));
    const names = Array.from({ length: 10 }, (_, index) => `bad-${index}`);
    for (const name of names) await world.task('report', name, 'exit 1');
    await Promise.all(names.map((name) => world.final(name)));
    await receiver.until('failed', 2);
    expect(receiver.received).toHaveLength(2);
    const { items } = await world.client.list(Notification, { namespace: 'dev' });
    expect(items).toHaveLength(10);
    expect(items.filter(isFinal)).toEqual([]);
  });

  test('refused, redirected, asked to wait: it waits, under the same id; 410 ends it', async () => {
    await setUp();
    await listen();
    receiver.answers.push(answer(302, { location: receiver.url }));
    await world.task('report', 'bad', 'exit 1');
    await receiver.until('failed');
    const waiting = await world.until(
      Notification,
      { namespace: 'dev', name: (await world.client.list(Notification)).items[0]!.metadata.name },
      ({ status }) => status?.nextAttemptTime !== undefined,
    );
    expect(conditionOf(waiting, 'Succeeded')).toMatchObject({ status: 'Unknown', reason: 'Pending' });
    receiver.answers.push(answer(410));
    await world.task('report', 'worse', 'exit 1');
    const items = await delivered(1);
    expect(items.map((one) => conditionOf(one, 'Succeeded')?.reason).sort()).toEqual(['Gone', 'Pending']);
  });
});
