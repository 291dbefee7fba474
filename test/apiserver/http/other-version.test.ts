import { afterAll, beforeAll, expect, test } from 'vitest';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { StepAction } from '../../../src/resources/tekton/step-action.ts';
import { startServer, type TestServer } from './support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await server.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterAll(() => server.close());

const former = '/apis/tekton.dev/v1alpha1/namespaces/dev/stepactions';
const body = { apiVersion: 'tekton.dev/v1alpha1', kind: 'StepAction', metadata: { name: 'greet' } };

test('an object made by another version is the same object, and bears the version that is asked for', async () => {
  const made = await server.request('POST', former, { body: { ...body, spec: { image: 'busybox' } } });
  expect(made).toMatchObject({ status: 201, json: { apiVersion: 'tekton.dev/v1alpha1', spec: { image: 'busybox' } } });
  const stored = await server.client.get(StepAction, { namespace: 'dev', name: 'greet' });
  expect(stored).toMatchObject({ apiVersion: 'tekton.dev/v1beta1', metadata: { uid: made.json.metadata.uid } });
  const list = (await server.request('GET', former)).json;
  expect([list.apiVersion, list.items[0].apiVersion]).toEqual(['tekton.dev/v1alpha1', 'tekton.dev/v1alpha1']);
  const patched = await server.request('PATCH', `${former}/greet`, {
    headers: { 'Content-Type': 'application/merge-patch+json' },
    body: { ...body, spec: { image: 'bash' } },
  });
  expect(patched.json).toMatchObject({ apiVersion: 'tekton.dev/v1alpha1', spec: { image: 'bash' } });
  const put = await server.request('PUT', `${former}/greet`, { body: { ...patched.json, spec: { image: 'perl' } } });
  expect(put.json).toMatchObject({ apiVersion: 'tekton.dev/v1alpha1', spec: { image: 'perl' } });
  expect((await server.request('DELETE', `${former}/greet`)).status).toBe(200);
  expect((await server.client.list(StepAction, { namespace: 'dev' })).items).toEqual([]);
});

test('discovery and the CRD name it; the preferred version stays', async () => {
  const { versions, preferredVersion } = (await server.request('GET', '/apis/tekton.dev')).json;
  expect(versions.map(({ version }: { version: string }) => version)).toEqual(['v1', 'v1beta1', 'v1alpha1']);
  expect(preferredVersion.version).toBe('v1');
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const crd = (await server.request('GET', `${crds}/stepactions.tekton.dev`)).json;
  expect(crd.spec.versions).toMatchObject([
    { name: 'v1beta1', storage: true },
    { name: 'v1alpha1', served: true, storage: false },
  ]);
});

test("fields of Tekton's kinds are known in any case, as Tekton's own webhook reads them", async () => {
  const task = {
    metadata: { name: 'task' },
    spec: { steps: [{ image: 'busybox', volumemounts: [{ name: 'v', mountpath: '/v' }] }] },
  };
  const path = '/apis/tekton.dev/v1/namespaces/dev/tasks?fieldValidation=Strict';
  const made = await server.request('POST', path, { body: task });
  expect(made.json.spec.steps[0].volumeMounts).toEqual([{ name: 'v', mountPath: '/v' }]);
  const secret = { metadata: { name: 's' }, stringdata: {} };
  const refused = await server.request('POST', '/api/v1/namespaces/dev/secrets?fieldValidation=Strict', {
    body: secret,
  });
  expect(refused.json.message).toContain('unknown field "stringdata"');
});
