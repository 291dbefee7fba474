/** Pods whose volumes cannot be mounted yet: what they wait for, what their status says, and when they go on. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import { type Clock, systemClock } from '../../../src/client/clock.ts';
import { AwaitedVolumes } from '../../../src/node/scheduling/awaited-volumes.ts';
import { conditionOf } from '../../../src/resources/condition.ts';
import { ConfigMap, Namespace, Secret } from '../../../src/resources/core/kinds.ts';
import { mountFailureOf } from '../../../src/resources/core/mount-failure.ts';
import { Pod, type Volume } from '../../../src/resources/core/pod.ts';
import { PersistentVolumeClaim } from '../../../src/resources/core/volumes.ts';
import { labels } from '../../../src/resources/labels.ts';
import { type HostileClient, hostile } from '../../client/hostile-client.ts';
import { untilObject } from '../../controllers/until.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

const namespace = 'dev';
let local: TestApi;
let client: Client;
let lying: HostileClient | undefined;
let stop: AbortController;
let awaited: AwaitedVolumes;
let ready: string[];
let seen: (() => void)[];

/** @param seed of a client that lies, lags and fails; default: an honest one */
function start(clock: Clock, seed?: number): void {
  lying = seed === undefined ? undefined : hostile(client, { seed });
  awaited = new AwaitedVolumes({
    client: lying ?? client,
    clock,
    stopping: stop.signal,
    ready: ({ metadata }) => {
      ready.push(metadata.name);
      for (const tell of seen.splice(0)) tell();
    },
    onError: () => {},
  });
}

beforeEach(async () => {
  local = startLocalApi();
  client = local.client;
  stop = new AbortController();
  ready = [];
  seen = [];
  await client.create(Namespace, { metadata: { name: namespace } });
});
afterEach(async () => {
  stop.abort();
  lying?.close();
  await local.close();
});

const make = (name: string, volumes: readonly Volume[], given: Readonly<Record<string, string>> = {}): Promise<Pod> =>
  client.create(Pod, {
    metadata: { name, namespace, labels: given },
    spec: { containers: [{ name: 'main', image: 'x' }], volumes },
  });
const arrive = async (name: string, ...volumes: Volume[]): Promise<Pod> => {
  const pod = await make(name, volumes);
  awaited.arrive(pod);
  return pod;
};
const goesOn = async (name: string): Promise<Pod> => {
  while (!ready.includes(name)) await new Promise<void>((resolve) => seen.push(resolve));
  return client.get(Pod, { namespace, name });
};
const says = (name: string, accepts: (pod: Pod) => boolean) => untilObject(client, Pod, { namespace, name }, accepts);
const configMap = (name: string) => client.create(ConfigMap, { metadata: { name, namespace }, data: { key: 'value' } });
const secret = (name: string) => client.create(Secret, { metadata: { name, namespace }, data: { key: 'YQ==' } });
const claim = (name: string, volumeName?: string) =>
  client.create(PersistentVolumeClaim, {
    metadata: { name, namespace },
    spec: { resources: { requests: { storage: '1Mi' } }, ...(volumeName === undefined ? {} : { volumeName }) },
  });
const failed = (volume: string, why: string) => `MountVolume.SetUp failed for volume "${volume}" : ${why}`;

test('whether there is anything to look at', async () => {
  start(new FakeClock());
  const given: readonly (readonly [Volume, boolean])[] = [
    [{ name: 'v', emptyDir: {} }, false],
    [{ name: 'v', secret: { secretName: 's' } }, true],
    [{ name: 'v', secret: { secretName: 's', optional: true } }, false],
    [{ name: 'v', configMap: { name: 'c' } }, true],
    [{ name: 'v', persistentVolumeClaim: { claimName: 'p' } }, true],
    [{ name: 'v', projected: { sources: [{ configMap: { name: 'c', optional: true } }] } }, false],
    [{ name: 'v', projected: { sources: [{ downwardAPI: { items: [] } }, { secret: { name: 's' } }] } }, true],
  ];
  for (const [index, [volume, expected]] of given.entries())
    expect(awaited.concerns(await make(`p${index}`, [volume]))).toBe(expected);
  // Kf's own controllers make what their Pods need first: what is missing will never come.
  const input = [{ name: 'v', secret: { secretName: 's' } }];
  expect(awaited.concerns(await make('task', input, { [labels.task]: 't' }))).toBe(false);
  expect(awaited.concerns(await make('build', input, { [labels.component]: 'build' }))).toBe(false);
});

test('one that lacks nothing goes on without a word', async () => {
  start(new FakeClock());
  await configMap('settings');
  await claim('data', 'pvc-1');
  await arrive(
    'whole',
    { name: 'a', configMap: { name: 'settings', items: [{ key: 'key', path: 'k' }] } },
    { name: 'b', persistentVolumeClaim: { claimName: 'data' } },
  );
  expect((await goesOn('whole')).status?.conditions).toBeUndefined();
});

test('a config map, a secret, a key: in the kubelet’s words, until the last of them is there', async () => {
  start(new FakeClock());
  const { metadata } = await arrive(
    'mounts',
    { name: 'a', configMap: { name: 'settings', items: [{ key: 'colour', path: 'c' }] } },
    { name: 'b', secret: { secretName: 'login' } },
    { name: 'c', projected: { sources: [{ configMap: { name: 'settings' } }, { secret: { name: 'login' } }] } },
  );
  const both = failed('c', '[configmap "settings" not found, secret "login" not found]');
  const waiting = await says('mounts', (pod) => mountFailureOf(pod) !== undefined);
  expect(mountFailureOf(waiting)).toBe(
    `${failed('a', 'configmap "settings" not found')}; ${failed('b', 'secret "login" not found')}; ${both}`,
  );
  expect(waiting.status?.phase).toBe('Pending');
  expect(waiting.status?.containerStatuses).toMatchObject([{ state: { waiting: { reason: 'ContainerCreating' } } }]);
  await secret('login');
  await says('mounts', (pod) => mountFailureOf(pod)?.includes('login') === false);
  await configMap('settings');
  const keyless = await says('mounts', (pod) => mountFailureOf(pod)?.includes('key') === true);
  expect(mountFailureOf(keyless)).toBe(failed('a', 'references non-existent config key: colour'));
  expect(ready).toEqual([]);
  await client.patch(ConfigMap, { namespace, name: 'settings' }, { type: 'merge', body: { data: { colour: 'blue' } } });
  const { status } = await goesOn('mounts');
  expect(status?.containerStatuses).toBeUndefined();
  expect(status?.conditions ?? []).toEqual([]);
  expect(awaited.has(metadata.uid!)).toBe(false);
});

test('a claim that is not there, that goes, and whose volume is being made: in the scheduler’s words', async () => {
  const clock = new FakeClock();
  start(clock);
  const heldBy = (message: string) =>
    says('claims', (pod) => conditionOf(pod, 'PodScheduled')?.message === `0/1 nodes are available: ${message}.`);
  await claim('going', 'pvc-1');
  const ref = { namespace, name: 'going' };
  await client.patch(PersistentVolumeClaim, ref, { type: 'merge', body: { metadata: { finalizers: ['x/y'] } } });
  await client.delete(PersistentVolumeClaim, ref);
  await arrive(
    'claims',
    { name: 'a', persistentVolumeClaim: { claimName: 'going' } },
    { name: 'b', persistentVolumeClaim: { claimName: 'new' } },
    { name: 'c', secret: { secretName: 'login' } },
  );
  const both = 'persistentvolumeclaim "going" is being deleted, persistentvolumeclaim "new" not found';
  expect(conditionOf(await heldBy(both), 'PodScheduled')).toMatchObject({ status: 'False', reason: 'Unschedulable' });
  await client.patch(PersistentVolumeClaim, ref, { type: 'merge', body: { metadata: { finalizers: null } } });
  await heldBy('persistentvolumeclaim "going" not found, persistentvolumeclaim "new" not found');
  await claim('going', 'pvc-2');
  await heldBy('persistentvolumeclaim "new" not found');
  await claim('new');
  // A volume is made in a part of a second as a rule, which is no news.
  while (clock.nextIn === undefined) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(clock.nextIn);
  await heldBy('pod has unbound immediate PersistentVolumeClaims');
  await client.patch(PersistentVolumeClaim, { namespace, name: 'new' }, merge({ spec: { volumeName: 'pvc-3' } }));
  expect(conditionOf(await says('claims', (pod) => mountFailureOf(pod) !== undefined), 'PodScheduled')).toBeUndefined();
  await secret('login');
  await goesOn('claims');
});
const merge = (body: unknown) => ({ type: 'merge', body }) as const;

test('two that wait for the same, one of which goes away; nothing is watched that nobody waits for', async () => {
  start(new FakeClock());
  const volume: Volume = { name: 'v', configMap: { name: 'settings' } };
  const gone = await arrive('gone', volume);
  await arrive('stays', volume);
  await says('gone', (pod) => mountFailureOf(pod) !== undefined);
  await says('stays', (pod) => mountFailureOf(pod) !== undefined);
  expect(awaited.watching).toBe(1);
  awaited.leave(gone.metadata.uid!);
  await configMap('settings');
  await goesOn('stays');
  expect(ready).toEqual(['stays']);
  expect(awaited.watching).toBe(0);
});

test('one that had its turn before: what it waited for then is told no more', async () => {
  start(new FakeClock());
  const pod = await make('turn', [{ name: 'v', secret: { secretName: 'login' } }]);
  const room = { type: 'PodScheduled', status: 'False', reason: 'WaitingForRoom', message: 'full' } as const;
  awaited.arrive(await client.updateStatus(Pod, { ...pod, status: { conditions: [room] } }));
  const waiting = await says('turn', (one) => mountFailureOf(one) !== undefined);
  expect(conditionOf(waiting, 'PodScheduled')).toBeUndefined();
});

test('one that a server before this one has left waiting: its status is put right before it goes on', async () => {
  start(new FakeClock());
  const volume: Volume = { name: 'v', secret: { secretName: 'login' } };
  const pod = await arrive('left', volume);
  const waiting = await says('left', (one) => mountFailureOf(one) !== undefined);
  awaited.leave(pod.metadata.uid!);
  await secret('login');
  awaited.arrive(waiting);
  expect(mountFailureOf(await goesOn('left'))).toBeUndefined();
});

describe.each([1, 2, 3])('with a client that lies, lags and fails (seed %i)', (seed) => {
  test('each goes on once when what it lacks is there', async () => {
    start(systemClock, seed);
    const names = ['a', 'b', 'c', 'd'];
    for (const name of names)
      await arrive(
        name,
        { name: 'v', configMap: { name: 'shared' } },
        { name: 'w', secret: { secretName: `of-${name}` } },
        { name: 'x', persistentVolumeClaim: { claimName: 'data' } },
      );
    await claim('data', 'pvc-1');
    for (const name of names) await secret(`of-${name}`);
    await says('c', (pod) => mountFailureOf(pod)?.includes('shared') === true);
    await configMap('shared');
    for (const name of names) expect(mountFailureOf(await goesOn(name))).toBeUndefined();
    expect(ready.toSorted()).toEqual(names);
    expect(awaited.watching).toBe(0);
  });
});
