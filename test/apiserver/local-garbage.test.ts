import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnyKind } from '../../src/client/client.ts';
import { ConfigMap, Namespace } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import type { KubeObject, OwnerReference } from '../../src/resources/meta.ts';
import { startLocalApi, type TestApi } from '../support/local-api.ts';

let server: TestApi;
beforeEach(() => {
  server = startLocalApi();
});
afterEach(() => server.close());

const ref = (name: string) => ({ namespace: 'default', name });
const reference = ({ apiVersion, kind, metadata }: KubeObject, rest: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid ?? '',
  ...rest,
});
const make = (name: string, ownerReferences: readonly OwnerReference[] = [], on = server, metadata: object = {}) =>
  on.client.create(ConfigMap, { metadata: { name, namespace: 'default', ownerReferences, ...metadata } });
const names = async (on = server) => (await on.client.list(ConfigMap)).items.map(({ metadata }) => metadata.name);

/** Resolves when an object is gone. */
async function gone(
  name: string,
  on = server,
  kind: AnyKind = ConfigMap,
  namespace: string | undefined = 'default',
): Promise<void> {
  const fieldSelector = `metadata.name=${name}`;
  const { items, resourceVersion } = await on.client.list(kind, { namespace, fieldSelector });
  if (items.length === 0) return;
  for await (const { type } of on.client.watch(kind, { namespace, fieldSelector, resourceVersion }))
    if (type === 'DELETED') return;
}

describe('owners', () => {
  it('keep what they share until the last is gone', async () => {
    const [a, b] = [await make('a'), await make('b')];
    await make('child', [reference(a), reference(b)]);
    await server.client.delete(ConfigMap, ref('a'));
    const { resourceVersion } = await server.client.list(ConfigMap);
    for await (const { object } of server.client.watch(ConfigMap, {
      fieldSelector: 'metadata.name=child',
      resourceVersion: '0',
    }))
      if (object.metadata.ownerReferences?.length === 1) break;
    expect(Number(resourceVersion)).toBeGreaterThan(0);
    expect((await server.client.get(ConfigMap, ref('child'))).metadata.ownerReferences).toEqual([reference(b)]);
    await server.client.delete(ConfigMap, ref('b'));
    await gone('child');
  });

  it('count by uid: a new object of the same name is another', async () => {
    const old = await make('a');
    await server.client.delete(ConfigMap, ref('a'));
    await make('a');
    await make('child', [reference(old)]);
    await gone('child');
    expect(await names()).toEqual(['a']);
  });

  it('of another namespace do not count', async () => {
    await server.client.create(Namespace, { metadata: { name: 'other' } });
    const owner = await server.client.create(ConfigMap, { metadata: { name: 'a', namespace: 'other' } });
    await make('child', [reference(owner)]);
    // The collector looks at it when something happens to an owner; a sweep does at the next start.
    await server.client.delete(ConfigMap, { namespace: 'other', name: 'a' });
    await gone('child');
  });

  it('of kinds that are not served keep what is theirs', async () => {
    await make('child', [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'd' }]);
    await make('lost', [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'd', uid: 'e' }]);
    await gone('lost');
    expect(await names()).toEqual(['child']);
  });

  it('take many along without blocking', async () => {
    const parent = await make('parent');
    for (let number = 0; number < 500; number++) await make(`c${number}`, [reference(parent)]);
    await server.client.delete(ConfigMap, ref('parent'));
    await gone('c499');
    expect(await names()).toEqual([]);
  });

  it('a cascade lets running Pods end gracefully', async () => {
    const parent = await make('parent');
    await server.client.create(Pod, {
      metadata: { ...ref('p'), ownerReferences: [reference(parent)] },
      spec: { containers: [{ name: 'c' }], nodeName: 'n' },
    });
    await server.client.delete(ConfigMap, ref('parent'));
    for await (const { object } of server.client.watch(Pod)) if (object.metadata.deletionTimestamp !== undefined) break;
    await server.client.delete(Pod, ref('p'), { gracePeriodSeconds: 0 });
    await gone('p', server, Pod);
  });
});

describe('foreground', () => {
  it('waits for a dependent’s own finalizers', async () => {
    const parent = await make('parent');
    const blocking = reference(parent, { blockOwnerDeletion: true });
    await make('child', [blocking], server, { finalizers: ['x/y'] });
    await make('free', [reference(parent)]);
    await server.client.delete(ConfigMap, ref('parent'), { propagationPolicy: 'Foreground' });
    await gone('free');
    for await (const { object } of server.client.watch(ConfigMap, { fieldSelector: 'metadata.name=child' }))
      if (object.metadata.deletionTimestamp !== undefined) break;
    expect(await names()).toEqual(['child', 'parent']);
    await server.client.patch(ConfigMap, ref('child'), { type: 'merge', body: { metadata: { finalizers: null } } });
    await gone('parent');
  });

  it('goes on when a dependent stops being one', async () => {
    const parent = await make('parent');
    await make('child', [reference(parent, { blockOwnerDeletion: true })], server, { finalizers: ['x/y'] });
    await server.client.delete(ConfigMap, ref('parent'), { propagationPolicy: 'Foreground' });
    for await (const { object } of server.client.watch(ConfigMap, { fieldSelector: 'metadata.name=child' }))
      if (object.metadata.deletionTimestamp !== undefined) break;
    await server.client.patch(ConfigMap, ref('child'), {
      type: 'merge',
      body: { metadata: { ownerReferences: null } },
    });
    await gone('parent');
  });
});

describe('after a crash', () => {
  /** A server on what is on disk once `write` is, and nothing that followed from it. */
  async function restartedAfter(write: () => Promise<unknown>): Promise<TestApi> {
    const { store } = server.api;
    await store.barrier();
    const dir = mkdtempSync(join(tmpdir(), 'kf-copy-'));
    const written = write();
    const { revision } = store;
    const copied = new Promise<number>((resolve) => {
      const stop = store.onFlushed((flushed) => {
        for (const file of ['store.db', 'store.db-wal']) cpSync(join(server.dir, file), join(dir, file));
        stop();
        resolve(flushed);
      });
    });
    expect(await copied).toBe(revision);
    await written;
    const again = startLocalApi({ dir });
    return {
      ...again,
      async close() {
        await again.close();
        rmSync(dir, { recursive: true });
      },
    };
  }

  it.each(['Background', 'Foreground', 'Orphan'] as const)('a cascade goes on: %s', async (propagationPolicy) => {
    const parent = await make('parent');
    const child = await make('child', [reference(parent, { blockOwnerDeletion: true })]);
    await make('grandchild', [reference(child, { blockOwnerDeletion: true })]);
    const again = await restartedAfter(() => server.client.delete(ConfigMap, ref('parent'), { propagationPolicy }));
    await gone('parent', again);
    if (propagationPolicy === 'Orphan') expect(await names(again)).toEqual(['child', 'grandchild']);
    else {
      await gone('grandchild', again);
      expect(await names(again)).toEqual([]);
    }
    await again.close();
  });

  it('a Namespace goes on emptying', async () => {
    await server.client.create(Namespace, { metadata: { name: 'n' } });
    for (const name of ['a', 'b']) await server.client.create(ConfigMap, { metadata: { name, namespace: 'n' } });
    const again = await restartedAfter(() => server.client.delete(Namespace, { name: 'n' }));
    await gone('n', again, Namespace, undefined);
    expect(await names(again)).toEqual([]);
    await again.close();
  });
});

it('keeps the server’s own namespaces', async () => {
  expect((await server.client.list(Namespace)).items.map(({ metadata }) => metadata.name)).toEqual([
    'default',
    'kube-system',
  ]);
  await expect(server.client.delete(Namespace, { name: 'default' })).rejects.toMatchObject({
    reason: 'Forbidden',
    message: 'namespaces "default" is forbidden: this namespace may not be deleted',
  });
});
