/** Server-side apply as its requests and answers are. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const maps = '/api/v1/namespaces/default/configmaps';
const patch = (path: string, body: string, type = 'application/apply-patch+yaml') =>
  server.request('PATCH', path, { body: Buffer.from(body), headers: { 'Content-Type': type } });
const yaml = 'apiVersion: v1\nkind: ConfigMap\ndata:\n  x: "1"\n';

test('YAML makes an object, and changes it', async () => {
  const made = await patch(`${maps}/a?fieldManager=ann`, yaml);
  expect(made.status).toBe(201);
  expect(made.json).toMatchObject({ metadata: { name: 'a' }, data: { x: '1' } });
  expect((await patch(`${maps}/a?fieldManager=ann`, yaml)).status).toBe(200);
});

test.each([
  ['without a name', '', 'fieldManager: Required value: is required for apply patch'],
  ['a name that is too long', `fieldManager=${'x'.repeat(129)}`, 'Too long: may not be more than 128 bytes'],
  ['a name that nobody can read', 'fieldManager=a%0Ab', 'should only contain printable characters'],
])('%s it is refused', async (_, query, message) => {
  const { status, json } = await patch(`${maps}/b?${query}`, yaml);
  expect(status).toBe(422);
  expect(json.message).toMatch(/^PatchOptions\.meta\.k8s\.io "" is invalid: /);
  expect(json.message).toContain(message);
  expect(json.details.causes[0].field).toBe('fieldManager');
});

test('force is for apply alone', async () => {
  const { status, json } = await patch(`${maps}/a?force=true`, '{}', 'application/merge-patch+json');
  expect(status).toBe(422);
  expect(json.message).toContain('force: Forbidden: may not be specified for non-apply patch');
});

test('what is no YAML is refused', async () => {
  expect((await patch(`${maps}/a?fieldManager=ann`, '{')).status).toBe(400);
});

test('a conflict names the fields; force takes them', async () => {
  await patch(`${maps}/c?fieldManager=ann`, yaml);
  const other = yaml.replace('"1"', '"2"');
  const { status, json } = await patch(`${maps}/c?fieldManager=bob`, other);
  expect(status).toBe(409);
  expect(json).toMatchObject({
    reason: 'Conflict',
    message: 'Apply failed with 1 conflict: conflict with "ann": .data.x',
    details: { causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "ann"', field: '.data.x' }] },
  });
  expect((await patch(`${maps}/c?fieldManager=bob&force=true`, other)).json.data).toEqual({ x: '2' });
});

test('other writes are by the name that the client gives, else by its program’s', async () => {
  await patch(`${maps}/d?fieldManager=ann`, yaml);
  const merge = (query: string, body: string, agent: string) =>
    server.request('PATCH', `${maps}/d${query}`, {
      body: Buffer.from(body),
      headers: { 'Content-Type': 'application/merge-patch+json', 'User-Agent': agent },
    });
  await merge('?fieldManager=bob', '{"data":{"y":"1"}}', 'program/v1');
  const { json } = await merge('', '{"data":{"z":"1"}}', 'program/v1 (linux/amd64)');
  expect(json.metadata.managedFields.map(({ manager }: { manager: string }) => manager)).toEqual([
    'ann',
    'bob',
    'program',
  ]);
});

test('by an older version the fields are kept as the stored one has them', async () => {
  const task = (version: string, member: string) =>
    patch(
      `/apis/tekton.dev/${version}/namespaces/default/tasks/t?fieldManager=ann`,
      JSON.stringify({
        apiVersion: `tekton.dev/${version}`,
        kind: 'Task',
        spec: { steps: [{ name: 's', image: 'i', script: 'true', [member]: { limits: { memory: '1Gi' } } }] },
      }),
    );
  const old = await task('v1beta1', 'resources');
  expect(old.status).toBe(201);
  expect(old.json).toMatchObject({
    apiVersion: 'tekton.dev/v1beta1',
    spec: { steps: [{ resources: { limits: { memory: '1Gi' } } }] },
    metadata: { managedFields: [{ apiVersion: 'tekton.dev/v1', fieldsV1: { 'f:spec': { 'f:steps': {} } } }] },
  });
  const { status, json } = await task('v1', 'computeResources');
  expect(status).toBe(200);
  expect(json.metadata.resourceVersion).toBe(old.json.metadata.resourceVersion);
});

test('what kubectl applied in an older version it may change on the server’s side', async () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const task = (memory: string, metadata: object) => ({
    apiVersion: 'tekton.dev/v1beta1',
    kind: 'Task',
    metadata: { name: 'u', ...metadata },
    spec: { steps: [{ name: 's', image: 'i', script: 'true', resources: { limits: { memory } } }] },
  });
  const path = '/apis/tekton.dev/v1beta1/namespaces/default/tasks';
  const lastApplied = { annotations: { [annotation]: JSON.stringify(task('1Gi', {})) } };
  expect((await server.request('POST', path, { body: task('1Gi', lastApplied) })).status).toBe(201);
  const changed = JSON.stringify(task('2Gi', {}));
  expect((await patch(`${path}/u?fieldManager=ann`, changed)).status).toBe(409);
  expect((await patch(`${path}/u?fieldManager=kubectl`, changed)).status).toBe(200);
});
