import { afterEach, describe, expect, test } from 'vitest';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Pod, podFinished } from '../../../src/resources/core/pod.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { Space } from '../../../src/resources/kf/space.ts';
import { roomFor } from '../../../src/resources/kf/space-limits.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { clientSettings } from '../clients.ts';
import { World } from '../world.ts';

const settings = clientSettings();

describe.each(Object.keys(settings))('caps of a Space over the %s client', (name) => {
  let world: World;
  let close: () => Promise<void>;
  const start = async (limits: object) => {
    const setting = await settings[name]!();
    world = new World(setting.controllers(), setting.honest);
    close = setting.close;
    await world.app('app');
    await cap(limits);
  };
  afterEach(async () => {
    await world.stop();
    await close();
  });
  const cap = (limits: object | null) =>
    world.client.patch(Space, { name: 'dev' }, { type: 'merge', body: { spec: { taskConfig: { limits } } } });
  const reason = (task: Task) => conditionOf(task, 'Succeeded')?.reason;
  const has = (task: string, wanted: string) =>
    world.until(Task, { namespace: 'dev', name: task }, (object) => reason(object) === wanted);
  const terminate = (task: string) =>
    world.client.patch(Task, { namespace: 'dev', name: task }, { type: 'merge', body: { spec: { terminated: true } } });
  const commands = () => world.node.ran.map((line) => line.split(' ').slice(1).join(' '));

  test('never more at a time than the cap, and all get their turn', async () => {
    await start({ tasks: 2 });
    const stop = new AbortController();
    const active = new Set<string>();
    let most = 0;
    const watching = (async () => {
      for await (const { type, object } of world.client.watch(PipelineRun, { namespace: 'dev', signal: stop.signal })) {
        if (type === 'DELETED' || isFinal(object)) active.delete(object.metadata.name);
        else active.add(object.metadata.name);
        most = Math.max(most, active.size);
      }
    })();
    const names = Array.from({ length: 9 }, (_, index) => `t${index}`);
    await Promise.all(names.map((task) => world.task('app', task, 'exit 0')));
    await Promise.all(names.map((task) => world.final(task)));
    stop.abort();
    await watching;
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
    expect(world.node.ran).toHaveLength(names.length);
  });

  const taskRun = (run: string, line: string) =>
    world.client.create(TaskRun, {
      metadata: { name: run, namespace: 'dev' },
      spec: { taskSpec: { steps: [{ name: 's', image: 'i', command: ['sh', '-c', line] }] } },
    });
  const ofRun = (run: string, accepts: (object: TaskRun) => boolean) =>
    world.until(TaskRun, { namespace: 'dev', name: run }, accepts);
  const waitsForSpace = (run: TaskRun) =>
    (conditionOf(run, 'Succeeded')?.message ?? '').startsWith('WaitingForSpace: ');

  test('TaskRuns of nobody’s Task wait as Tasks do, and Tasks wait for them', async () => {
    await start({ tasks: 1 });
    await world.task('app', 'first', 'wait first');
    await world.until(PipelineRun, { namespace: 'dev', name: 'first' }, () => true);
    await taskRun('second', 'wait second');
    const held = await ofRun('second', waitsForSpace);
    expect(conditionOf(held, 'Succeeded')).toMatchObject({
      status: 'Unknown',
      reason: 'Pending',
      message: 'WaitingForSpace: Space "dev" runs 1 Task at a time; it starts when it has its turn and room',
    });
    expect(held.status?.podName).toBeUndefined();
    await terminate('first');
    await ofRun('second', (run) => run.status?.podName !== undefined);
    await world.task('app', 'third', 'exit 0');
    await has('third', 'WaitingForSpace');
    const body = { spec: { status: 'TaskRunCancelled' } };
    await world.client.patch(TaskRun, { namespace: 'dev', name: 'second' }, { type: 'merge', body });
    await world.final('third');
    expect(commands()).toEqual(['wait first', 'wait second', 'exit 0']);
  });

  test('Tasks and TaskRuns that come at the same instant never take more than there is', async () => {
    await start({ tasks: 2 });
    const stop = new AbortController();
    const active = new Set<string>();
    let most = 0;
    const watching = (async () => {
      for await (const { type, object } of world.client.watch(Pod, { namespace: 'dev', signal: stop.signal })) {
        if (type === 'DELETED' || podFinished(object)) active.delete(object.metadata.name);
        else active.add(object.metadata.name);
        most = Math.max(most, active.size);
      }
    })();
    const numbers = [1, 2, 3, 4, 5];
    await Promise.all(
      numbers.flatMap((number) => [world.task('app', `task-${number}`, 'exit 0'), taskRun(`run-${number}`, 'exit 0')]),
    );
    for (const number of numbers) {
      await world.final(`task-${number}`);
      await ofRun(`run-${number}`, isFinal);
    }
    stop.abort();
    await watching;
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(2);
    expect(world.node.ran).toHaveLength(2 * numbers.length);
  });

  test('a TaskRun that can never fit is refused; without caps nothing waits', async () => {
    await start({ memory: '1Gi' });
    const big = { limits: { memory: '2Gi' } };
    await world.client.create(TaskRun, {
      metadata: { name: 'big', namespace: 'dev' },
      spec: {
        taskSpec: { steps: [{ name: 's', image: 'i', command: ['sh', '-c', 'exit 0'], computeResources: big }] },
      },
    });
    expect(conditionOf(await ofRun('big', isFinal), 'Succeeded')).toMatchObject({
      reason: 'NeverFits',
      message: expect.stringContaining('needs 2Gi of memory'),
    });
    await cap({ memory: null, tasks: 1 });
    await taskRun('one', 'wait 1');
    await ofRun('one', (run) => run.status?.podName !== undefined);
    await taskRun('two', 'exit 0');
    await ofRun('two', waitsForSpace);
    await cap(null);
    expect(conditionOf(await ofRun('two', isFinal), 'Succeeded')?.status).toBe('True');
  });

  test('first in, first out; who leaves the line holds nobody back', async () => {
    await start({ tasks: 1 });
    await world.task('app', 'first', 'wait first');
    await has('first', 'Running');
    for (const task of ['gone', 'second', 'ended', 'third']) {
      await world.task('app', task, `exit 0 ${task}`);
      await has(task, 'WaitingForSpace');
    }
    const waiting = await world.client.get(Task, { namespace: 'dev', name: 'third' });
    expect(waiting.status?.message).toBe(
      'Space "dev" runs 1 Task at a time; others are before it; it starts when it has its turn and room',
    );
    await terminate('ended');
    await world.final('ended');
    await world.client.delete(Task, { namespace: 'dev', name: 'gone' });
    await terminate('first');
    await world.final('third');
    expect(commands()).toEqual(['wait first', 'exit 0 second', 'exit 0 third']);
  });

  test('who begins to wait for something else holds back nobody behind it', async () => {
    await start({ tasks: 1 });
    await world.app('other');
    await world.task('app', 'first', 'wait first');
    await has('first', 'Running');
    await world.task('other', 'second', 'exit 0 second');
    await has('second', 'WaitingForSpace');
    await world.task('app', 'third', 'exit 0 third');
    await has('third', 'WaitingForSpace');
    await world.client.delete(App, { namespace: 'dev', name: 'other' });
    await has('second', 'AppNotFound');
    await terminate('first');
    await world.final('third');
    expect(commands()).toEqual(['wait first', 'exit 0 third']);
  });

  test('a cap that is raised or taken away lets them go; one that nobody can keep refuses', async () => {
    await start({ memory: '1Gi' });
    await world.task('app', 'a', 'wait');
    await has('a', 'Running');
    await world.task('app', 'b', 'wait');
    await has('b', 'WaitingForSpace');
    await cap({ memory: '2Gi' });
    await has('b', 'Running');
    await world.task('app', 'c', 'wait');
    await has('c', 'WaitingForSpace');
    await cap({ memory: '512Mi' });
    expect(conditionOf(await world.final('c'), 'Succeeded')).toMatchObject({
      reason: 'NeverFits',
      message: expect.stringContaining('needs 1Gi of memory'),
    });
    await cap(null);
    await world.task('app', 'd', 'exit 0');
    await world.final('d');
    await Promise.all(['a', 'b'].map(terminate));
    await Promise.all(['a', 'b'].map((task) => world.final(task)));
  });

  test('a Task that waited takes the image that is the newest when it starts', async () => {
    await start({ tasks: 1 });
    await world.task('app', 'first', 'wait');
    await has('first', 'Running');
    await world.task('app', 'second', 'exit 0');
    await has('second', 'WaitingForSpace');
    const app = { namespace: 'dev', name: 'app' };
    await world.client.patch(App, app, { type: 'merge', body: { spec: { build: { image: 'kf.local/dev/newer' } } } });
    await world.until(App, app, ({ status }) => status?.image === 'kf.local/dev/newer');
    await terminate('first');
    expect((await world.final('second')).status?.image).toBe('kf.local/dev/newer');
    expect((await world.final('first')).status?.image).toBe('kf.local/stack/host');
  });

  test('an attempt that is due waits for room, too', async () => {
    await start({ tasks: 1 });
    await world.client.create(Task, {
      metadata: { name: 'flaky', namespace: 'dev' },
      spec: { appRef: { name: 'app' }, command: 'exits 1 0', retries: 1, retryDelay: '1h' },
    });
    await has('flaky', 'WaitingForRetry');
    await world.task('app', 'other', 'wait other');
    await has('other', 'Running');
    const ref = { namespace: 'dev', name: 'flaky' };
    await world.client.patch(Task, ref, { type: 'merge', body: { spec: { retryDelay: '1ms' } } });
    await has('flaky', 'WaitingForSpace');
    await terminate('other');
    expect((await world.final('flaky')).status?.attempts).toHaveLength(2);
  });
});

describe('room', () => {
  const need = { memory: 2 ** 30, cpu: 0.1 };
  test.each([
    [{}, 5, 'fits'],
    [{ tasks: 2 }, 1, 'fits'],
    [{ tasks: 2 }, 2, 'later'],
    [{ memory: '2Gi' }, 1, 'fits'],
    [{ memory: '2Gi' }, 2, 'later'],
    [{ memory: '1000Mi' }, 0, 'never'],
    [{ cpu: '300m' }, 2, 'fits'],
    [{ cpu: '0.3' }, 3, 'later'],
    [{ cpu: '50m' }, 0, 'never'],
    [{ memory: '1Gi', cpu: '50m' }, 1, 'never'],
  ])('%j with %i running: %s', (limits, running, verdict) => {
    expect(roomFor(need, Array.from({ length: running }).fill(need) as never, limits, 'dev').verdict).toBe(verdict);
  });
});
