import { afterEach, describe, expect, test } from 'vitest';
import { isRetried, retryDelay } from '../../../src/controllers/task/attempts.ts';
import { pipelineRunName } from '../../../src/controllers/task/pipeline-run.ts';
import { startTaskController } from '../../../src/controllers/task/task-controller.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi } from '../../support/local-api.ts';
import { clientSettings, type Setting } from '../clients.ts';
import { World } from '../world.ts';

const settings = clientSettings();

describe.each(Object.keys(settings))('retries over the %s client', (name) => {
  let world: World;
  let clock: FakeClock;
  let setting: Setting;
  let crawl: NodeJS.Timeout;
  const start = async () => {
    setting = await settings[name]!();
    clock = new FakeClock();
    world = new World(setting.controllers(), setting.honest, clock);
    // Attempts of writes that failed come back after milliseconds of this clock too.
    crawl = setInterval(() => clock.advance(2), 1);
    await world.app('app');
  };
  afterEach(async () => {
    clearInterval(crawl);
    await world.stop();
    await setting.close();
  });
  const create = (task: string, command: string, spec: Partial<Task['spec']>) =>
    world.client.create(Task, {
      metadata: { name: task, namespace: 'dev' },
      spec: { appRef: { name: 'app' }, command, ...spec },
    });
  const reason = (task: Task) => conditionOf(task, 'Succeeded')?.reason;
  const waitsForRetry = (task: string) =>
    world.until(Task, { namespace: 'dev', name: task }, (object) => reason(object) === 'WaitingForRetry');

  test('one Task, one number, an attempt after the other until one succeeds', async () => {
    await start();
    await create('flaky', 'exits 3 4 0', { retries: 5, retryDelay: '20ms' });
    const { status } = await world.final('flaky');
    expect(status).toMatchObject({ exitCode: 0, pipelineRunName: 'flaky-attempt-3' });
    expect(status?.attempts).toMatchObject([
      { attempt: 1, pipelineRunName: 'flaky', podName: 'flaky-user-container-pod', exitCode: 3, reason: 'Failed' },
      { attempt: 2, pipelineRunName: 'flaky-attempt-2', exitCode: 4, message: 'exit code 4' },
      { attempt: 3, pipelineRunName: 'flaky-attempt-3', exitCode: 0 },
    ]);
    expect(status?.attempts?.[2]?.reason).toBeUndefined();
    expect(status?.nextAttemptTime).toBeUndefined();
    expect(world.node.ran).toHaveLength(3);
  });

  test('the last attempt’s failure is the Task’s', async () => {
    await start();
    await create('bad', 'exit 7', { retries: 2, retryDelay: '10ms' });
    const task = await world.final('bad');
    expect(conditionOf(task, 'Succeeded')).toMatchObject({ status: 'False', reason: 'Failed', message: 'exit code 7' });
    expect(task.status?.attempts).toHaveLength(3);
    expect(world.node.ran).toHaveLength(3);
  });

  test('controllers that come and go make each attempt once', async () => {
    await start();
    const names = ['a', 'b', 'c'];
    for (const task of names) await create(task, 'exits 1 1 1 0', { retries: 3, retryDelay: '5ms' });
    const ended = Promise.all(names.map((task) => world.final(task)));
    let done = false;
    void ended.then(() => {
      done = true;
    });
    while (!done) {
      const other = startTaskController({ client: setting.controllers(), clock });
      await other.synced;
      await Promise.race([ended, new Promise((resolve) => clock.after(7, () => resolve(undefined)))]);
      await other.stop();
    }
    for (const task of await ended)
      expect(task.status?.attempts?.map(({ exitCode }) => exitCode)).toEqual([1, 1, 1, 0]);
    expect(world.node.ran).toHaveLength(4 * names.length);
    expect((await world.client.list(PipelineRun, { namespace: 'dev' })).items).toHaveLength(4 * names.length);
  });

  test('between two attempts the Task is not final, says when the next one starts, and ends at once when terminated', async () => {
    await start();
    await create('later', 'exit 1', { retries: 3, retryDelay: '30m' });
    const waiting = await waitsForRetry('later');
    expect(isFinal(waiting)).toBe(false);
    expect(waiting.status?.exitCode).toBeUndefined();
    expect(waiting.status?.message).toContain(
      `attempt 1 of 4 failed: exit code 1; attempt 2 starts at ${waiting.status?.nextAttemptTime}`,
    );
    await world.client.patch(
      Task,
      { namespace: 'dev', name: 'later' },
      { type: 'merge', body: { spec: { terminated: true } } },
    );
    const final = await world.final('later');
    expect(reason(final)).toBe('TaskRunCancelled');
    expect(final.status?.attempts).toMatchObject([{ attempt: 1, exitCode: 1, reason: 'Failed' }]);
    expect(world.node.ran).toHaveLength(1);
  });

  test('a Task that is terminated in an attempt is not tried again', async () => {
    await start();
    await create('long', 'wait', { retries: 3, retryDelay: '5ms' });
    const pod = { namespace: 'dev', name: 'long-user-container-pod' };
    await world.until(Pod, pod, ({ status }) => status?.phase === 'Running');
    await world.client.patch(
      Task,
      { namespace: 'dev', name: 'long' },
      { type: 'merge', body: { spec: { terminated: true } } },
    );
    expect(reason(await world.final('long'))).toBe('TaskRunCancelled');
    expect(world.node.ran).toHaveLength(1);
  });
});

describe('the delay', () => {
  let world: World;
  let clock: FakeClock;
  let close: () => Promise<void>;
  const start = async () => {
    const local = startLocalApi();
    clock = new FakeClock();
    world = new World(local.client, local.client, clock);
    close = local.close;
    await world.app('app');
    await world.client.create(Task, {
      metadata: { name: 'task', namespace: 'dev' },
      spec: { appRef: { name: 'app' }, command: 'exit 1', retries: 2 },
    });
  };
  afterEach(async () => {
    await world.stop();
    await close();
  });
  const untilAttempts = (count: number) =>
    world.until(
      Task,
      { namespace: 'dev', name: 'task' },
      ({ status }) => status?.attempts?.length === count && status.nextAttemptTime !== undefined,
    );

  test('is 10 s, then 20 s, and not a moment less', async () => {
    await start();
    await untilAttempts(1);
    await world.idle();
    clock.advance(9_999);
    await world.idle();
    expect(world.node.ran).toHaveLength(1);
    clock.advance(1);
    await untilAttempts(2);
    await world.idle();
    clock.advance(19_999);
    await world.idle();
    expect(world.node.ran).toHaveLength(2);
    clock.advance(1);
    expect((await world.final('task')).status?.attempts).toHaveLength(3);
  });

  test('is no longer when the clock is set back by hours', async () => {
    await start();
    await untilAttempts(1);
    await world.idle();
    clock.advance(-3 * 3_600_000);
    await world.client.patch(
      Task,
      { namespace: 'dev', name: 'task' },
      { type: 'merge', body: { metadata: { annotations: { looked: 'again' } } } },
    );
    await world.until(
      Task,
      { namespace: 'dev', name: 'task' },
      ({ status }) => Date.parse(status?.nextAttemptTime ?? '') === clock.now() + 10_000,
    );
  });
});

describe('which attempts are tried again', () => {
  const task = (spec: Partial<Task['spec']>): Task => ({
    apiVersion: 'kf.dev/v1alpha1',
    kind: 'Task',
    metadata: { name: 'task' },
    spec: { appRef: { name: 'app' }, ...spec },
  });
  const ended = (reason: string) => ({ type: 'TaskRunReady', status: 'False' as const, reason });

  test.each(['TaskTimeout', 'NodeRestarted', 'ContainerStatusUnknown', 'Evicted', 'PodDeleted'])('%s is', (reason) => {
    expect(isRetried(task({ retries: 1 }), ended(reason), {})).toBe(true);
    expect(isRetried(task({}), ended(reason), {})).toBe(false);
  });
  test.each(['Failed', 'OOMKilled', 'DiskQuotaExceeded'])('%s with an exit code is', (reason) => {
    expect(isRetried(task({ retries: 1 }), ended(reason), { exitCode: 137 })).toBe(true);
  });
  test.each(['ContainerCannotRun', 'ErrImageNeverPull', 'NeverFits', 'TemplateError', 'PipelineRunDeleted'])(
    '%s never is',
    (reason) => {
      expect(isRetried(task({ retries: 1 }), ended(reason), {})).toBe(false);
    },
  );
  test('a termination never is, whatever the code', () => {
    expect(isRetried(task({ retries: 1 }), ended('TaskRunCancelled'), { exitCode: 143 })).toBe(false);
  });

  test('the delay doubles up to an hour', () => {
    const delays = [1, 2, 3, 9, 10, 100].map((attempt) => retryDelay(task({ retries: 100 }), attempt));
    expect(delays).toEqual([10_000, 20_000, 40_000, 2_560_000, 3_600_000, 3_600_000]);
    expect(retryDelay(task({ retries: 1, retryDelay: '90m' }), 1)).toBe(3_600_000);
  });

  test('names of attempts stay within 63 characters and apart', () => {
    const long = { ...task({}), metadata: { name: 'a'.repeat(63) } };
    const names = [1, 2, 3, 100].map((attempt) => pipelineRunName(long, attempt));
    expect(names[0]).toBe(long.metadata.name);
    expect(new Set(names).size).toBe(4);
    expect(names.every((name) => name.length <= 63)).toBe(true);
  });
});
