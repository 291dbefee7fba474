/** What a PipelineRun says while it comes to its end: Tekton's reasons, look by look. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { conditionOf } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { PipelineRunController } from '../../../src/tekton/pipeline-run/pipeline-run-controller.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

const namespace = 'dev';
const ref = { namespace, name: 'run' };
const task = (name: string, ...runAfter: string[]) => ({
  name,
  runAfter,
  taskSpec: { steps: [{ name: 's', image: 'i', script: 'true' }] },
});
const last = { finally: [{ name: 'last', taskSpec: task('').taskSpec }] };
const minute = 60_000;

let clock: FakeClock;
let local: TestApi;
let controller: PipelineRunController;
beforeEach(async () => {
  clock = new FakeClock();
  local = startLocalApi();
  controller = new PipelineRunController({ client: local.client, clock });
  await local.client.create(Namespace, { metadata: { name: namespace } });
});
afterEach(() => local.close());

/** Its reason, once there is nothing more to be done about it for now. */
async function look(): Promise<string | undefined> {
  for (let again = 0; again < 3; again++) await controller.reconcile(ref);
  return conditionOf(await local.client.get(PipelineRun, ref), 'Succeeded')?.reason;
}
const create = async (pipelineSpec: object, fields: object = {}) => {
  await local.client.create(PipelineRun, { metadata: ref, spec: { pipelineSpec, ...fields } as never });
  return look();
};
const wish = (status: string) => local.client.patch(PipelineRun, ref, { type: 'merge', body: { spec: { status } } });
const ends = async (name: string, status: 'True' | 'False', reason: string) => {
  const run = await local.client.get(TaskRun, { namespace, name: `run-${name}` });
  const condition = { type: 'Succeeded', status, reason, lastTransitionTime: '2026-01-01T00:00:00Z' } as const;
  await local.client.updateStatus(TaskRun, { ...run, status: { ...run.status, conditions: [condition] } });
  return look();
};

test('the tasks’ time is over: while they are ended, and until what comes finally is over', async () => {
  const tasks = [task('slow'), task('next', 'slow')];
  expect(await create({ tasks, ...last }, { timeouts: { tasks: '1m' } })).toBe('Running');
  clock.advance(minute + 1000);
  expect(await look()).toBe('PipelineRunTimeoutRunningFinally');
  expect(await ends('slow', 'False', 'TaskRunCancelled')).toBe('PipelineRunTimeoutRunningFinally');
  expect(await ends('last', 'True', 'Succeeded')).toBe('PipelineRunTimeout');
});

test('their time is over while what comes finally runs: they were in time', async () => {
  await create({ tasks: [task('quick')], ...last }, { timeouts: { tasks: '1m' } });
  expect(await ends('quick', 'True', 'Succeeded')).toBe('Running');
  clock.advance(minute + 1000);
  expect(await look()).toBe('Running');
  expect(await ends('last', 'True', 'Succeeded')).toBe('Succeeded');
});

test.each([
  ['of the tasks', { tasks: '1m' }],
  ['of the run', { pipeline: '1m' }],
])('the time %s is over and nothing comes finally: it stops', async (_what, timeouts) => {
  await create({ tasks: [task('slow')] }, { timeouts });
  clock.advance(minute + 1000);
  expect(await look()).toBe('PipelineRunStopping');
  expect(await ends('slow', 'False', 'TaskRunCancelled')).toBe('PipelineRunTimeout');
});

test.each([
  ['Cancelled', 'Cancelled', 'TaskRunCancelled', undefined, 'Cancelled'],
  ['CancelledRunFinally', 'CancelledRunningFinally', 'TaskRunCancelled', 'CancelledRunningFinally', 'Cancelled'],
  ['StoppedRunFinally', 'StoppedRunningFinally', 'Succeeded', 'StoppedRunningFinally', 'Cancelled'],
])('%s: while tasks run, while what comes finally runs, at the end', async (status, during, how, inFinally, end) => {
  await create({ tasks: [task('a'), task('b', 'a')], ...last });
  await wish(status);
  expect(await look()).toBe(during);
  const after = await ends('a', how === 'Succeeded' ? 'True' : 'False', how);
  expect(after).toBe(inFinally ?? end);
  if (inFinally !== undefined) expect(await ends('last', 'True', 'Succeeded')).toBe(end);
});

test('a task failed or was cancelled by hand while others run: it stops; where something comes finally a failure is not told', async () => {
  expect(await create({ tasks: [task('a'), task('b')] })).toBe('Running');
  expect(await ends('a', 'False', 'StepFailed')).toBe('PipelineRunStopping');
  expect(await ends('b', 'True', 'Succeeded')).toBe('Failed');
  await local.client.delete(PipelineRun, ref);
  for (const name of ['run-a', 'run-b']) await local.client.delete(TaskRun, { namespace, name });

  expect(await create({ tasks: [task('a'), task('b')], ...last })).toBe('Running');
  expect(await ends('a', 'False', 'StepFailed')).toBe('Running');
  expect(await ends('b', 'False', 'TaskRunCancelled')).toBe('PipelineRunStopping');
  expect(await ends('last', 'True', 'Succeeded')).toBe('Failed');
});
