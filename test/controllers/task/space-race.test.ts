/** A Task and a TaskRun of nobody's that are decided about at the same instant do not both take the last room of a Space. */

import { expect, test } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { Space } from '../../../src/resources/kf/space.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { startLocalApi } from '../../support/local-api.ts';
import { World } from '../world.ts';

test('who was decided about first has it, although nothing shows that yet', async () => {
  const { client, close } = startLocalApi();
  let letGo = (): void => {};
  let decided = (): void => {};
  const isDecided = new Promise<void>((resolve) => {
    decided = resolve;
  });
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const create: Client['create'] = async (kind, object, options) => {
    if (kind.kind === PipelineRun.kind) {
      decided();
      await held;
    }
    return client.create(kind, object, options);
  };
  const slow = new Proxy(client, {
    get: (target, name: keyof Client) => (name === 'create' ? create : target[name].bind(target)),
  });
  const world = new World(slow, client);
  await world.app('app');
  await client.patch(
    Space,
    { name: 'dev' },
    { type: 'merge', body: { spec: { taskConfig: { limits: { tasks: 1 } } } } },
  );
  await world.task('app', 'task', 'wait');
  await isDecided;
  const run = { namespace: 'dev', name: 'run' };
  await client.create(TaskRun, {
    metadata: run,
    spec: { taskSpec: { steps: [{ name: 's', image: 'i', command: ['sh', '-c', 'exit 0'] }] } },
  });
  // Long enough for a decision that waits for nobody; if there is none, nothing is lost.
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  letGo();
  await world.until(
    Pod,
    { namespace: 'dev', name: 'task-user-container-pod' },
    ({ status }) => status?.phase === 'Running',
  );
  await world.until(TaskRun, run, (object) =>
    (conditionOf(object, 'Succeeded')?.message ?? '').startsWith('WaitingForSpace: '),
  );
  expect(world.node.ran).toHaveLength(1);
  await client.patch(
    PipelineRun,
    { namespace: 'dev', name: 'task' },
    { type: 'merge', body: { spec: { status: 'Cancelled' } } },
  );
  await world.until(TaskRun, run, isFinal);
  await world.stop();
  await close();
});
