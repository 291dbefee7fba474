/** What every Client does, whichever it is: the one test that all implementations are held to. */

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Client, WatchEvent } from '../../src/client/client.ts';
import { ConfigMap, Namespace } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { Task } from '../../src/resources/kf/task.ts';
import type { KubeObject } from '../../src/resources/meta.ts';
import { isNotFound, StatusError } from '../../src/resources/status.ts';

export interface ClientUnderTest {
  readonly client: Client;
  /** Makes the server forget its log: every revision so far can no longer be watched from. */
  compact(): Promise<void>;
  close(): Promise<void>;
}

export function describeClient(name: string, start: () => Promise<ClientUnderTest>): void {
  describe(`Client: ${name}`, () => {
    let server: ClientUnderTest;
    let client: Client;
    let namespace: string;
    let count = 0;

    beforeAll(async () => {
      server = await start();
      client = server.client;
    });
    afterAll(() => server.close());
    beforeEach(async () => {
      namespace = `behaviour-${++count}`;
      await client.create(Namespace, { metadata: { name: namespace } });
    });

    const configMap = (name: string, rest: { metadata?: object; data?: Readonly<Record<string, string>> } = {}) => ({
      ...rest,
      metadata: { name, namespace, ...rest.metadata },
    });
    const task = (name: string, rest: object = {}) => ({
      metadata: { name, namespace },
      spec: { appRef: { name: 'app' }, ...rest },
    });
    const pod = (name: string, spec: object = {}) => ({
      metadata: { name, namespace },
      spec: { containers: [{ name: 'c' }], ...spec },
    });
    const ref = (name: string) => ({ namespace, name });
    const revisionOf = (object: KubeObject) => Number(object.metadata.resourceVersion);
    const gone = (kind: Parameters<Client['get']>[0], name: string) =>
      expect(client.get(kind, ref(name))).rejects.toSatisfy(isNotFound);
    const collect = async <T extends KubeObject>(
      events: AsyncIterable<WatchEvent<T>>,
      enough: (all: readonly WatchEvent<T>[]) => boolean,
    ): Promise<readonly WatchEvent<T>[]> => {
      const all: WatchEvent<T>[] = [];
      for await (const event of events) {
        all.push(event);
        if (enough(all)) break;
      }
      return all;
    };
    const told = (events: readonly WatchEvent<KubeObject>[]) =>
      events.map(({ type, object }) => `${type} ${object.metadata.name}`);
    const reason = (wanted: string) => (error: unknown) => error instanceof StatusError && error.reason === wanted;

    describe('create', () => {
      it('a dry run tells what would be stored, or why not, and stores nothing', async () => {
        const { metadata } = await client.create(Task, task('dry'), { dryRun: true });
        expect(metadata.name).toBe('dry');
        await expect(client.get(Task, { namespace, name: 'dry' })).rejects.toMatchObject({ reason: 'NotFound' });
        const bad = { ...task('dry'), spec: {} } as unknown as ReturnType<typeof task>;
        await expect(client.create(Task, bad, { dryRun: true })).rejects.toMatchObject({ reason: 'Invalid' });
      });

      it('fills in what the server says, and freezes all of it', async () => {
        const created = await client.create(Task, task('a'));
        expect(created).toMatchObject({
          apiVersion: 'kf.dev/v1alpha1',
          kind: 'Task',
          metadata: { name: 'a', namespace, generation: 1 },
          spec: { displayName: 'a', appRef: { name: 'app' } },
        });
        expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
        expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
        expect(created.metadata.annotations?.['kf.dev/created-by']).toBeTruthy();
        expect(revisionOf(created)).toBeGreaterThan(0);
        expect(Object.isFrozen(created)).toBe(true);
        expect(Object.isFrozen(created.spec.appRef)).toBe(true);
        expect(await client.get(Task, ref('a'))).toEqual(created);
      });

      it('ignores a status, and what only the server may say', async () => {
        const draft = task('a');
        const created = await client.create(Task, {
          ...draft,
          metadata: { ...draft.metadata, uid: 'mine', deletionTimestamp: '2020-01-01T00:00:00Z', generation: 9 },
          status: { id: 7 },
        });
        expect(created.metadata.uid).not.toBe('mine');
        expect(created.metadata.deletionTimestamp).toBeUndefined();
        expect(created.metadata.generation).toBe(1);
        expect(created.status).toBeUndefined();
      });

      it('makes a name from generateName', async () => {
        const created = await client.create(ConfigMap, { metadata: { generateName: 'run-', namespace } });
        expect(created.metadata.name).toMatch(/^run-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
      });

      it('refuses a name that is taken', async () => {
        await client.create(ConfigMap, configMap('a'));
        await expect(client.create(ConfigMap, configMap('a'))).rejects.toMatchObject({
          reason: 'AlreadyExists',
          code: 409,
          message: 'configmaps "a" already exists',
        });
      });

      it('refuses a namespace that is not there', async () => {
        const draft = { metadata: { name: 'a', namespace: 'nowhere' } };
        await expect(client.create(ConfigMap, draft)).rejects.toMatchObject({
          reason: 'NotFound',
          message: 'namespaces "nowhere" not found',
        });
      });

      it('names every field that is wrong', async () => {
        const error = await client.create(Task, task('a', { memory: 'lots', command: 4 })).catch((e: unknown) => e);
        expect(error).toMatchObject({ reason: 'Invalid', code: 422 });
        expect((error as StatusError).status.details).toMatchObject({
          kind: 'Task',
          group: 'kf.dev',
          name: 'a',
          causes: [{ field: 'spec.command', reason: 'FieldValueTypeInvalid' }],
        });
        await expect(client.create(Task, task('a', { memory: 'lots' }))).rejects.toThrow(
          /^Task.kf.dev "a" is invalid: spec.memory: Invalid value: "lots": /,
        );
        await expect(client.create(ConfigMap, configMap('Not_a_name'))).rejects.toThrow(/metadata.name: Invalid value/);
        await gone(Task, 'a');
      });
    });

    describe('get and list', () => {
      it('says what was not found', async () => {
        await expect(client.get(Task, ref('nope'))).rejects.toMatchObject({
          reason: 'NotFound',
          code: 404,
          message: 'tasks.kf.dev "nope" not found',
        });
      });

      it('selects by namespace, labels and fields, sorted by name', async () => {
        await client.create(ConfigMap, configMap('b', { metadata: { labels: { app: 'x', tier: 'web' } } }));
        await client.create(ConfigMap, configMap('a', { metadata: { labels: { app: 'x' } } }));
        await client.create(ConfigMap, configMap('c', { metadata: { labels: { app: 'y' } } }));
        const names = async (options: Parameters<Client['list']>[1]) =>
          (await client.list(ConfigMap, { namespace, ...options })).items.map(({ metadata }) => metadata.name);
        expect(await names({})).toEqual(['a', 'b', 'c']);
        expect(await names({ labelSelector: 'app=x' })).toEqual(['a', 'b']);
        expect(await names({ labelSelector: 'app=x,tier' })).toEqual(['b']);
        expect(await names({ labelSelector: 'app in (x, y),!tier' })).toEqual(['a', 'c']);
        expect(await names({ labelSelector: 'tier!=web' })).toEqual(['a', 'c']);
        expect(await names({ labelSelector: 'app notin (x)' })).toEqual(['c']);
        expect(await names({ fieldSelector: 'metadata.name=b' })).toEqual(['b']);
        expect(await names({ fieldSelector: 'metadata.name!=b' })).toEqual(['a', 'c']);
        const everywhere = await client.list(ConfigMap, { labelSelector: 'app=y' });
        expect(everywhere.items.map(({ metadata }) => metadata.namespace)).toContain(namespace);
      });

      it('lists the metadata alone: identities, labels, the order of creation', async () => {
        const made: KubeObject[] = [];
        for (const [name, app] of [
          ['b', 'x'],
          ['a', 'x'],
          ['c', 'y'],
        ] as const)
          made.push(await client.create(ConfigMap, configMap(name, { metadata: { labels: { app } } })));
        const { items, resourceVersion } = await client.listMetadata(ConfigMap, { namespace, labelSelector: 'app=x' });
        const seen = items.map(({ namespace, name, uid, resourceVersion, labels }) => ({
          ...{ namespace, name, uid, resourceVersion, labels },
        }));
        const wanted = made.slice(0, 2).map(({ metadata: { namespace, name, uid, resourceVersion, labels } }) => ({
          ...{ namespace, name, uid, resourceVersion, labels },
        }));
        expect(seen.sort((left, right) => right.name.localeCompare(left.name))).toEqual(wanted);
        const orderOf = (name: string) => items.find((item) => item.name === name)?.order ?? Number.NaN;
        expect(orderOf('a')).toBeGreaterThanOrEqual(orderOf('b'));
        expect(Number(resourceVersion)).toBeGreaterThanOrEqual(revisionOf(made[2]!));
        const [namespaced] = (await client.listMetadata(Namespace, { fieldSelector: `metadata.name=${namespace}` }))
          .items;
        expect(namespaced).toMatchObject({ name: namespace });
        expect(namespaced?.namespace).toBeUndefined();
      });

      it('refuses selectors that are none', async () => {
        await expect(client.list(Task, { namespace, fieldSelector: 'spec.n=1' })).rejects.toMatchObject({
          reason: 'BadRequest',
          message: 'field label not supported: spec.n',
        });
        await expect(client.list(Task, { namespace, labelSelector: 'a in (' })).rejects.toMatchObject({
          reason: 'BadRequest',
        });
      });

      it('has a revision that no item exceeds', async () => {
        await client.create(ConfigMap, configMap('a'));
        const last = await client.create(ConfigMap, configMap('b'));
        const { resourceVersion, items } = await client.list(ConfigMap, { namespace });
        expect(Number(resourceVersion)).toBeGreaterThanOrEqual(revisionOf(last));
        expect(Object.isFrozen(items[0])).toBe(true);
      });
    });

    describe('update', () => {
      it('replaces all but the status, and counts generations', async () => {
        const created = await client.create(Task, task('a'));
        const withStatus = await client.updateStatus(Task, { ...created, status: { id: 4 } });
        const updated = await client.update(Task, {
          ...withStatus,
          spec: { ...withStatus.spec, terminated: true },
          status: { id: 5 },
        });
        expect(updated.status).toEqual({ id: 4 });
        expect(updated.metadata.generation).toBe(2);
        expect(updated.metadata.uid).toBe(created.metadata.uid);
        const labelled = await client.update(Task, {
          ...updated,
          metadata: { ...updated.metadata, labels: { ...updated.metadata.labels, more: 'x' } },
        });
        expect(labelled.metadata.generation).toBe(2);
      });

      it('refuses a stale revision', async () => {
        const created = await client.create(Task, task('a'));
        await client.update(Task, { ...created, spec: { ...created.spec, terminated: true } });
        await expect(
          client.update(Task, { ...created, spec: { ...created.spec, command: 'x' } }),
        ).rejects.toMatchObject({
          reason: 'Conflict',
          code: 409,
          message:
            'Operation cannot be fulfilled on tasks.kf.dev "a": the object has been modified; please apply your changes to the latest version and try again',
        });
        await expect(client.updateStatus(Task, { ...created, status: { id: 1 } })).rejects.toMatchObject({
          reason: 'Conflict',
        });
      });

      it('wants a revision for custom resources', async () => {
        const created = await client.create(Task, task('a'));
        const { resourceVersion: _r, ...metadata } = created.metadata;
        await expect(client.update(Task, { ...created, metadata })).rejects.toMatchObject({ reason: 'Invalid' });
      });

      it('changes nothing, not even the revision, when nothing changed', async () => {
        const created = await client.create(Task, task('a'));
        expect(await client.update(Task, created)).toEqual(created);
        const status = await client.updateStatus(Task, { ...created, status: { id: 1 } });
        expect(await client.updateStatus(Task, { ...status, status: { id: 1 } })).toEqual(status);
      });

      it('updateStatus touches the status only', async () => {
        const created = await client.create(Task, task('a'));
        const updated = await client.updateStatus(Task, {
          ...created,
          metadata: { ...created.metadata, labels: { other: 'x' } },
          spec: { ...created.spec, command: 'other' },
          status: { id: 3 },
        });
        expect(updated).toEqual({
          ...created,
          metadata: { ...created.metadata, resourceVersion: updated.metadata.resourceVersion },
          status: { id: 3 },
        });
        const wrong = { id: 'three' } as unknown as { id: number };
        await expect(client.updateStatus(Task, { ...updated, status: wrong })).rejects.toMatchObject({
          reason: 'Invalid',
        });
      });

      it('validates against the stored object', async () => {
        const created = await client.create(Task, task('a', { terminated: true }));
        await expect(
          client.update(Task, { ...created, spec: { ...created.spec, terminated: false } }),
        ).rejects.toMatchObject({ reason: 'Invalid' });
        await expect(
          client.update(Task, { ...created, metadata: { ...created.metadata, name: 'b' } }),
        ).rejects.toSatisfy((error) => reason('BadRequest')(error) || reason('NotFound')(error));
      });

      it('of something that is not there is NotFound', async () => {
        const created = await client.create(Task, task('a'));
        await client.delete(Task, ref('a'));
        await expect(client.update(Task, created)).rejects.toMatchObject({ reason: 'NotFound' });
        await expect(client.updateStatus(Task, created)).rejects.toMatchObject({ reason: 'NotFound' });
      });
    });

    describe('patch', () => {
      it('merges: members replace, null removes', async () => {
        await client.create(ConfigMap, configMap('a', { data: { x: '1', y: '2' } }));
        const body = { data: { x: null, z: '3' }, metadata: { labels: { l: 'v' } } };
        const patched = await client.patch(ConfigMap, ref('a'), { type: 'merge', body });
        expect(patched.data).toEqual({ y: '2', z: '3' });
        expect(patched.metadata.labels).toEqual({ l: 'v' });
      });

      it('applies JSON patches as Kubernetes does: replacing an absent member adds it', async () => {
        await client.create(Task, task('a'));
        const patched = await client.patch(Task, ref('a'), {
          type: 'json',
          body: [{ op: 'replace', path: '/spec/terminated', value: true }],
        });
        expect(patched.spec.terminated).toBe(true);
        for (const operation of [
          { op: 'remove', path: '/spec/nothing' },
          { op: 'test', path: '/spec/terminated', value: false },
          { op: 'add', path: '/spec/nothing/here', value: 1 },
        ])
          await expect(client.patch(Task, ref('a'), { type: 'json', body: [operation] })).rejects.toMatchObject({
            reason: 'Invalid',
          });
      });

      it('patches the status alone where asked', async () => {
        const created = await client.create(Task, task('a'));
        const patch = { type: 'merge', body: { status: { id: 5 }, spec: { command: 'no' } } } as const;
        const patched = await client.patch(Task, ref('a'), patch, { subresource: 'status' });
        expect(patched.status).toEqual({ id: 5 });
        expect(patched.spec).toEqual(created.spec);
        expect((await client.patch(Task, ref('a'), { type: 'merge', body: { status: { id: 6 } } })).status).toEqual({
          id: 5,
        });
      });

      it('takes a revision in the patch as a precondition, and needs none', async () => {
        const created = await client.create(ConfigMap, configMap('a'));
        await client.patch(ConfigMap, ref('a'), { type: 'merge', body: { data: { x: '1' } } });
        const body = { metadata: { resourceVersion: created.metadata.resourceVersion }, data: { x: '2' } };
        await expect(client.patch(ConfigMap, ref('a'), { type: 'merge', body })).rejects.toMatchObject({
          reason: 'Conflict',
        });
      });

      it('validates the result, and needs an object', async () => {
        await client.create(Task, task('a'));
        const patch = { type: 'merge', body: { spec: { memory: 'lots' } } } as const;
        await expect(client.patch(Task, ref('a'), patch)).rejects.toMatchObject({ reason: 'Invalid' });
        await expect(client.patch(Task, ref('b'), patch)).rejects.toMatchObject({ reason: 'NotFound' });
      });
    });

    describe('delete', () => {
      it('takes an object away', async () => {
        await client.create(ConfigMap, configMap('a'));
        await client.delete(ConfigMap, ref('a'));
        await gone(ConfigMap, 'a');
        await expect(client.delete(ConfigMap, ref('a'))).rejects.toMatchObject({ reason: 'NotFound' });
      });

      it('holds preconditions', async () => {
        const created = await client.create(ConfigMap, configMap('a'));
        for (const preconditions of [{ uid: 'other' }, { resourceVersion: '1' }])
          await expect(client.delete(ConfigMap, ref('a'), { preconditions })).rejects.toMatchObject({
            reason: 'Conflict',
          });
        await client.delete(ConfigMap, ref('a'), { preconditions: { uid: created.metadata.uid } });
        await gone(ConfigMap, 'a');
      });

      it('waits for finalizers', async () => {
        await client.create(ConfigMap, configMap('a', { metadata: { finalizers: ['kf.dev/test'] } }));
        await client.delete(ConfigMap, ref('a'));
        await client.delete(ConfigMap, ref('a'));
        const waiting = await client.get(ConfigMap, ref('a'));
        expect(waiting.metadata.deletionTimestamp).toBeDefined();
        const more = { metadata: { finalizers: ['kf.dev/test', 'kf.dev/more'] } };
        await expect(client.patch(ConfigMap, ref('a'), { type: 'merge', body: more })).rejects.toMatchObject({
          reason: 'Invalid',
        });
        await client.update(ConfigMap, { ...waiting, metadata: { ...waiting.metadata, finalizers: [] } });
        await gone(ConfigMap, 'a');
      });

      const family = async (): Promise<void> => {
        const own = (owner: KubeObject) => ({
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              name: owner.metadata.name,
              uid: owner.metadata.uid ?? '',
              blockOwnerDeletion: true,
            },
          ],
        });
        const parent = await client.create(ConfigMap, configMap('parent'));
        const child = await client.create(ConfigMap, configMap('child', { metadata: own(parent) }));
        await client.create(ConfigMap, configMap('grandchild', { metadata: own(child) }));
      };
      const watchNamespace = async () => {
        const { resourceVersion } = await client.list(ConfigMap, { namespace });
        return client.watch(ConfigMap, { namespace, resourceVersion });
      };
      const deletions = (count: number) => (events: readonly WatchEvent<KubeObject>[]) =>
        events.filter(({ type }) => type === 'DELETED').length === count;
      const deleted = (events: readonly WatchEvent<KubeObject>[]) =>
        events.filter(({ type }) => type === 'DELETED').map(({ object }) => object.metadata.name);

      it('in the background: dependents follow', async () => {
        await family();
        const events = await watchNamespace();
        await client.delete(ConfigMap, ref('parent'));
        expect(deleted(await collect(events, deletions(3)))).toEqual(['parent', 'child', 'grandchild']);
      });

      it('in the foreground: dependents go first', async () => {
        await family();
        const events = await watchNamespace();
        await client.delete(ConfigMap, ref('parent'), { propagationPolicy: 'Foreground' });
        expect(deleted(await collect(events, deletions(3)))).toEqual(['grandchild', 'child', 'parent']);
      });

      it('orphaning: dependents stay, without their owner', async () => {
        await family();
        const events = await watchNamespace();
        await client.delete(ConfigMap, ref('parent'), { propagationPolicy: 'Orphan' });
        await collect(events, deletions(1));
        expect((await client.get(ConfigMap, ref('child'))).metadata.ownerReferences).toBeUndefined();
        expect((await client.get(ConfigMap, ref('grandchild'))).metadata.ownerReferences).toHaveLength(1);
      });

      it('collects what is made for an owner that is gone', async () => {
        const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'never', uid: 'never' }];
        const events = await watchNamespace();
        await client.create(ConfigMap, configMap('lost', { metadata: { ownerReferences } }));
        expect(told(await collect(events, deletions(1)))).toEqual(['ADDED lost', 'DELETED lost']);
      });

      it('lets a running Pod end gracefully, and any other go at once', async () => {
        await client.create(Pod, pod('unplaced'));
        await client.delete(Pod, ref('unplaced'));
        await gone(Pod, 'unplaced');

        await client.create(Pod, pod('running', { nodeName: 'n', terminationGracePeriodSeconds: 30 }));
        await client.delete(Pod, ref('running'));
        const ending = await client.get(Pod, ref('running'));
        expect(ending.metadata.deletionGracePeriodSeconds).toBe(30);
        await client.delete(Pod, ref('running'), { gracePeriodSeconds: 3 });
        expect((await client.get(Pod, ref('running'))).metadata.deletionGracePeriodSeconds).toBe(3);
        await client.delete(Pod, ref('running'), { gracePeriodSeconds: 0 });
        await gone(Pod, 'running');

        const finished = await client.create(Pod, pod('finished', { nodeName: 'n' }));
        await client.updateStatus(Pod, { ...finished, status: { phase: 'Succeeded' } });
        await client.delete(Pod, ref('finished'));
        await gone(Pod, 'finished');
      });

      it('of a Namespace empties it first', async () => {
        await client.create(ConfigMap, configMap('a'));
        await client.create(Pod, pod('running', { nodeName: 'n' }));
        const { resourceVersion } = await client.list(Namespace);
        await client.delete(Namespace, { name: namespace });
        expect((await client.get(Namespace, { name: namespace })).status?.phase).toBe('Terminating');
        await expect(client.create(ConfigMap, configMap('late'))).rejects.toMatchObject({ reason: 'Forbidden' });
        await client.delete(Pod, ref('running'), { gracePeriodSeconds: 0 });
        const fieldSelector = `metadata.name=${namespace}`;
        await collect(client.watch(Namespace, { fieldSelector, resourceVersion }), deletions(1));
        expect((await client.list(ConfigMap, { namespace })).items).toEqual([]);
      });
    });

    describe('watch', () => {
      it('from a revision tells of every later change once, in order', async () => {
        await client.create(ConfigMap, configMap('before'));
        const { resourceVersion } = await client.list(ConfigMap, { namespace });
        const a = await client.create(ConfigMap, configMap('a'));
        const events = client.watch(ConfigMap, { namespace, resourceVersion });
        const b = await client.update(ConfigMap, { ...a, data: { x: '1' } });
        await client.delete(ConfigMap, ref('a'));
        await client.create(ConfigMap, configMap('last'));
        const all = await collect(events, (so) => so.at(-1)?.object.metadata.name === 'last');
        expect(told(all)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED last']);
        expect(all[1]?.object).toEqual(b);
        const revisions = all.map(({ object }) => revisionOf(object));
        expect(revisions).toEqual([...revisions].sort((left, right) => left - right));
        expect(new Set(revisions).size).toBe(4);
        expect(all[2]?.object.data).toEqual({ x: '1' });
        expect(Object.isFrozen(all[0]?.object)).toBe(true);
      });

      it.each([undefined, '0'])('from revision %s tells of everything that is there first', async (resourceVersion) => {
        await client.create(ConfigMap, configMap('b'));
        await client.create(ConfigMap, configMap('a'));
        const events = client.watch(ConfigMap, { namespace, resourceVersion });
        const all = collect(events, ({ length }) => length === 3);
        const first = async () => (await client.list(ConfigMap, { namespace })).items.length;
        expect(await first()).toBe(2);
        await client.create(ConfigMap, configMap('c'));
        expect(told(await all).sort()).toEqual(['ADDED a', 'ADDED b', 'ADDED c']);
      });

      it('shows what enters a selection as added, what leaves it as deleted', async () => {
        const { resourceVersion } = await client.list(ConfigMap, { namespace });
        const label = (value: string) => ({ type: 'merge', body: { metadata: { labels: { on: value } } } }) as const;
        await client.create(ConfigMap, configMap('a'));
        await client.patch(ConfigMap, ref('a'), label('yes'));
        await client.patch(ConfigMap, ref('a'), { type: 'merge', body: { data: { x: '1' } } });
        await client.patch(ConfigMap, ref('a'), label('no'));
        await client.patch(ConfigMap, ref('a'), { type: 'merge', body: { data: { x: '2' } } });
        await client.create(ConfigMap, configMap('b', { metadata: { labels: { on: 'yes' } } }));
        const events = client.watch(ConfigMap, { namespace, resourceVersion, labelSelector: 'on=yes' });
        const all = await collect(events, (so) => so.at(-1)?.object.metadata.name === 'b');
        expect(told(all)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b']);
      });

      it('selects by fields, and follows their changes', async () => {
        const { resourceVersion } = await client.list(Pod, { namespace });
        const created = await client.create(Pod, pod('a'));
        const running = await client.updateStatus(Pod, { ...created, status: { phase: 'Running' } });
        await client.updateStatus(Pod, { ...running, status: { phase: 'Succeeded' } });
        const events = client.watch(Pod, { namespace, resourceVersion, fieldSelector: 'status.phase=Running' });
        expect(told(await collect(events, ({ length }) => length === 2))).toEqual(['ADDED a', 'DELETED a']);
      });

      it('ends when its signal fires', async () => {
        const { resourceVersion } = await client.list(ConfigMap, { namespace });
        const abort = new AbortController();
        const events = client.watch(ConfigMap, { namespace, resourceVersion, signal: abort.signal });
        const all = collect(events, () => {
          abort.abort();
          return false;
        });
        await client.create(ConfigMap, configMap('a'));
        expect(told(await all)).toEqual(['ADDED a']);
      });

      it('is refused from a revision that is compacted', async () => {
        const created = await client.create(ConfigMap, configMap('a'));
        await client.create(ConfigMap, configMap('b'));
        await server.compact();
        const { resourceVersion } = created.metadata;
        const events = client.watch(ConfigMap, { namespace, resourceVersion });
        await expect(collect(events, () => true)).rejects.toMatchObject({ reason: 'Expired', code: 410 });
      });
    });
  });
}
