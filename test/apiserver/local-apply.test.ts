import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AnyKind } from '../../src/client/client.ts';
import { ConfigMap, Secret } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { apiVersionOf } from '../../src/resources/kind.ts';
import type { KubeObject } from '../../src/resources/meta.ts';
import { Task as TektonTask } from '../../src/resources/tekton/task.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../support/local-api.ts';

let server: TestApi;
let clock: FakeClock;
beforeEach(() => {
  clock = new FakeClock();
  server = startLocalApi({ clock });
});
afterEach(() => server.close());

const caller = { user: 'ann', groups: [] };
const ref = (name: string) => ({ namespace: 'default', name });
type Options = Partial<Parameters<TestApi['api']['apply']>[3]>;
const applyRaw = (kind: AnyKind, name: string, body: unknown, options: Options = {}) =>
  server.api.apply(kind, ref(name), body, { caller, fieldManager: 'ann', ...options });
const apply = async (kind: AnyKind, name: string, body: object, options: Options = {}): Promise<KubeObject> => {
  const typed = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name }, ...body };
  return (await applyRaw(kind, name, typed, options)).object;
};
const managersOf = ({ metadata }: KubeObject): readonly object[] =>
  (metadata.managedFields ?? []).map((entry) => {
    const { manager, operation, subresource, fieldsV1 } = entry as Record<string, unknown>;
    return { [`${manager} ${operation}${subresource === undefined ? '' : ` ${subresource}`}`]: fieldsV1 };
  });
const dataOf = (object: KubeObject): unknown => (object as KubeObject & { data?: unknown }).data;

describe('an object that is missing', () => {
  it('is made', async () => {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { x: '1' } };
    const { object, created } = await applyRaw(ConfigMap, 'a', body);
    expect(created).toBe(true);
    expect(object.metadata.managedFields).toEqual([
      {
        manager: 'ann',
        operation: 'Apply',
        apiVersion: 'v1',
        time: expect.stringMatching(/Z$/),
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:data': { 'f:x': {} } },
      },
    ]);
    expect((await applyRaw(ConfigMap, 'a', body)).created).toBe(false);
  });

  it('takes its name from the request', async () => {
    const { object } = await applyRaw(ConfigMap, 'a', { apiVersion: 'v1', kind: 'ConfigMap' });
    expect(object.metadata).toMatchObject(ref('a'));
  });

  it('is not made in a dry run, by its uid, by its revision, for its status', async () => {
    await apply(ConfigMap, 'a', {}, { dryRun: true });
    await expect(apply(ConfigMap, 'a', { metadata: { name: 'a', uid: 'u' } })).rejects.toMatchObject({
      reason: 'Conflict',
      message: expect.stringContaining('uid mismatch: the provided object specified uid u'),
    });
    await expect(apply(ConfigMap, 'a', { metadata: { name: 'a', resourceVersion: '1' } })).rejects.toMatchObject({
      reason: 'BadRequest',
    });
    await expect(apply(Task, 'a', { status: {} }, { subresource: 'status' })).rejects.toMatchObject({
      reason: 'NotFound',
    });
    await expect(server.api.get(ConfigMap, ref('a'))).rejects.toMatchObject({ reason: 'NotFound' });
  });
});

describe('refused', () => {
  const typed = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } };
  it.each<readonly [string, unknown, string | RegExp]>([
    ['no object', 'x', 'an applied Pod must be an object'],
    ['another version', { ...typed, apiVersion: 'v2' }, /Specified patch version: v2, expected: v1/],
    ['no version', { kind: 'Pod' }, /Specified patch version: , expected: v1/],
    ['no kind', { apiVersion: 'v1' }, /'Kind' is missing/],
    ['another kind', { ...typed, kind: 'Node' }, /does not match the expected kind/],
    ['managers', { ...typed, metadata: { name: 'a', managedFields: [] } }, 'metadata.managedFields must be nil'],
    ['another name', { ...typed, metadata: { name: 'b' } }, /\(b\) does not match the name on the URL \(a\)/],
    ['another namespace', { ...typed, metadata: { name: 'a', namespace: 'b' } }, /namespace of the provided object/],
    [
      'a field that nobody knows',
      { ...typed, nothing: 1 },
      'failed to create typed patch object (/a; v1, Kind=Pod): .nothing: field not declared in schema',
    ],
    [
      'an item without its key',
      { ...typed, spec: { containers: [{ image: 'x' }] } },
      /: \.spec\.containers: element 0: associative list with keys has an element that omits key field "name"/,
    ],
    [
      'an item that is there twice',
      { ...typed, spec: { containers: [{ name: 'x', env: [{ name: 'A' }, { name: 'A' }] }] } },
      /: \.spec\.containers\[name="x"\]\.env: duplicate entries for key \[name="A"\]$/,
    ],
  ])('%s', async (_, body, message) => {
    await expect(applyRaw(Pod, 'a', body)).rejects.toMatchObject({
      reason: 'BadRequest',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('a state that it is not in', async () => {
    const { metadata } = await apply(ConfigMap, 'a', {});
    for (const wrong of [{ resourceVersion: '1' }, { uid: 'u' }])
      await expect(apply(ConfigMap, 'a', { metadata: { name: 'a', ...wrong } })).rejects.toMatchObject({
        reason: 'Conflict',
      });
    const { resourceVersion, uid } = metadata;
    await apply(ConfigMap, 'a', { metadata: { name: 'a', resourceVersion, uid } });
  });

  it('what the kind refuses of the merged object', async () => {
    await apply(ConfigMap, 'a', { data: { x: '1' }, immutable: true });
    await expect(apply(ConfigMap, 'a', { data: { x: '2' }, immutable: true })).rejects.toMatchObject({
      reason: 'Invalid',
    });
    await expect(apply(Pod, 'p', { spec: { containers: 'x' } })).rejects.toMatchObject({ reason: 'Invalid' });
  });

  it('what others manage: each field is a cause', async () => {
    await apply(ConfigMap, 'a', { data: { x: '1', y: '1' } });
    await expect(apply(ConfigMap, 'a', { data: { x: '2', y: '2' } }, { fieldManager: 'bob' })).rejects.toMatchObject({
      code: 409,
      status: {
        reason: 'Conflict',
        message: 'Apply failed with 2 conflicts: conflicts with "ann":\n- .data.x\n- .data.y',
        details: {
          causes: [
            { reason: 'FieldManagerConflict', message: 'conflict with "ann"', field: '.data.x' },
            { reason: 'FieldManagerConflict', message: 'conflict with "ann"', field: '.data.y' },
          ],
        },
      },
    });
  });
});

describe('an object that nobody has applied', () => {
  it('bears no managers, whoever writes it', async () => {
    const made = await server.api.create(ConfigMap, 'default', { metadata: { name: 'a' } }, { caller });
    const patch = { type: 'merge', body: { data: { x: '1' } } } as const;
    const patched = await server.api.patch(ConfigMap, ref('a'), patch, { caller, fieldManager: 'bob' });
    expect([made, patched].map(({ metadata }) => metadata.managedFields)).toEqual([undefined, undefined]);
  });

  it('is somebody’s from before at the first apply', async () => {
    const body = { metadata: { name: 'a', labels: { l: '1' } }, data: { x: '1', y: '1' } };
    await server.api.create(ConfigMap, 'default', body, { caller });
    const object = await apply(ConfigMap, 'a', { data: { x: '1' } });
    expect(managersOf(object)).toEqual([
      { 'ann Apply': { 'f:data': { 'f:x': {} } } },
      {
        'before-first-apply Update': {
          'f:data': { '.': {}, 'f:x': {}, 'f:y': {} },
          'f:metadata': { 'f:labels': { '.': {}, 'f:l': {} } },
        },
      },
    ]);
    await expect(apply(ConfigMap, 'a', { data: { y: '2' } })).rejects.toThrow(
      'conflict with "before-first-apply" using v1: .data.y',
    );
  });
});

describe('an object that was applied', () => {
  it('an apply that changes nothing writes nothing', async () => {
    const first = await apply(Task, 'a', { spec: { appRef: { name: 'app' } } });
    clock.advance(60_000);
    expect(await apply(Task, 'a', { spec: { appRef: { name: 'app' } } })).toEqual(first);
  });

  it('an apply that only shares writes who does', async () => {
    const first = await apply(ConfigMap, 'a', { data: { x: '1' } });
    const second = await apply(ConfigMap, 'a', { data: { x: '1' } }, { fieldManager: 'bob' });
    expect(second.metadata.resourceVersion).not.toBe(first.metadata.resourceVersion);
    expect(managersOf(second)).toHaveLength(2);
  });

  it('a dry run answers with what would be', async () => {
    const first = await apply(ConfigMap, 'a', { data: { x: '1' } });
    const would = await apply(ConfigMap, 'a', { data: { y: '1' } }, { dryRun: true });
    expect(dataOf(would)).toEqual({ y: '1' });
    expect(await server.api.get(ConfigMap, ref('a'))).toEqual(first);
  });

  it('updates, patches and writes of the status are followed', async () => {
    const applied = await apply(Task, 'a', { spec: { appRef: { name: 'app' } } });
    const labels = { metadata: { labels: { l: '1' } } };
    const options = { caller, fieldManager: 'bob' };
    await server.api.patch(Task, ref('a'), { type: 'merge', body: labels }, options);
    const status = { conditions: [{ type: 'Succeeded', status: 'Unknown' }] };
    const object = await server.api.patch(
      Task,
      ref('a'),
      { type: 'merge', body: { status } },
      { ...options, subresource: 'status' },
    );
    expect(managersOf(applied)).toEqual([{ 'ann Apply': { 'f:spec': { 'f:appRef': { 'f:name': {} } } } }]);
    expect(managersOf(object)).toEqual([
      { 'ann Apply': { 'f:spec': { 'f:appRef': { 'f:name': {} } } } },
      { 'bob Update': { 'f:metadata': { 'f:labels': { 'f:l': {} } } } },
      {
        'bob Update status': {
          'f:status': {
            '.': {},
            'f:conditions': {
              '.': {},
              'k:{"type":"Succeeded"}': { '.': {}, 'f:status': {}, 'f:type': {} },
            },
          },
        },
      },
    ]);
  });

  it('a client that knows nothing of managers loses none', async () => {
    const { metadata } = await apply(ConfigMap, 'a', { data: { x: '1' } });
    const body = { metadata: { name: 'a' }, data: { x: '2' } };
    const object = await server.api.update(ConfigMap, ref('a'), body, { caller, fieldManager: 'bob' });
    expect(managersOf(object)).toEqual([{ 'bob Update': { 'f:data': { 'f:x': {} } } }]);
    expect(object.metadata.uid).toBe(metadata.uid);
  });

  it('managers may be changed by hand, and given up', async () => {
    const first = await apply(ConfigMap, 'a', { data: { x: '1' } });
    const managedFields = [{ ...(first.metadata.managedFields![0] as object), manager: 'bob' }];
    const renamed = await server.api.update(
      ConfigMap,
      ref('a'),
      { ...first, metadata: { ...first.metadata, managedFields } },
      { caller },
    );
    expect(managersOf(renamed)).toEqual([{ 'bob Apply': { 'f:data': { 'f:x': {} } } }]);
    const patch = { type: 'merge', body: { metadata: { managedFields: [{}] } } } as const;
    const bare = await server.api.patch(ConfigMap, ref('a'), patch, { caller });
    expect(bare.metadata).not.toHaveProperty('managedFields');
    expect(dataOf(bare)).toEqual({ x: '1' });
  });

  it('by the status alone the status is managed', async () => {
    await apply(Task, 'a', { spec: { appRef: { name: 'app' } } });
    const status = { conditions: [{ type: 'Mine', status: 'True' }] };
    const object = await apply(
      Task,
      'a',
      { metadata: { name: 'a', labels: { l: '1' } }, status },
      { subresource: 'status', fieldManager: 'bob' },
    );
    expect(object.metadata.labels).not.toHaveProperty('l');
    expect(object).toMatchObject({ status });
    expect(managersOf(object)).toContainEqual({
      'bob Apply status': {
        'f:status': { 'f:conditions': { 'k:{"type":"Mine"}': { '.': {}, 'f:status': {}, 'f:type': {} } } },
      },
    });
    const again = await apply(Task, 'a', { status: {} }, { subresource: 'status', fieldManager: 'bob' });
    expect(again).toMatchObject({ status: {} });
    expect(again).not.toHaveProperty('status.conditions');
  });

  it('finalizers and owners have managers one by one', async () => {
    const owner = (uid: string) => ({ apiVersion: 'example.org/v1', kind: 'Thing', name: uid, uid });
    const metadata = (finalizer: string, uid: string) => ({
      metadata: { name: 'a', finalizers: [finalizer], ownerReferences: [owner(uid)] },
    });
    await apply(ConfigMap, 'a', metadata('ann.org/f', '1'));
    const both = await apply(ConfigMap, 'a', metadata('bob.org/f', '2'), { fieldManager: 'bob' });
    expect(both.metadata.finalizers).toEqual(['ann.org/f', 'bob.org/f']);
    expect(both.metadata.ownerReferences).toEqual([owner('1'), owner('2')]);
    const one = await apply(ConfigMap, 'a', {});
    expect(one.metadata).toMatchObject({ finalizers: ['bob.org/f'], ownerReferences: [owner('2')] });
  });

  it('Secrets: values by key', async () => {
    await apply(Secret, 'a', { data: { x: 'MQ==', y: 'MQ==' } });
    const object = await apply(Secret, 'a', { data: { y: 'MQ==' } });
    expect(object).toMatchObject({ type: 'Opaque' });
    expect(dataOf(object)).toEqual({ y: 'MQ==' });
  });
});

describe('what kubectl has applied on its own side', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const create = (data: object, lastApplied: object) =>
    server.api.create(
      ConfigMap,
      'default',
      {
        metadata: {
          name: 'a',
          annotations: {
            [annotation]: JSON.stringify({
              apiVersion: 'v1',
              kind: 'ConfigMap',
              metadata: { name: 'a' },
              data: lastApplied,
            }),
          },
        },
        data,
      },
      { caller },
    );

  it('kubectl takes without force, and keeps the annotation true', async () => {
    await create({ x: '1' }, { x: '1' });
    const object = await apply(ConfigMap, 'a', { data: { x: '2' } }, { fieldManager: 'kubectl' });
    expect(dataOf(object)).toEqual({ x: '2' });
    expect(object.metadata.annotations?.[annotation]).toBe(
      '{"apiVersion":"v1","data":{"x":"2"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    );
  });

  it('also where defaults were filled into lists that have one manager', async () => {
    const params = (name: string) => ({ spec: { params: [{ name }], steps: [{ name: 's', image: 'i' }] } });
    const typed = { apiVersion: 'tekton.dev/v1', kind: 'Task', metadata: { name: 'a' }, ...params('x') };
    const annotations = { [annotation]: JSON.stringify(typed) };
    await server.api.create(TektonTask, 'default', { ...typed, metadata: { name: 'a', annotations } }, { caller });
    const object = await apply(TektonTask, 'a', params('y'), { fieldManager: 'kubectl' });
    expect(object).toMatchObject({ spec: { params: [{ name: 'y', type: 'string' }] } });
  });

  it('not what somebody has changed since, and nobody else takes it', async () => {
    await create({ x: 'changed' }, { x: '1' });
    for (const fieldManager of ['kubectl', 'ann'])
      await expect(apply(ConfigMap, 'a', { data: { x: '2' } }, { fieldManager })).rejects.toThrow(
        'conflict with "before-first-apply" using v1: .data.x',
      );
  });
});
