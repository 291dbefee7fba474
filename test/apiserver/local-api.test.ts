import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ApiWatchEvent, ApiWriteOptions } from '../../src/apiserver/api.ts';
import { ConfigMap, Event, Namespace, Secret } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { App } from '../../src/resources/kf/app.ts';
import { Space } from '../../src/resources/kf/space.ts';
import { Task } from '../../src/resources/kf/task.ts';
import type { KubeObject } from '../../src/resources/meta.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../support/local-api.ts';

let server: TestApi;
beforeEach(() => {
  server = startLocalApi();
});
afterEach(() => server.close());

const user: ApiWriteOptions = { caller: { user: 'ann', groups: [] } };
const ref = (name: string) => ({ namespace: 'default', name });
const task = (name: string, rest: object = {}) => ({ metadata: { name }, spec: { appRef: { name: 'app' }, ...rest } });
const pod = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: { containers: [{ name: 'c' }], ...spec },
});
const create = (kind: Parameters<typeof server.api.create>[0], body: unknown, options = user): Promise<KubeObject> =>
  server.api.create(kind, kind.scope === 'Cluster' ? undefined : 'default', body, options);
const specOf = (object: KubeObject) => (object as KubeObject & { spec: Record<string, unknown> }).spec;
const statusOf = (object: KubeObject) => (object as KubeObject & { status?: unknown }).status;

describe('bodies', () => {
  it.each([
    ['no object', 'x', /must be a JSON object/],
    ['another kind', { kind: 'App', metadata: { name: 'a' } }, /the kind in the data \(App\)/],
    ['another version', { apiVersion: 'kf.dev/v9', metadata: { name: 'a' } }, /API version in the data \(kf.dev\/v9\)/],
    ['a version that is no text', { apiVersion: { toString: 1 }, metadata: { name: 'a' } }, /\({"toString":1}\)/],
    [
      'another namespace',
      { metadata: { name: 'a', namespace: 'b' } },
      /namespace of the provided object does not match/,
    ],
    ['a revision', { metadata: { name: 'a', resourceVersion: '1' } }, /resourceVersion should not be set/],
    ['metadata that is none', { metadata: 'x' }, /metadata must be/],
  ])('with %s are refused', async (_, body, message) => {
    await expect(create(Task, body)).rejects.toMatchObject({
      reason: 'BadRequest',
      message: expect.stringMatching(message),
    });
  });

  it('without a name are refused', async () => {
    await expect(create(Task, { metadata: {}, spec: { appRef: { name: 'a' } } })).rejects.toMatchObject({
      reason: 'Invalid',
      message: 'Task.kf.dev "" is invalid: metadata.name: Required value: name or generateName is required',
    });
  });

  it('with metadata of the wrong type are refused', async () => {
    for (const metadata of [
      { name: 5 },
      { name: 'a', labels: ['x'] },
      { name: 'a', labels: { x: 1 } },
      { name: 'a', annotations: { x: true } },
      { name: 'a', finalizers: 'x' },
      { name: 'a', finalizers: ['noslash'] },
      { name: 'a', labels: { 'not a key': 'x' } },
      { name: 'a', labels: { x: 'not a value' } },
      { name: 'a', ownerReferences: [{ name: 'x' }] },
      { name: 'a', ownerReferences: [null] },
      { name: 'a', annotations: { x: 'y'.repeat(300_000) } },
    ])
      await expect(create(ConfigMap, { metadata })).rejects.toMatchObject({ reason: 'Invalid' });
  });

  it('lose what the schema does not know; strictly it is refused, or warned of', async () => {
    const body = { ...task('a', { zzz: 1, env: [{ name: 'A', value: '', odd: 2 }] }), extra: {} };
    const strict = { ...user, fieldValidation: 'Strict' } as const;
    await expect(create(Task, body, strict)).rejects.toMatchObject({
      reason: 'BadRequest',
      message:
        'Task in version "v1alpha1" cannot be handled as a Task: strict decoding error: unknown field "spec.zzz", unknown field "spec.env[0].odd", unknown field "extra"',
    });
    const warnings: string[] = [];
    const created = await create(Task, body, {
      ...user,
      fieldValidation: 'Warn',
      onWarning: (text) => warnings.push(text),
    });
    expect(warnings).toEqual(['unknown field "spec.zzz"', 'unknown field "spec.env[0].odd"', 'unknown field "extra"']);
    expect(specOf(created)).toEqual({ appRef: { name: 'app' }, displayName: 'a', env: [{ name: 'A', value: '' }] });
    expect(created).not.toHaveProperty('extra');
  });

  it('keep what an open schema does not know, and drop null where it means absent', async () => {
    const podTemplate = { securityContext: { unknown: { deep: [null] } } };
    const pipelineSpec = { tasks: [{ name: 'a', taskRef: { name: 'a', kind: 'Task' } }] };
    const run = await create(PipelineRun, {
      metadata: { name: 'r', creationTimestamp: null },
      spec: { pipelineSpec, taskRunTemplate: { podTemplate }, params: null },
    });
    expect(specOf(run)).toEqual({
      pipelineSpec,
      taskRunTemplate: { podTemplate, serviceAccountName: 'default' },
      timeouts: { pipeline: '1h0m0s' },
    });
  });

  it('are not touched, and not shared', async () => {
    const body = { metadata: { name: 'a' }, data: { x: '1' } };
    const created = await create(ConfigMap, body);
    body.data.x = '2';
    expect(await server.api.get(ConfigMap, ref('a'))).toEqual(created);
    expect(created).toMatchObject({ data: { x: '1' } });
  });
});

describe('validation', () => {
  it.each([
    [
      Pod,
      pod('a', { containers: [] }),
      'spec.containers: Invalid value: 0: spec.containers in body should have at least 1 items',
    ],
    [Pod, { metadata: { name: 'a' }, spec: {} }, 'spec.containers: Required value'],
    [Pod, { metadata: { name: 'a' } }, 'spec: Required value'],
    [
      Pod,
      pod('a', { terminationGracePeriodSeconds: -1 }),
      'spec.terminationGracePeriodSeconds: Invalid value: -1: spec.terminationGracePeriodSeconds in body should be greater than or equal to 0',
    ],
    [
      Pod,
      pod('a', { containers: [{ name: '' }] }),
      'spec.containers[0].name: Invalid value: "": spec.containers[0].name in body should be at least 1 chars long',
    ],
    [
      Pod,
      pod('a', { containers: [{ name: 'c', resources: { limits: { cpu: true } } }] }),
      'spec.containers[0].resources.limits.cpu: Invalid value: "boolean": spec.containers[0].resources.limits.cpu in body must be of type integer or string: "boolean"',
    ],
    [
      Task,
      task('a', { appRef: 'x' }),
      'spec.appRef: Invalid value: "string": spec.appRef in body must be of type object: "string"',
    ],
  ])('%#: names the field as Kubernetes does', async (kind, body, message) => {
    await expect(create(kind, body)).rejects.toThrow(` is invalid: ${message}`);
  });

  it('refuses a status that is none', async () => {
    const created = await create(Pod, pod('a'));
    const status = { phase: 'Dancing' };
    await expect(
      server.api.update(Pod, ref('a'), { ...created, status }, { ...user, subresource: 'status' }),
    ).rejects.toThrow(
      'status.phase: Unsupported value: "Dancing": supported values: "Pending", "Running", "Succeeded"',
    );
    const times = { ...created, status: { startTime: 'yesterday' } };
    await expect(server.api.update(Pod, ref('a'), times, { ...user, subresource: 'status' })).rejects.toThrow(
      'status.startTime: Invalid value: "yesterday": status.startTime in body must be of type date-time',
    );
  });

  it('of a kind speaks once about a name', async () => {
    await expect(create(Space, { metadata: { name: 'Bad_Name' } })).rejects.toMatchObject({
      status: { details: { causes: [{ field: 'metadata.name' }] } },
    });
  });
});

describe('defaults', () => {
  it('come from the schema, then from the kind', async () => {
    const app = await create(App, {
      metadata: { name: 'a' },
      spec: { build: {}, template: { spec: { containers: [{}] } } },
    });
    expect(specOf(app)).toMatchObject({
      instances: { stopped: false, replicas: 1 },
      build: { updateRequests: 0 },
      template: { spec: { containers: [{ name: 'user-container', resources: { requests: { memory: '1Gi' } } }] } },
    });
    expect(specOf(await create(Space, { metadata: { name: 's' } }))).toEqual({});
  });

  it('of core kinds', async () => {
    const secret = await create(Secret, { metadata: { name: 's' }, stringData: { k: 'v' } });
    expect(secret).toMatchObject({ type: 'Opaque', data: { k: 'dg==' } });
    expect(secret).not.toHaveProperty('stringData');
    expect(statusOf(await create(Pod, pod('p')))).toEqual({ phase: 'Pending' });
    expect(await create(Namespace, { metadata: { name: 'n' } })).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'n' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  it('records who made an object of ours', async () => {
    const { annotations } = (await create(Task, task('a'))).metadata;
    expect(annotations).toEqual({ 'kf.dev/created-by': 'ann' });
    const given = {
      metadata: { name: 'b', annotations: { 'kf.dev/created-by': 'job x' } },
      spec: { appRef: { name: 'a' } },
    };
    expect((await create(Task, given)).metadata.annotations).toEqual({ 'kf.dev/created-by': 'ann' });
    const own = { caller: { user: 'system:kf-controllers', groups: [] } };
    const made = await create(Task, { ...given, metadata: { ...given.metadata, name: 'd' } }, own);
    expect(made.metadata.annotations).toEqual({ 'kf.dev/created-by': 'job x' });
    expect((await create(ConfigMap, { metadata: { name: 'c' } })).metadata.annotations).toBeUndefined();
  });
});

it('records who changed it last, whatever the request says', async () => {
  await create(Task, task('a'));
  const patch = (body: unknown, name: string) =>
    server.api.patch(Task, ref('a'), { type: 'merge', body }, { caller: { user: name, groups: [] } });
  const forged = { metadata: { annotations: { 'kf.dev/created-by': 'eve', 'kf.dev/changed-by': 'eve', x: 'y' } } };
  expect((await patch(forged, 'eve')).metadata.annotations).toEqual({ 'kf.dev/created-by': 'ann', x: 'y' });
  const changed = await patch({ spec: { terminated: true } }, 'bob');
  expect(changed.metadata.annotations).toMatchObject({ 'kf.dev/created-by': 'ann', 'kf.dev/changed-by': 'bob' });
  const byUs = await patch({ spec: { gracePeriodSeconds: 0 } }, 'system:kf-controllers');
  expect(byUs.metadata.annotations).toMatchObject({ 'kf.dev/changed-by': 'bob' });
});

describe('dry run', () => {
  const dry = { ...user, dryRun: true };
  it('does everything but store', async () => {
    const created = await create(Task, task('a'), dry);
    expect(created.metadata.uid).toBeDefined();
    // As Kubernetes: what was read may be tried as it is.
    const read = { ...task('a'), metadata: { name: 'a', resourceVersion: '7' } };
    await expect(create(Task, read, dry)).resolves.toBeDefined();
    await expect(server.api.get(Task, ref('a'))).rejects.toMatchObject({ reason: 'NotFound' });
    await create(Task, task('a'));
    await expect(create(Task, task('a'), dry)).rejects.toMatchObject({ reason: 'AlreadyExists' });
    const patch = { type: 'merge', body: { spec: { terminated: true } } } as const;
    expect(specOf(await server.api.patch(Task, ref('a'), patch, dry)).terminated).toBe(true);
    expect(await server.api.delete(Task, ref('a'), dry)).toMatchObject({ gone: true });
    expect(specOf(await server.api.get(Task, ref('a'))).terminated).toBeUndefined();
  });
});

describe('updates', () => {
  it('without a revision are taken for core kinds, refused for ours', async () => {
    await create(ConfigMap, { metadata: { name: 'a' } });
    const updated = await server.api.update(ConfigMap, ref('a'), { metadata: { name: 'a' }, data: { x: '1' } }, user);
    expect(updated).toMatchObject({ data: { x: '1' } });
    await create(Task, task('a'));
    await expect(server.api.update(Task, ref('a'), task('a'), user)).rejects.toMatchObject({
      reason: 'Invalid',
      message:
        'Task.kf.dev "a" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update',
    });
  });

  it('for another object of the same name conflict', async () => {
    const created = await create(ConfigMap, { metadata: { name: 'a' } });
    const other = { ...created, metadata: { ...created.metadata, uid: 'other' } };
    await expect(server.api.update(ConfigMap, ref('a'), other, user)).rejects.toMatchObject({
      reason: 'Conflict',
      message: expect.stringContaining('Precondition failed: UID in precondition: other'),
    });
  });

  it('leave a Pod’s spec as it is, but for what may change', async () => {
    const created = await create(Pod, pod('a', { containers: [{ name: 'c', image: 'i' }] }));
    const change = (spec: object) =>
      server.api.patch(Pod, ref('a'), { type: 'merge', body: { spec } }, { ...user, dryRun: true });
    await change({ nodeName: 'n', containers: [{ name: 'c', image: 'j' }], activeDeadlineSeconds: 5 });
    await expect(change({ restartPolicy: 'Always' })).rejects.toThrow('spec: Forbidden: pod updates may not change');
    await expect(change({ containers: [{ name: 'd', image: 'i' }] })).rejects.toMatchObject({ reason: 'Invalid' });
    await server.api.update(Pod, ref('a'), { ...created, spec: { ...specOf(created), nodeName: 'n' } }, user);
    await expect(change({ nodeName: 'm' })).rejects.toMatchObject({ reason: 'Invalid' });
  });

  it('as Go writes a Pod back leave its spec as it was', async () => {
    const stored = await create(Pod, pod('a', { nodeName: 'n', volumes: [{ name: 'v' }] }));
    const spec = { ...specOf(stored), hostNetwork: false, securityContext: {} };
    const containers = [{ name: 'c', image: 'j', resources: {}, env: null }];
    const metadata = { ...stored.metadata, labels: { l: '1' } };
    const update = (changed: object) =>
      server.api.update(
        Pod,
        ref('a'),
        { ...stored, metadata: { ...metadata, resourceVersion: undefined }, spec: { ...spec, containers, ...changed } },
        user,
      );
    const updated = await update({});
    expect(specOf(updated)).toEqual({ ...specOf(stored), containers: [{ name: 'c', image: 'j' }] });
    expect(updated.metadata.labels).toEqual({ l: '1' });
    for (const changed of [{ hostNetwork: true }, { containers: 'x' }, { containers: [] }])
      await expect(update(changed)).rejects.toMatchObject({ reason: 'Invalid' });
  });

  it('leave immutable data as they are', async () => {
    await create(Secret, { metadata: { name: 's' }, immutable: true, data: { k: 'dg==' } });
    const patch = { type: 'merge', body: { data: { k: 'eA==' } } } as const;
    await expect(server.api.patch(Secret, ref('s'), patch, user)).rejects.toThrow(
      'data: Forbidden: field is immutable when `immutable` is set',
    );
    const labels = { type: 'merge', body: { metadata: { labels: { l: 'v' } } } } as const;
    await server.api.patch(Secret, ref('s'), labels, user);
  });

  it('leave a Namespace’s hold on its content as it is', async () => {
    await create(Namespace, { metadata: { name: 'n' } });
    const patch = { type: 'merge', body: { spec: { finalizers: [] } } } as const;
    expect(specOf(await server.api.patch(Namespace, { name: 'n' }, patch, user))).toEqual({
      finalizers: ['kubernetes'],
    });
  });
});

describe('patches', () => {
  it('strategic: for core kinds only', async () => {
    await create(Pod, pod('a', { containers: [{ name: 'c', image: 'i' }, { name: 'd' }] }));
    const body = { spec: { containers: [{ name: 'c', image: 'j' }] } };
    const patched = await server.api.patch(Pod, ref('a'), { type: 'strategic', body }, user);
    expect(specOf(patched).containers).toEqual([{ name: 'c', image: 'j' }, { name: 'd' }]);
    await create(Task, task('a'));
    await expect(server.api.patch(Task, ref('a'), { type: 'strategic', body: {} }, user)).rejects.toMatchObject({
      code: 415,
    });
  });

  it('cannot rename', async () => {
    await create(ConfigMap, { metadata: { name: 'a' } });
    const patch = { type: 'merge', body: { metadata: { name: 'b' } } } as const;
    await expect(server.api.patch(ConfigMap, ref('a'), patch, user)).rejects.toMatchObject({ reason: 'BadRequest' });
  });
});

describe('lists', () => {
  it('come in pages', async () => {
    for (const name of ['c', 'a', 'e', 'b', 'd']) await create(ConfigMap, { metadata: { name } });
    const names = (items: readonly KubeObject[]) => items.map(({ metadata }) => metadata.name).join('');
    const first = await server.api.list(ConfigMap, { namespace: 'default', limit: 2 });
    expect([names(first.items), first.remainingItemCount]).toEqual(['ab', 3]);
    await create(ConfigMap, { metadata: { name: 'aa' } });
    const second = await server.api.list(ConfigMap, { namespace: 'default', limit: 2, continue: first.continue });
    const third = await server.api.list(ConfigMap, { namespace: 'default', limit: 2, continue: second.continue });
    expect([names(second.items), names(third.items), third.continue]).toEqual(['cd', 'e', undefined]);
    expect(third.resourceVersion).toBe(first.resourceVersion);
    await expect(server.api.list(ConfigMap, { continue: 'x' })).rejects.toMatchObject({ reason: 'BadRequest' });
    await server.api.store.compact(server.api.store.revision);
    await expect(server.api.list(ConfigMap, { continue: first.continue })).rejects.toMatchObject({ reason: 'Expired' });
  });

  it('of a revision that was not given yet time out, of an exact old one expire', async () => {
    const { revision } = server.api.store;
    await expect(server.api.list(ConfigMap, { resourceVersion: String(revision + 1) })).rejects.toMatchObject({
      reason: 'Timeout',
      status: { details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 } },
    });
    await create(ConfigMap, { metadata: { name: 'a' } });
    const exact = { resourceVersion: String(revision), resourceVersionMatch: 'Exact' };
    await expect(server.api.list(ConfigMap, exact)).rejects.toMatchObject({ reason: 'Expired' });
    await server.api.list(ConfigMap, { resourceVersion: String(revision), resourceVersionMatch: 'NotOlderThan' });
    await expect(server.api.list(ConfigMap, { resourceVersion: 'x' })).rejects.toMatchObject({ reason: 'BadRequest' });
  });

  it('leave out finished objects where they are not wanted', async () => {
    for (const name of ['a', 'b']) await create(Pod, pod(name));
    const patch = { type: 'merge', body: { status: { phase: 'Failed' } } } as const;
    await server.api.patch(Pod, ref('a'), patch, { ...user, subresource: 'status' });
    const { items } = await server.api.list(Pod, { unfinishedOnly: true });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['b']);
  });

  it('select events by what they are about', async () => {
    await create(Event, { metadata: { name: 'e' }, involvedObject: { kind: 'Task', name: 'a' }, eventTime: null });
    const about = (fieldSelector: string) => server.api.list(Event, { namespace: 'default', fieldSelector });
    expect((await about('involvedObject.kind=Task,involvedObject.name=a')).items).toHaveLength(1);
    expect((await about('involvedObject.kind=App')).items).toHaveLength(0);
  });
});

describe('watches', () => {
  const take = async (events: AsyncIterable<ApiWatchEvent>, count: number): Promise<readonly string[]> => {
    const all: string[] = [];
    for await (const event of events) {
      if (event.type !== 'BOOKMARK') all.push(`${event.type} ${event.object.metadata.name}`);
      else all.push(`BOOKMARK ${event.resourceVersion}${event.initialEventsEnd ? ' initial' : ''}`);
      if (all.length === count) break;
    }
    return all;
  };

  it('mark the end of the initial events where asked', async () => {
    await create(ConfigMap, { metadata: { name: 'a' } });
    const { revision } = server.api.store;
    const events = take(server.api.watch(ConfigMap, { sendInitialEvents: true, allowBookmarks: true }), 3);
    await new Promise(setImmediate);
    await create(ConfigMap, { metadata: { name: 'b' } });
    expect(await events).toEqual(['ADDED a', `BOOKMARK ${revision} initial`, 'ADDED b']);
  });

  it('send bookmarks now and then where asked', async () => {
    const clock = new FakeClock();
    const timed = startLocalApi({ clock });
    const events = take(timed.api.watch(ConfigMap, { allowBookmarks: true }), 2);
    await new Promise(setImmediate);
    clock.advance(60_000);
    await new Promise(setImmediate);
    await timed.client.create(Pod, {
      metadata: { name: 'p', namespace: 'default' },
      spec: { containers: [{ name: 'c' }] },
    });
    clock.advance(60_000);
    expect(await events).toEqual(['BOOKMARK 2', 'BOOKMARK 3']);
    await timed.close();
  });

  it('for the world outside show what is on disk only', async () => {
    const slow = startLocalApi({ flushDelayMs: 30 });
    await slow.api.barrier();
    await slow.client.create(ConfigMap, { metadata: { name: 'a', namespace: 'default' } });
    const flushed: number[] = [];
    for (const options of [{}, { resourceVersion: '2' }])
      for await (const event of slow.api.watch(ConfigMap, { ...options, flushedOnly: true })) {
        if (event.type !== 'BOOKMARK') flushed.push(Number(event.object.metadata.resourceVersion));
        expect(slow.api.store.flushedRevision).toBeGreaterThanOrEqual(3);
        break;
      }
    expect(flushed).toEqual([3, 3]);
    await slow.close();
  });

  it('from a revision that was not given yet time out', async () => {
    await expect(take(server.api.watch(ConfigMap, { resourceVersion: '999' }), 1)).rejects.toMatchObject({
      reason: 'Timeout',
    });
  });

  it('end when the server closes', async () => {
    const other = startLocalApi();
    const events = take(other.api.watch(ConfigMap), 1);
    await new Promise(setImmediate);
    await other.close();
    expect(await events).toEqual([]);
  });
});

describe('acknowledgement', () => {
  it('of a client’s write waits for the disk, of a derived one does not', async () => {
    const slow = startLocalApi({ flushDelayMs: 20 });
    await slow.api.create(ConfigMap, 'default', { metadata: { name: 'a' } }, { ...user, acknowledge: 'early' });
    expect(slow.api.store.flushedRevision).toBeLessThan(3);
    await slow.api.create(ConfigMap, 'default', { metadata: { name: 'b' } }, user);
    expect(slow.api.store.flushedRevision).toBe(4);
    await slow.close();
  });
});
