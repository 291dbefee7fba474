/** A Pod that is deleted before its run's status tells of it: what it has begun is not begun again. */

import { expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import { conditionOf } from '../../src/resources/condition.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { conflict } from '../../src/resources/status.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { startLocalApi } from '../support/local-api.ts';
import { World } from './world.ts';

test('it runs once, and the Task says what became of its Pod', async () => {
  const { client, close } = startLocalApi();
  let deleted = false;
  const updateStatus: Client['updateStatus'] = async (kind, object) => {
    const { status } = object as TaskRun;
    if (object.kind === TaskRun.kind && status?.podName !== undefined && !deleted)
      throw conflict(TaskRun, object.metadata.name);
    return client.updateStatus(kind, object);
  };
  const late = new Proxy(client, {
    get: (target, name: keyof Client) => (name === 'updateStatus' ? updateStatus : target[name].bind(target)),
  });
  const world = new World(late, client);
  await world.app('report');
  await world.task('report', 'long', 'wait');
  const pod = { namespace: 'dev', name: 'long-user-container-pod' };
  await world.until(Pod, pod, ({ status }) => status?.phase === 'Running');
  await client.delete(Pod, pod);
  await world.untilGone(Pod, pod);
  deleted = true;
  expect(conditionOf(await world.final('long'), 'Succeeded')).toMatchObject({ status: 'False', reason: 'PodDeleted' });
  expect(world.node.ran).toHaveLength(1);
  await world.stop();
  await close();
});
