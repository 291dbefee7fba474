/** What a Job does when the clock jumps, the machine sleeps, or the server dies between two steps. */

import { afterEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import type { RunningController } from '../../../src/client/controller.ts';
import { startTaskScheduleController } from '../../../src/controllers/task-schedule/task-schedule-controller.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';
import { labels } from '../../../src/resources/labels.ts';
import { hostile } from '../../client/hostile-client.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi } from '../../support/local-api.ts';
import { World } from '../world.ts';

const seeds = Array.from({ length: Number(process.env.KF_SEEDS ?? 3) }, (_, index) => index + 1);
const clients: Record<string, (client: Client) => Client> = { 'in-process': (client) => client };
for (const seed of seeds) clients[`hostile, seed ${seed}`] = (client) => hostile(client, { seed });

const start = Date.parse('2026-03-01T08:00:30Z');
const hour = 3_600_000;
const nameAt = (time: string) => `job-${Date.parse(`2026-03-01T${time}Z`) / 1000}`;

describe.each(Object.keys(clients))('Jobs over the %s client', (name) => {
  let world: World;
  let clock: FakeClock;
  let client: Client;
  let controller: RunningController;
  let stop: () => Promise<void>;
  const setUp = async (spec: Partial<TaskSchedule['spec']> = {}) => {
    const local = startLocalApi();
    clock = new FakeClock(start);
    client = clients[name]!(local.client);
    world = new World(client, local.client);
    controller = startTaskScheduleController({ client, clock });
    const crawl = setInterval(() => clock.advance(2), 1);
    stop = async () => {
      clearInterval(crawl);
      await controller.stop();
      (client as { close?: () => void }).close?.();
      await world.stop();
      await local.close();
    };
    await world.app('app');
    await local.client.create(TaskSchedule, {
      metadata: { name: 'job', namespace: 'dev' },
      spec: { schedule: '0 * * * *', taskTemplate: { appRef: { name: 'app' }, command: 'exit 0' }, ...spec },
    });
    await jobUntil(({ status }) => status?.nextScheduleTime !== undefined);
  };
  afterEach(() => stop());
  const jobUntil = (accepts: (job: TaskSchedule) => boolean) =>
    world.until(TaskSchedule, { namespace: 'dev', name: 'job' }, accepts);
  const settled = () =>
    jobUntil(({ status = {} }) => !(status.starting ?? status.decided ?? status.backlog ?? status.active));
  const made = async () =>
    (await world.client.list(Task, { namespace: 'dev', labelSelector: labels.jobOwner })).items
      .map(({ metadata }) => metadata.name)
      .sort();

  test('the machine slept for hours: the newest slot runs within seconds of its waking', async () => {
    await setUp();
    clock.jump(5 * hour);
    clock.advance(10_000);
    await world.final(nameAt('13:00:00'));
    const { status } = await settled();
    expect(await made()).toEqual([nameAt('13:00:00')]);
    expect(status?.history?.map((entry) => [entry.outcome, entry.time.slice(11, 16)])).toEqual(
      ['12:00', '11:00', '10:00', '09:00'].map((time) => ['Missed', time]),
    );
    expect(status?.nextScheduleTime).toBe('2026-03-01T14:00:00Z');
  });

  test('the clock is set back by hours: said, and counted anew; no slot runs twice', async () => {
    await setUp();
    clock.advance(hour);
    await world.final(nameAt('09:00:00'));
    await settled();
    clock.jump(-3 * hour);
    clock.advance(10_000);
    const { status } = await jobUntil(({ status }) => status?.history !== undefined);
    expect(status?.history?.[0]?.message).toMatch(/^ClockWentBack/);
    expect(status?.nextScheduleTime).toBe('2026-03-01T07:00:00Z');
    clock.advance(hour);
    await world.final(nameAt('07:00:00'));
    await settled();
    clock.advance(2 * hour);
    await world.final(nameAt('08:00:00'));
    await jobUntil(({ status }) => status?.nextScheduleTime === '2026-03-01T10:00:00Z');
    await settled();
    // 09:00 comes a second time; its Task is there already.
    expect(await made()).toEqual(['07:00:00', '08:00:00', '09:00:00'].map(nameAt));
    expect(world.node.ran).toHaveLength(3);
  });

  test('the clock is set forward: what it jumped over was missed', async () => {
    await setUp({ missed: 'skip' });
    clock.jump(2 * hour);
    clock.advance(10_000);
    const { status } = await jobUntil(({ status }) => status?.history?.length === 2);
    expect(status?.history?.map(({ outcome }) => outcome)).toEqual(['Missed', 'Missed']);
    expect(await made()).toEqual([]);
  });

  test('the server was down across many slots: all of them, one after the other', async () => {
    await setUp({ missed: 'all', concurrencyPolicy: 'Forbid' });
    await controller.stop();
    clock.jump(6 * hour);
    controller = startTaskScheduleController({ client, clock });
    const expected = ['09', '10', '11', '12', '13', '14'].map((of) => nameAt(`${of}:00:00`));
    await world.final(expected.at(-1)!);
    const { status } = await settled();
    expect(await made()).toEqual(expected);
    expect(world.node.ran).toHaveLength(6);
    expect(status?.history).toBeUndefined();
  });

  test('the server dies after any step of a slot: one Task, and it is recorded', async () => {
    await setUp();
    // Each life ends after so many writes.
    for (let writes = 0; writes < 4; writes++) {
      await controller.stop();
      controller = startTaskScheduleController({ client: mortal(client, writes), clock });
      clock.advance(hour);
      await controller.idle();
      await controller.stop();
      controller = startTaskScheduleController({ client, clock });
      const slot = nameAt(`${String(9 + writes).padStart(2, '0')}:00:00`);
      await world.final(slot);
      const { status } = await settled();
      expect(status?.lastSuccess?.name).toBe(slot);
      expect(await made()).toHaveLength(writes + 1);
      expect(world.node.ran).toHaveLength(writes + 1);
    }
  });
});

/** Nothing that is written after so many writes arrives. */
function mortal(client: Client, writes: number): Client {
  let left = writes;
  const dying =
    (call: (...args: never[]) => Promise<unknown>) =>
    (...args: never[]) => {
      left -= 1;
      return left < 0 ? new Promise<never>((_, reject) => setTimeout(reject, 5, new Error('dead'))) : call(...args);
    };
  return {
    get: (kind, ref) => client.get(kind, ref),
    list: (kind, options) => client.list(kind, options),
    listMetadata: (kind, options) => client.listMetadata(kind, options),
    watch: (kind, options) => client.watch(kind, options),
    create: dying(client.create.bind(client) as never) as Client['create'],
    update: dying(client.update.bind(client) as never) as Client['update'],
    updateStatus: dying(client.updateStatus.bind(client) as never) as Client['updateStatus'],
    patch: dying(client.patch.bind(client) as never) as Client['patch'],
    delete: dying(client.delete.bind(client) as never) as Client['delete'],
  };
}
