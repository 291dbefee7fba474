import { afterEach, beforeEach, expect, test } from 'vitest';
import { conditionOf } from '../../../src/resources/condition.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { World } from '../../controllers/world.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

let local: TestApi;
let world: World;
const clock = new FakeClock();
beforeEach(() => {
  local = startLocalApi({ clock });
  world = new World(local.client, local.client, clock);
});
afterEach(async () => {
  await world.stop();
  await local.close();
});

const pod = { namespace: 'dev', name: 'long-user-container-pod' };

test('a Task of 61 minutes is not ended by Tekton’s default of 60', async () => {
  await world.app('report');
  await world.task('report', 'long', 'wait');
  const running = await world.until(Pod, pod, ({ status }) => status?.phase === 'Running');
  expect(running.spec.activeDeadlineSeconds).toBeUndefined();
  clock.advance(61 * 60_000);
  // Every controller looks again, at the new time.
  for (const [kind, name] of [
    [Task, 'long'],
    [PipelineRun, 'long'],
    [TaskRun, 'long-user-container'],
  ] as const)
    await world.client.patch(
      kind as typeof Task,
      { namespace: 'dev', name },
      { type: 'merge', body: { metadata: { annotations: { looked: 'again' } } } },
    );
  await world.idle();
  const task = await world.client.get(Task, { namespace: 'dev', name: 'long' });
  expect(conditionOf(task, 'Succeeded')).toMatchObject({ status: 'Unknown', reason: 'Running' });
  expect((await world.client.get(Pod, pod)).metadata.deletionTimestamp).toBeUndefined();
});
