/** LimitRanges: what Pods, claims and the steps of TaskRuns get of them, and what they forbid. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { LimitRange, type LimitRangeItem } from '../../../src/resources/core/limit-range.ts';
import { Pod, type ResourceRequirements } from '../../../src/resources/core/pod.ts';
import { PersistentVolumeClaim } from '../../../src/resources/core/volumes.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { startTaskRunController } from '../../../src/tekton/task-run/task-run-controller.ts';
import { untilObject } from '../../controllers/until.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

let local: TestApi;
beforeEach(async () => {
  local = startLocalApi();
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterEach(() => local.close());

const ref = (name: string) => ({ namespace: 'dev', name });
const limit = (name: string, ...limits: LimitRangeItem[]) =>
  local.client.create(LimitRange, { metadata: ref(name), spec: { limits } });
const pod = (...all: ResourceRequirements[]) =>
  local.client.create(Pod, {
    metadata: ref('p'),
    spec: { containers: all.map((resources, index) => ({ name: `c${index}`, image: 'i', resources })) },
  });
const resources = ({ spec }: Pod) => spec.containers.map((container) => container.resources);

describe('Pods', () => {
  test('defaults where nothing is said, what is said stays, a limit is the request', async () => {
    await limit('a', {
      type: 'Container',
      default: { memory: '512Mi' },
      defaultRequest: { memory: '256Mi', cpu: '1' },
    });
    await limit('b', { type: 'Container', max: { memory: '2Gi' } });
    const made = await pod({}, { requests: { cpu: '2' } }, { limits: { memory: '1Gi' } });
    expect(resources(made)).toEqual([
      { limits: { memory: '512Mi' }, requests: { memory: '256Mi', cpu: '1' } },
      { limits: { memory: '512Mi' }, requests: { memory: '256Mi', cpu: '2' } },
      { limits: { memory: '1Gi' }, requests: { memory: '1Gi', cpu: '1' } },
    ]);
  });

  test.each<[string, LimitRangeItem, ResourceRequirements[], string]>([
    [
      'above the most',
      { type: 'Container', max: { cpu: '3' } },
      [{ limits: { cpu: '4' }, requests: { cpu: '1' } }],
      'pods "p" is forbidden: maximum cpu usage per Container is 3, but limit is 4',
    ],
    [
      'below the least',
      { type: 'Container', min: { memory: '64Mi' } },
      [{ requests: { memory: '32Mi' }, limits: { memory: '48Mi' } }],
      'pods "p" is forbidden: [minimum memory usage per Container is 64Mi, but request is 32Mi, minimum memory usage per Container is 64Mi, but limit is 48Mi]',
    ],
    [
      'all together',
      { type: 'Pod', max: { memory: '1Gi' } },
      [{ limits: { memory: '768Mi' } }, { limits: { memory: '512Mi' } }],
      'pods "p" is forbidden: maximum memory usage per Pod is 1Gi, but limit is 1280Mi',
    ],
    [
      'no limit',
      { type: 'Pod', max: { cpu: '1' } },
      [{}],
      'pods "p" is forbidden: maximum cpu usage per Pod is 1.  No limit is specified',
    ],
    [
      'too far apart',
      { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
      [{ requests: { cpu: '1' }, limits: { cpu: '3' } }],
      'pods "p" is forbidden: cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    ],
  ])('%s: forbidden', async (_what, item, given, message) => {
    await limit('l', item);
    await expect(pod(...given)).rejects.toMatchObject({ reason: 'Forbidden', message });
  });

  test('those of another namespace are none of theirs', async () => {
    await local.client.create(Namespace, { metadata: { name: 'other' } });
    const spec = { limits: [{ type: 'Container', max: { cpu: '1m' } }] };
    await local.client.create(LimitRange, { metadata: { namespace: 'other', name: 'l' }, spec });
    expect(resources(await pod({ limits: { cpu: '4' } }))[0]?.limits).toEqual({ cpu: '4' });
  });
});

test('claims', async () => {
  await limit('l', { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } });
  const claim = (storage: string) =>
    local.client.create(PersistentVolumeClaim, {
      metadata: ref(`c-${storage.toLowerCase()}`),
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    });
  await claim('1Gi');
  await expect(claim('3Gi')).rejects.toMatchObject({
    message:
      'persistentvolumeclaims "c-3gi" is forbidden: maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
  });
});

test('a LimitRange in itself: defaults, and what contradicts itself', async () => {
  const { spec } = await limit('l', { type: 'Container', max: { cpu: '2' }, min: { cpu: '1', memory: '1Mi' } });
  expect(spec.limits[0]).toMatchObject({ default: { cpu: '2' }, defaultRequest: { cpu: '2', memory: '1Mi' } });
  await expect(
    limit('bad', { type: 'Container', min: { cpu: '2' }, max: { cpu: '1' }, default: { cpu: '1' } }),
  ).rejects.toMatchObject({
    reason: 'Invalid',
    message: expect.stringContaining('spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than'),
  });
});

describe('TaskRuns', () => {
  const run = async (steps: object[], sidecars: object[] = []) => {
    const controller = startTaskRunController({ client: local.client, clock: systemClock });
    await local.client.create(TaskRun, {
      metadata: ref('run'),
      spec: {
        taskSpec: { steps: steps.map((one, index) => ({ name: `s${index}`, image: 'i', ...one })), sidecars },
      } as never,
    });
    return controller;
  };

  test('a default request is shared out among the steps, sidecars have it whole, limits are each one’s', async () => {
    await limit('l', { type: 'Container', default: { cpu: '2' }, defaultRequest: { cpu: '1' }, min: { cpu: '300m' } });
    const controller = await run([{}, {}], [{ name: 'side', image: 'i' }]);
    const made = await untilObject(local.client, Pod, ref('run-pod'), () => true);
    expect(resources(made)).toEqual([
      { requests: { cpu: '500m' }, limits: { cpu: '2' } },
      { requests: { cpu: '500m' }, limits: { cpu: '2' } },
      { requests: { cpu: '1' }, limits: { cpu: '2' } },
    ]);
    await controller.stop();
  });

  test('several: the smallest default, the largest minimum', async () => {
    await limit('a', { type: 'Container', defaultRequest: { memory: '1Gi' }, min: { memory: '400Mi' } });
    await limit('b', { type: 'Container', defaultRequest: { memory: '600Mi' } });
    const controller = await run([{}, { computeResources: { requests: { memory: '500Mi' } } }]);
    const made = await untilObject(local.client, Pod, ref('run-pod'), () => true);
    expect(resources(made).map((one) => one?.requests)).toEqual([{ memory: '400Mi' }, { memory: '500Mi' }]);
    await controller.stop();
  });

  test('what they forbid fails the run, with the reason', async () => {
    await limit('l', { type: 'Container', max: { cpu: '1' }, default: { cpu: '1' } });
    const controller = await run([{ computeResources: { limits: { cpu: '2' } } }]);
    const final = await untilObject(local.client, TaskRun, ref('run'), isFinal);
    expect(conditionOf(final, 'Succeeded')).toMatchObject({
      reason: 'PodCreationFailed',
      message: expect.stringContaining(
        'failed to create task run pod "run": pods "run-pod" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
      ),
    });
    await controller.stop();
  });
});
