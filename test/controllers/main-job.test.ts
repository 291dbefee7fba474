import { afterEach, describe, expect, test } from 'vitest';
import { conditionOf } from '../../src/resources/condition.ts';
import { Secret } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { App } from '../../src/resources/kf/app.ts';
import { Build } from '../../src/resources/kf/build.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { clientSettings } from './clients.ts';
import { World } from './world.ts';

const settings = clientSettings();

const succeeded = (task: Task) => conditionOf(task, 'Succeeded');

describe.each(Object.keys(settings))('the main job over the %s client', (name) => {
  let world: World;
  let close: () => Promise<void>;
  const start = async () => {
    const setting = await settings[name]!();
    world = new World(setting.controllers(), setting.honest);
    close = setting.close;
  };
  afterEach(async () => {
    await world.stop();
    await close();
  });

  test('a Task runs once, and its exit code arrives', async () => {
    await start();
    await world.app('report');
    await world.task('report', 'good', 'exit 0');
    await world.task('report', 'bad', 'exit 3');
    const [good, bad] = await Promise.all([world.final('good'), world.final('bad')]);
    expect(succeeded(good)).toMatchObject({ status: 'True' });
    expect(good.status).toMatchObject({ exitCode: 0, podName: 'good-user-container-pod' });
    expect(succeeded(bad)).toMatchObject({ status: 'False', reason: 'Failed' });
    expect(bad.status).toMatchObject({ exitCode: 3, message: 'exit code 3' });
    expect(new Set([good.status?.id, bad.status?.id]).size).toBe(2);
    expect(world.node.ran).toHaveLength(2);
    for (const [kind, ref] of [
      [PipelineRun, 'good'],
      [TaskRun, 'good-user-container'],
    ] as const)
      expect(
        conditionOf(await world.client.get(kind as typeof TaskRun, { namespace: 'dev', name: ref }), 'Succeeded'),
      ).toMatchObject({ status: 'True' });
  });

  test('many Tasks at once have numbers of their own and run once each', async () => {
    await start();
    await world.app('report');
    const names = Array.from({ length: 12 }, (_, index) => `t${index}`);
    await Promise.all(names.map((task) => world.task('report', task, 'exit 0')));
    const tasks = await Promise.all(names.map((task) => world.final(task)));
    expect(new Set(tasks.map((task) => task.status?.id)).size).toBe(names.length);
    expect(world.node.ran).toHaveLength(names.length);
  });

  test('a terminated Task ends as terminated, and its Pod goes', async () => {
    await start();
    await world.app('report');
    await world.task('report', 'long', 'wait');
    await world.until(
      Pod,
      { namespace: 'dev', name: 'long-user-container-pod' },
      (pod) => pod.status?.phase === 'Running',
    );
    await world.client.patch(
      Task,
      { namespace: 'dev', name: 'long' },
      { type: 'merge', body: { spec: { terminated: true } } },
    );
    const task = await world.final('long');
    expect(succeeded(task)).toMatchObject({
      status: 'False',
      reason: 'TaskRunCancelled',
      message: expect.stringMatching(/^terminated by \w+$/),
    });
    // However early the Pod could have gone.
    expect(task.status?.exitCode).toBe(143);
    await world.untilGone(Pod, { namespace: 'dev', name: 'long-user-container-pod' });
  });

  test('a Task whose Pod was deleted says so', async () => {
    await start();
    await world.app('report');
    await world.task('report', 'long', 'wait');
    const pod = { namespace: 'dev', name: 'long-user-container-pod' };
    await world.until(Pod, pod, ({ status }) => status?.phase === 'Running');
    await world.client.delete(Pod, pod);
    expect(succeeded(await world.final('long'))).toMatchObject({ status: 'False', reason: 'PodDeleted' });
    expect(world.node.ran).toHaveLength(1);
  });

  test('a Task whose TaskRun was deleted says so: it had started', async () => {
    await start();
    await world.app('report');
    await world.task('report', 'long', 'wait');
    const pod = { namespace: 'dev', name: 'long-user-container-pod' };
    await world.until(Pod, pod, ({ status }) => status?.phase === 'Running');
    // Of a create whose answer was lost nobody knows yet, over a bad network.
    await world.until(
      PipelineRun,
      { namespace: 'dev', name: 'long' },
      ({ status }) => !!status?.childReferences?.length,
    );
    await world.client.delete(TaskRun, { namespace: 'dev', name: 'long-user-container' });
    expect(succeeded(await world.final('long'))).toMatchObject({
      status: 'False',
      reason: 'TaskRunDeleted',
      message: 'the TaskRun "long-user-container" was deleted',
    });
    expect(world.node.ran).toHaveLength(1);
  });

  test('a Task that is terminated before it starts never runs', async () => {
    await start();
    await world.app('waiting', '');
    await world.task('waiting', 'never', 'exit 0');
    await world.client.patch(
      Task,
      { namespace: 'dev', name: 'never' },
      { type: 'merge', body: { spec: { terminated: true } } },
    );
    expect(succeeded(await world.final('never'))).toMatchObject({ status: 'False', reason: 'TaskRunCancelled' });
    expect(world.node.ran).toEqual([]);
  });

  test('a Task of the name of one that was just deleted runs when that one has left nothing', async () => {
    await start();
    await world.app('report');
    const pod = { namespace: 'dev', name: 'again-user-container-pod' };
    await world.task('report', 'again', 'wait');
    const old = await world.until(Pod, pod, ({ status }) => status?.phase === 'Running');
    await world.client.delete(Task, { namespace: 'dev', name: 'again' });
    await world.task('report', 'again', 'exit 0');
    expect((await world.final('again')).status).toMatchObject({ exitCode: 0 });
    expect((await world.client.get(Pod, pod)).metadata.uid).not.toBe(old.metadata.uid);
    expect(world.node.ran).toHaveLength(2);
  });

  test('a Task waits for the first build, and starts when it is done', async () => {
    await start();
    const app = await world.app('source', '');
    await world.client.patch(
      App,
      { namespace: 'dev', name: 'source' },
      {
        type: 'merge',
        body: {
          spec: { build: { spec: { name: 'host-stack', sourcePackage: { name: 'source-1' } }, updateRequests: 1 } },
        },
      },
    );
    await world.task('source', 'early', 'exit 0');
    await world.until(
      Task,
      { namespace: 'dev', name: 'early' },
      (task) => succeeded(task)?.reason === 'WaitingForBuild',
    );
    const build = await world.until(Build, { namespace: 'dev', name: 'source-1' }, () => true);
    expect(build.metadata.ownerReferences?.[0]?.uid).toBe(app.metadata.uid);
    await world.client.updateStatus(Build, {
      ...build,
      status: { image: 'kf.local/dev/source@x', conditions: [{ type: 'Succeeded', status: 'True' }] },
    });
    const task = await world.final('early');
    expect(task.status).toMatchObject({ exitCode: 0, image: 'kf.local/dev/source@x' });
  });

  test('a failed first build fails the waiting Task, with the reason', async () => {
    await start();
    await world.app('source', '');
    await world.client.patch(
      App,
      { namespace: 'dev', name: 'source' },
      {
        type: 'merge',
        body: {
          spec: { build: { spec: { name: 'host-stack', sourcePackage: { name: 'source-1' } }, updateRequests: 1 } },
        },
      },
    );
    await world.task('source', 'early', 'exit 0');
    const build = await world.until(Build, { namespace: 'dev', name: 'source-1' }, () => true);
    await world.client.updateStatus(Build, {
      ...build,
      status: { conditions: [{ type: 'Succeeded', status: 'False', message: 'npm failed' }] },
    });
    expect(succeeded(await world.final('early'))).toMatchObject({
      reason: 'BuildFailed',
      message: expect.stringContaining('npm failed'),
    });
    expect(world.node.ran).toEqual([]);
  });

  test('deleting the App takes everything along', async () => {
    await start();
    await world.app('report');
    await world.task('report', 'one', 'exit 0');
    const task = await world.final('one');
    await world.until(Secret, { namespace: 'dev', name: 'kf-injected-envs-report' }, () => true);
    await world.client.delete(App, { namespace: 'dev', name: 'report' });
    await world.untilGone(Secret, { namespace: 'dev', name: 'kf-injected-envs-report' });
    // Made without an owner by this test; the PipelineRun and what is below follow their Task.
    await world.client.delete(Task, { namespace: 'dev', name: 'one' });
    await world.untilGone(PipelineRun, { namespace: 'dev', name: 'one' });
    await world.untilGone(Pod, { namespace: 'dev', name: task.status?.podName ?? '' });
  });
});
