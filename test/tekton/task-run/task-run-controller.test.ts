/** TaskRuns over the three Clients: their Tasks, claims, attempts, and every way to end. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import { systemClock } from '../../../src/client/clock.ts';
import type { RunningController } from '../../../src/client/controller.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Event, Namespace, Secret, ServiceAccount } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { PersistentVolumeClaim } from '../../../src/resources/core/volumes.ts';
import { Task } from '../../../src/resources/tekton/task.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { startTaskRunController } from '../../../src/tekton/task-run/task-run-controller.ts';
import { clientSettings, type Setting } from '../../controllers/clients.ts';
import { untilObject } from '../../controllers/until.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { type FakeNode, startFakeNode } from '../../support/fake-node.ts';
import { startLocalApi } from '../../support/local-api.ts';

const namespace = 'dev';
const ref = (name: string) => ({ namespace, name });
const reasonOf = (run: TaskRun) => conditionOf(run, 'Succeeded')?.reason;
const start = (client: Client, name: string, spec: Partial<TaskRun['spec']>) =>
  client.create(TaskRun, { metadata: ref(name), spec });
const podsOf = async (client: Client) => (await client.list(Pod, { namespace })).items;
const step = (command: string, env: { name: string; value: string }[] = []) => ({
  name: 's',
  image: 'i',
  command: ['sh', '-c', command],
  env,
});

describe.each(Object.entries(clientSettings()))('TaskRuns, %s', (_name, open) => {
  let setting: Setting;
  let client: Client;
  let node: FakeNode;
  let controller: RunningController;
  beforeEach(async () => {
    setting = await open();
    client = setting.honest;
    await client.create(Namespace, { metadata: { name: namespace } });
    node = startFakeNode(client);
    controller = startTaskRunController({ client: setting.controllers(), clock: systemClock });
  });
  afterEach(async () => {
    await controller.stop();
    await node.stop();
    await setting.close();
  });
  const final = (name: string) => untilObject(client, TaskRun, ref(name), isFinal);

  test('a Task by name, its labels, a claim of a template, credentials: one Pod', async () => {
    await client.create(Task, {
      metadata: { ...ref('build'), labels: { team: 'a', mine: 'task' }, annotations: { note: 'n' } },
      spec: { params: [{ name: 'code' }], workspaces: [{ name: 'w' }], steps: [step('exit $(params.code)')] },
    });
    await client.create(Secret, {
      metadata: { ...ref('git'), annotations: { 'tekton.dev/git-0': 'https://git.test' } },
      type: 'kubernetes.io/basic-auth',
      data: { username: 'dQ==', password: 'cA==' },
    });
    await client.create(ServiceAccount, { metadata: ref('bot'), secrets: [{ name: 'git' }, { name: 'gone' }] });
    const size = { requests: { storage: '1Mi' } };
    await client.create(TaskRun, {
      metadata: { ...ref('run'), labels: { mine: 'run' } },
      spec: {
        taskRef: { name: 'build' },
        serviceAccountName: 'bot',
        params: [{ name: 'code', value: '0' }],
        workspaces: [{ name: 'w', volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: size } } }],
      },
    });
    const run = await final('run');
    expect(conditionOf(run, 'Succeeded')).toMatchObject({ status: 'True', reason: 'Succeeded' });
    expect(run.metadata.labels).toMatchObject({ team: 'a', mine: 'run', 'tekton.dev/task': 'build' });
    expect(run.metadata.annotations).toMatchObject({ note: 'n' });
    expect(run.status?.taskSpec?.steps?.[0]?.command).toEqual(['sh', '-c', 'exit 0']);
    const claims = (await client.list(PersistentVolumeClaim, { namespace })).items;
    expect(claims.map((claim) => claim.metadata.ownerReferences?.[0]?.name)).toEqual(['run']);
    const [pod, ...others] = await podsOf(client);
    expect(others).toEqual([]);
    expect(pod?.metadata.labels).toMatchObject({ team: 'a', 'tekton.dev/task': 'build' });
    expect(pod?.spec.volumes?.map((volume) => volume.persistentVolumeClaim?.claimName)).toContain(
      claims[0]?.metadata.name,
    );
    expect(pod?.spec.volumes?.find((volume) => volume.name === 'tekton-creds')?.secret?.secretName).toBe('run-creds');
    await expect.poll(() => client.get(Secret, ref('run-creds')).catch(() => 'gone')).toBe('gone');
    const events = (await client.list(Event, { namespace })).items;
    expect(events).toMatchObject([
      {
        reason: 'FailedToRetrieveSecret',
        message: 'Unable to retrieve some secrets (gone); attempting to use them may not succeed.',
        involvedObject: { kind: 'TaskRun', name: 'run' },
      },
    ]);
  });

  test('one that cannot run tells which Task it is, where no further attempt finds out', async () => {
    const spec = { params: [{ name: 'code' }], steps: [step('exit $(params.code)')] };
    await client.create(Task, { metadata: { ...ref('build'), labels: { team: 'a' } }, spec });
    await start(client, 'run', { taskRef: { name: 'build' } });
    const run = await final('run');
    expect(reasonOf(run)).toBe('TaskRunValidationFailed');
    expect(run.status?.taskSpec).toMatchObject({ steps: [{ command: ['sh', '-c', 'exit $(params.code)'] }] });
    expect(run.metadata.labels).toMatchObject({ 'tekton.dev/task': 'build', team: 'a' });
    await start(client, 'again', { taskRef: { name: 'build' }, retries: 1 });
    const again = await final('again');
    expect(again.status?.retriesStatus?.[0]).not.toHaveProperty('taskSpec');
    expect(again.status?.taskSpec?.steps).toHaveLength(1);
    expect(await podsOf(client)).toEqual([]);
  });

  test.each([
    ['0', 'True', 'Succeeded'],
    ['1', 'False', 'StepFailed'],
  ])('three attempts, the last one ends with %s', async (code, status, reason) => {
    // The node takes the code of the attempt, counted from 1: these are the 10th to the 12th.
    const command = `exits 0 0 0 0 0 0 0 0 0 1 1 ${code}`;
    const env = [{ name: 'KF_TASK_ATTEMPT', value: '1$(context.task.retry-count)' }];
    await start(client, 'run', { retries: 2, taskSpec: { steps: [step(command, env)] } });
    const run = await final('run');
    expect(conditionOf(run, 'Succeeded')).toMatchObject({ status, reason });
    expect(run.status?.podName).toBe('run-pod-retry2');
    expect(run.status?.retriesStatus?.map(({ podName }) => podName)).toEqual(['run-pod', 'run-pod-retry1']);
    expect(node.ran).toHaveLength(3);
  });

  test('cancelled while it runs: it is not tried again', async () => {
    await start(client, 'run', { retries: 2, taskSpec: { steps: [step('wait')] } });
    await untilObject(client, TaskRun, ref('run'), (run) => reasonOf(run) === 'Running');
    const body = { spec: { status: 'TaskRunCancelled', statusMessage: 'Enough.' } };
    await client.patch(TaskRun, ref('run'), { type: 'merge', body });
    const run = await final('run');
    expect(conditionOf(run, 'Succeeded')).toMatchObject({
      reason: 'TaskRunCancelled',
      message: 'TaskRun "run" was cancelled. Enough.',
    });
    expect(run.status?.steps?.[0]).toMatchObject({
      terminationReason: 'TaskRunCancelled',
      terminated: { exitCode: 143 },
    });
    expect(run.status?.retriesStatus).toBeUndefined();
  });

  test('pending: nothing is made until it is let start', async () => {
    await start(client, 'run', { status: 'TaskRunPending', taskSpec: { steps: [step('exit 0')] } });
    const held = await untilObject(client, TaskRun, ref('run'), (run) => reasonOf(run) === 'TaskRunPending');
    expect(held.status?.startTime).toBeUndefined();
    expect(await podsOf(client)).toEqual([]);
    await client.patch(TaskRun, ref('run'), { type: 'merge', body: { spec: { status: '' } } });
    expect(reasonOf(await final('run'))).toBe('Succeeded');
  });

  test.each<[string, Partial<TaskRun['spec']>, string, RegExp]>([
    ['a Task that is not there', { taskRef: { name: 'nope' } }, 'TaskRunResolutionFailed', /"nope" not found/],
    [
      'a StepAction that is not there',
      { taskSpec: { steps: [{ name: 's', ref: { name: 'nope' } }] } },
      'TaskRunResolutionFailed',
      /"nope" not found/,
    ],
    [
      'a param without a value',
      { taskSpec: { params: [{ name: 'p' }], steps: [step('$(params.p)')] } },
      'TaskRunValidationFailed',
      /missing values .*\[p\]/,
    ],
    [
      'a workspace that is not bound',
      { taskSpec: { workspaces: [{ name: 'w' }], steps: [step('exit 0')] } },
      'TaskRunValidationFailed',
      /"w" is required/,
    ],
    [
      'a ServiceAccount that is not there',
      { serviceAccountName: 'nobody', taskSpec: { steps: [step('exit 0')] } },
      'PodCreationFailed',
      /serviceaccounts "nobody" not found/,
    ],
    [
      'volumes of one name',
      {
        taskSpec: { volumes: [{ name: 'v', emptyDir: {} }], steps: [step('exit 0')] },
        podTemplate: { volumes: [{ name: 'v', emptyDir: {} }] },
      },
      'PodCreationFailed',
      /Duplicate value.*Maybe invalid TaskSpec/,
    ],
  ])('%s fails for good, and makes nothing', async (_what, spec, reason, message) => {
    await start(client, 'run', spec);
    const run = await final('run');
    expect(conditionOf(run, 'Succeeded')).toMatchObject({
      status: 'False',
      reason,
      message: expect.stringMatching(message),
    });
    expect(run.status?.completionTime).toBeDefined();
    expect(await podsOf(client)).toEqual([]);
  });
});

test('a run none of whose steps starts ends when its time is over, woken once', async () => {
  const clock = new FakeClock();
  const { client, close } = startLocalApi();
  await client.create(Namespace, { metadata: { name: namespace } });
  const controller = startTaskRunController({ client, clock });
  await start(client, 'run', { timeout: '10m', taskSpec: { steps: [step('exit 0')] } });
  await untilObject(client, TaskRun, ref('run'), (run) => run.status?.podName !== undefined);
  const pod = await client.get(Pod, ref('run-pod'));
  const conditions = [
    { type: 'PodScheduled', status: 'False' as const, reason: 'Unschedulable', message: 'no node fits' },
  ];
  await client.updateStatus(Pod, { ...pod, status: { phase: 'Pending', conditions } });
  await untilObject(client, TaskRun, ref('run'), (run) => reasonOf(run) === 'Pending');
  await controller.idle();
  clock.advance(599_000);
  await controller.idle();
  expect(isFinal(await client.get(TaskRun, ref('run')))).toBe(false);
  clock.advance(1_000);
  const run = await untilObject(client, TaskRun, ref('run'), isFinal);
  expect(conditionOf(run, 'Succeeded')).toMatchObject({
    reason: 'TaskRunTimeout',
    message:
      'TaskRun "run" failed to finish within "10m0s"\nPrevious status: [Pending] pod status "PodScheduled":"False"; message: "no node fits"',
  });
  await expect(client.get(Pod, ref('run-pod'))).rejects.toThrow('not found');
  await controller.stop();
  await close();
});

test('a run that another controller manages is left alone', async () => {
  const { client, close } = startLocalApi();
  await client.create(Namespace, { metadata: { name: namespace } });
  const controller = startTaskRunController({ client, clock: systemClock });
  const taskSpec = { steps: [step('exit 0')] };
  const foreign = await start(client, 'theirs', { managedBy: 'example.dev/other', taskSpec });
  await start(client, 'ours', { managedBy: 'tekton.dev/pipeline', taskSpec });
  await untilObject(client, TaskRun, ref('ours'), (run) => run.status?.podName !== undefined);
  await controller.idle();
  expect(await client.get(TaskRun, ref('theirs'))).toEqual(foreign);
  await controller.stop();
  await close();
});

test('it has timed out, too, when its Pod changes in the same moment, or the Pod went before that was noted', async () => {
  const clock = new FakeClock();
  const { client, close } = startLocalApi();
  await client.create(Namespace, { metadata: { name: namespace } });
  const controller = startTaskRunController({ client, clock });
  const names = ['changes', 'goes'];
  for (const name of names) {
    await start(client, name, { timeout: '10m', taskSpec: { steps: [step('exit 0')] } });
    await untilObject(client, TaskRun, ref(name), (run) => run.status?.podName !== undefined);
  }
  await controller.idle();
  // The timers have not noticed yet.
  clock.jump(600_000);
  const pod = await client.get(Pod, ref('changes-pod'));
  const waiting = { reason: 'ContainerCreating', message: 'made just now' };
  const containerStatuses = [{ name: 'step-s', state: { waiting } }];
  await client.updateStatus(Pod, { ...pod, status: { phase: 'Pending', containerStatuses } });
  await client.delete(Pod, ref('goes-pod'), { gracePeriodSeconds: 0 });
  for (const name of names)
    expect(reasonOf(await untilObject(client, TaskRun, ref(name), isFinal))).toBe('TaskRunTimeout');
  await controller.stop();
  await close();
});
