import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import type { RunningController } from '../../../src/client/controller.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { annotations, labels } from '../../../src/resources/labels.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { startTaskRunController } from '../../../src/tekton/task-run/task-run-controller.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

let local: TestApi;
let controller: RunningController;
beforeEach(async () => {
  local = startLocalApi();
  controller = startTaskRunController({ client: local.client, clock: systemClock });
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterEach(async () => {
  await controller.stop();
  await local.close();
});

/** Of one of Kf's own Tasks, whose Pod goes when it is cancelled. */
const own = { labels: { [labels.task]: 'run' } };
const run = { namespace: 'dev', name: 'run' };
const pod = { namespace: 'dev', name: 'run-pod' };
const steps = [{ name: 'step', image: 'kf.local/stack/host', command: ['true'] }];

/** A run whose Pod a node has taken, and which is being cancelled. */
async function cancelledAfterClaim(): Promise<Pod> {
  await local.client.create(TaskRun, { metadata: { ...run, ...own }, spec: { taskSpec: { steps } } });
  await expect.poll(() => local.client.get(Pod, pod).catch(() => undefined)).toBeDefined();
  const fresh = await local.client.get(Pod, pod);
  await local.client.update(Pod, { ...fresh, spec: { ...fresh.spec, nodeName: 'node' } });
  await local.client.patch(TaskRun, run, { type: 'merge', body: { spec: { status: 'TaskRunCancelled' } } });
  await expect.poll(async () => (await local.client.get(Pod, pod)).metadata.deletionTimestamp).toBeDefined();
  const marked = await local.client.get(Pod, pod);
  expect(marked.metadata.finalizers).toEqual(['kf.dev/outcome']);
  return marked;
}
const gone = () => expect.poll(() => local.client.get(Pod, pod).catch(() => 'gone')).toBe('gone');

test('removed the moment it has ended: its exit code is read all the same, then it goes', async () => {
  const marked = await cancelledAfterClaim();
  await controller.stop();
  const state = { terminated: { exitCode: 143, reason: 'Error' } };
  const containerStatuses = [{ name: 'step-step', state }];
  await local.client.updateStatus(Pod, { ...marked, status: { phase: 'Failed', containerStatuses } });
  await local.client.delete(Pod, pod, { gracePeriodSeconds: 0 });
  // Also by a controller that was not there at that time.
  controller = startTaskRunController({ client: local.client, clock: systemClock });
  await gone();
  const final = await local.client.get(TaskRun, run);
  expect(final.status?.steps?.[0]?.terminated?.exitCode).toBe(143);
  expect(conditionOf(final, 'Succeeded')).toMatchObject({ status: 'False', reason: 'TaskRunCancelled' });
});

test('let go by a node that had started nothing: the run ends, and it goes', async () => {
  await cancelledAfterClaim();
  await local.client.delete(Pod, pod, { gracePeriodSeconds: 0 });
  await gone();
  expect(isFinal(await local.client.get(TaskRun, run))).toBe(true);
});

test('its run was deleted: nobody waits for its outcome', async () => {
  const marked = await cancelledAfterClaim();
  await local.client.delete(TaskRun, run);
  await local.client.updateStatus(Pod, { ...marked, status: { phase: 'Failed' } });
  await local.client.delete(Pod, pod, { gracePeriodSeconds: 0 }).catch(() => undefined);
  await gone();
});

test('stripped after a crash between the outcome and the letting go', async () => {
  const marked = await cancelledAfterClaim();
  await controller.stop();
  await local.client.updateStatus(Pod, { ...marked, status: { phase: 'Failed' } });
  await local.client.delete(Pod, pod, { gracePeriodSeconds: 0 });
  const stored = await local.client.get(TaskRun, run);
  const conditions = [{ type: 'Succeeded', status: 'False' as const, reason: 'TaskRunCancelled' }];
  await local.client.updateStatus(TaskRun, { ...stored, status: { ...stored.status, conditions } });
  controller = startTaskRunController({ client: local.client, clock: systemClock });
  await gone();
});

test('of a run of anybody else it is told to end and stays, and the run ends as it did', async () => {
  await local.client.create(TaskRun, { metadata: run, spec: { taskSpec: { steps } } });
  await expect.poll(() => local.client.get(Pod, pod).catch(() => undefined)).toBeDefined();
  const fresh = await local.client.get(Pod, pod);
  await local.client.update(Pod, { ...fresh, spec: { ...fresh.spec, nodeName: 'node' } });
  await local.client.patch(TaskRun, run, { type: 'merge', body: { spec: { status: 'TaskRunCancelled' } } });
  const told = async () => (await local.client.get(Pod, pod)).metadata.annotations?.[annotations.endWithin];
  await expect.poll(told).toBe('10');
  const containerStatuses = [{ name: 'step-step', state: { terminated: { exitCode: 143, reason: 'Error' } } }];
  const ended = { ...(await local.client.get(Pod, pod)), status: { phase: 'Failed' as const, containerStatuses } };
  await local.client.updateStatus(Pod, ended);
  await expect.poll(async () => isFinal(await local.client.get(TaskRun, run))).toBe(true);
  const final = await local.client.get(TaskRun, run);
  expect(conditionOf(final, 'Succeeded')).toMatchObject({ status: 'False', reason: 'TaskRunCancelled' });
  expect(final.status?.steps?.[0]?.terminated?.exitCode).toBe(143);
  const { deletionTimestamp, finalizers } = (await local.client.get(Pod, pod)).metadata;
  expect([deletionTimestamp, finalizers]).toEqual([undefined, undefined]);
});
