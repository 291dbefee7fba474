/** A TaskRun whose Pod is there, and none of whose containers has started. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunningController } from '../../../src/client/controller.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import type { PodDefaults } from '../../../src/tekton/task-run/make-pod.ts';
import { startTaskRunController } from '../../../src/tekton/task-run/task-run-controller.ts';
import { untilObject } from '../../controllers/until.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

const namespace = 'dev';
const ref = (name: string) => ({ namespace, name });
const taskSpec = {
  steps: ['a', 'b'].map((name) => ({ name, image: 'i', command: ['true'] })),
};

let local: TestApi;
let clock: FakeClock;
let controller: RunningController;
beforeEach(async () => {
  local = startLocalApi();
  clock = new FakeClock();
  await local.client.create(Namespace, { metadata: { name: namespace } });
});
afterEach(async () => {
  await controller.stop();
  await local.close();
});

async function begun(podDefaults: PodDefaults = {}, metadata: object = {}) {
  controller = startTaskRunController({ client: local.client, clock, podDefaults });
  await local.client.create(TaskRun, { metadata: { ...ref('run'), ...metadata }, spec: { taskSpec } });
  return untilObject(local.client, TaskRun, ref('run'), (run) => run.status?.podName !== undefined);
}

test('its steps are there and wait, from the write on that tells of the Pod; Kf’s own does without', async () => {
  const run = await begun();
  const waiting = { reason: 'PodInitializing' };
  expect(run.status?.steps).toEqual([
    { name: 'a', container: 'step-a', waiting },
    { name: 'b', container: 'step-b', waiting },
  ]);
  await controller.stop();
  await local.client.delete(TaskRun, ref('run'));
  await local.client.delete(Pod, { ...ref('run-pod') }, { gracePeriodSeconds: 0 });
  expect((await begun({}, { labels: { 'kf.dev/task': 'run' } })).status?.steps).toBeUndefined();
});

/** The registry does not answer. */
async function backOff(): Promise<void> {
  const pod = await local.client.get(Pod, ref('run-pod'));
  const waiting = { reason: 'ImagePullBackOff', message: 'no answer' };
  const containerStatuses = [{ name: 'step-a', image: 'i', state: { waiting } }];
  const startTime = new Date(clock.now()).toISOString();
  await local.client.updateStatus(Pod, { ...pod, status: { phase: 'Pending', startTime, containerStatuses } });
}
const reason = async () =>
  conditionOf(await untilObject(local.client, TaskRun, ref('run'), isFinal), 'Succeeded')?.reason;

test('a registry that does not answer is not waited for', async () => {
  await begun();
  await backOff();
  expect(await reason()).toBe('TaskRunImagePullFailed');
});

test('a registry that does not answer is asked again for as long as is set', async () => {
  await begun({ imagePullBackOffTimeout: 300_000 });
  await backOff();
  await untilObject(
    local.client,
    TaskRun,
    ref('run'),
    ({ status }) => status?.steps?.[0]?.waiting?.message === 'no answer',
  );
  await controller.idle();
  clock.advance(299_000);
  await controller.idle();
  expect(isFinal(await local.client.get(TaskRun, ref('run')))).toBe(false);
  clock.advance(1000);
  expect(await reason()).toBe('TaskRunImagePullFailed');
});

test('what a step does about its failure is nothing known, once its param is filled in', async () => {
  controller = startTaskRunController({ client: local.client, clock });
  const [a] = taskSpec.steps;
  await local.client.create(TaskRun, {
    metadata: ref('run'),
    spec: {
      params: [{ name: 'how', value: 'maybe' }],
      taskSpec: { params: [{ name: 'how' }], steps: [{ ...a!, onError: '$(params.how)' }] },
    },
  });
  const run = await untilObject(local.client, TaskRun, ref('run'), isFinal);
  expect(conditionOf(run, 'Succeeded')).toMatchObject({
    reason: 'PodCreationFailed',
    message:
      'failed to create task run pod "run": invalid value: "maybe": steps[0].onError\nTask step onError must be either "continue" or "stopAndFail". Maybe invalid TaskSpec',
  });
});
