import { afterAll, beforeAll, expect, test } from 'vitest';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { startServer, type TestServer } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await server.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterAll(() => server.close());

const group = '/apis/rbac.authorization.k8s.io/v1';
const bindings = `${group}/namespaces/dev/rolebindings`;
const asTable = { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };

test('roles of any kind are kept, and whoever writes one is told that it has no effect', async () => {
  for (const [kind, path, rest] of [
    ['Role', `${group}/namespaces/dev/roles`, { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }],
    [
      'ClusterRole',
      `${group}/clusterroles`,
      { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } },
    ],
    ['RoleBinding', bindings, { subjects: [{ kind: 'User', name: 'ann' }], roleRef: { kind: 'Role', name: 'x' } }],
    ['ClusterRoleBinding', `${group}/clusterrolebindings`, { roleRef: { kind: 'ClusterRole', name: 'x' } }],
  ] as const) {
    const body = { metadata: { name: 'x' }, ...rest };
    const made = await server.request('POST', path, { body });
    expect(made.status, kind).toBe(201);
    expect(made.headers.warning).toContain('is kept and has no effect: this server has no access control');
    expect((await server.request('GET', `${path}/x`)).json).toMatchObject({ kind, ...rest });
  }
});

test('a binding keeps its role', async () => {
  const { json } = await server.request('GET', `${bindings}/x`);
  const body = { ...json, roleRef: { ...json.roleRef, name: 'other' } };
  expect((await server.request('PUT', `${bindings}/x`, { body })).json).toMatchObject({
    code: 422,
    details: { causes: [{ field: 'roleRef' }] },
  });
});

test('their columns', async () => {
  const { json } = await server.request('GET', bindings, { headers: asTable });
  expect(json.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Role', 'Age']);
  expect(json.rows[0].cells.slice(0, 2)).toEqual(['x', 'Role/x']);
});
