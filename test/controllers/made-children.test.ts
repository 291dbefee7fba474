/** A child that is deleted before its owner's status tells of it: what it has begun is not begun again. */

import { expect, test } from 'vitest';
import type { AnyKind, Client } from '../../src/client/client.ts';
import { systemClock } from '../../src/client/clock.ts';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { Namespace } from '../../src/resources/core/kinds.ts';
import { Pod, podFinished } from '../../src/resources/core/pod.ts';
import { Task as KfTask } from '../../src/resources/kf/task.ts';
import { conflict } from '../../src/resources/status.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { Task } from '../../src/resources/tekton/task.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { startTaskRunController } from '../../src/tekton/task-run/task-run-controller.ts';
import { startFakeNode } from '../support/fake-node.ts';
import { startLocalApi } from '../support/local-api.ts';
import { untilObject } from './until.ts';
import { World } from './world.ts';

/** What of an owner's status tells of its child. */
const telling = ['podName', 'childReferences', 'pipelineRunName'] as const;

/** A Client that writes no status of this kind which tells of a child until it is let. */
function lateClient(client: Client, owner: AnyKind, isLet: () => boolean): Client {
  const updateStatus: Client['updateStatus'] = async (kind, object) => {
    const { status = {} } = object as { readonly status?: object };
    if (kind === owner && telling.some((field) => field in status) && !isLet())
      throw conflict(owner, object.metadata.name);
    return client.updateStatus(kind, object);
  };
  return new Proxy(client, {
    get: (target, name: keyof Client) => (name === 'updateStatus' ? updateStatus : target[name].bind(target)),
  });
}

test.each([
  ['TaskRun', TaskRun, Pod, 'long-user-container-pod', 'PodDeleted'],
  ['PipelineRun', PipelineRun, TaskRun, 'long-user-container', 'TaskRunDeleted'],
  ['Task', KfTask, PipelineRun, 'long', 'PipelineRunDeleted'],
] as const)('of a %s: it runs once, and the Task says what became of it', async (_, owner, kind, name, reason) => {
  const { client, close } = startLocalApi();
  let deleted = false;
  const world = new World(
    lateClient(client, owner, () => deleted),
    client,
  );
  await world.app('report');
  await world.task('report', 'long', 'wait');
  const pod = { namespace: 'dev', name: 'long-user-container-pod' };
  await world.until(Pod, pod, ({ status }) => status?.phase === 'Running');
  const child = { namespace: 'dev', name };
  await client.delete(kind as AnyKind, child);
  await world.untilGone(kind as typeof Pod, child);
  deleted = true;
  expect(conditionOf(await world.final('long'), 'Succeeded')).toMatchObject({ status: 'False', reason });
  expect(world.node.ran).toHaveLength(1);
  await world.stop();
  await close();
});

test('a Task that is deleted under its run: the run fails once its Pod has ended', async () => {
  const { client, close } = startLocalApi();
  const clients = { client: lateClient(client, TaskRun, () => false), clock: systemClock };
  const node = startFakeNode(client);
  const controller = startTaskRunController(clients);
  await client.create(Namespace, { metadata: { name: 'dev' } });
  const task = { namespace: 'dev', name: 'build' };
  const run = { namespace: 'dev', name: 'run' };
  const steps = [{ name: 's', image: 'i', command: ['sh', '-c', 'wait'] }];
  await client.create(Task, { metadata: task, spec: { steps } });
  await client.create(TaskRun, { metadata: run, spec: { taskRef: { name: 'build' } } });
  const pod = { namespace: 'dev', name: 'run-pod' };
  await untilObject(client, Pod, pod, ({ status }) => status?.phase === 'Running');
  const ended = untilObject(client, Pod, pod, podFinished);
  await client.delete(Task, task);
  const final = await untilObject(client, TaskRun, run, isFinal);
  expect(conditionOf(final, 'Succeeded')).toMatchObject({ status: 'False', reason: 'TaskRunResolutionFailed' });
  expect(Number((await ended).metadata.resourceVersion)).toBeLessThan(Number(final.metadata.resourceVersion));
  await expect.poll(() => client.get(Pod, pod).catch(() => 'gone')).toBe('gone');
  expect(node.ran).toHaveLength(1);
  await controller.stop();
  await node.stop();
  await close();
});
