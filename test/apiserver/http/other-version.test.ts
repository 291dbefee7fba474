import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { StepAction } from '../../../src/resources/tekton/step-action.ts';
import { Task } from '../../../src/resources/tekton/task.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
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

describe('where fields differ', () => {
  const path = (plural: string) => `/apis/tekton.dev/v1beta1/namespaces/dev/${plural}`;
  const merge = { headers: { 'Content-Type': 'application/merge-patch+json' } };

  test('what an older Go client sends, with all that Go writes of nothing', async () => {
    const steps = [{ name: '', image: 'busybox', resources: {} }];
    const sent = {
      apiVersion: 'tekton.dev/v1beta1',
      kind: 'PipelineRun',
      metadata: { generateName: 'go-', creationTimestamp: null },
      spec: {
        serviceAccountName: 'builder',
        timeout: '5m0s',
        pipelineSpec: { tasks: [{ name: 'a', taskSpec: { spec: null, metadata: {}, steps } }] },
        taskRunSpecs: [{ pipelineTaskName: 'a', taskServiceAccountName: 'other' }],
      },
      status: {},
    };
    const made = await server.request('POST', path('pipelineruns'), { body: sent });
    expect(made).toMatchObject({
      status: 201,
      json: {
        apiVersion: 'tekton.dev/v1beta1',
        spec: {
          serviceAccountName: 'builder',
          timeouts: { pipeline: '5m0s' },
          pipelineSpec: { tasks: [{ taskSpec: { steps } }] },
          taskRunSpecs: [{ taskServiceAccountName: 'other' }],
        },
      },
    });
    const stored = await server.client.get(PipelineRun, { namespace: 'dev', name: made.json.metadata.name });
    expect(stored.spec).toMatchObject({
      taskRunTemplate: { serviceAccountName: 'builder' },
      taskRunSpecs: [{ serviceAccountName: 'other' }],
    });
    const cancelled = await server.request('PATCH', `${path('pipelineruns')}/${stored.metadata.name}`, {
      ...merge,
      body: { spec: { status: 'Cancelled' } },
    });
    expect(cancelled.json).toMatchObject({ apiVersion: 'tekton.dev/v1beta1', spec: { status: 'Cancelled' } });
  });

  test('patches name the fields of their version, a status is converted, lists and watches too', async () => {
    const old = {
      metadata: { name: 'old' },
      spec: { steps: [{ name: 's', image: 'i', resources: { limits: { cpu: '1' } } }] },
    };
    const made = await server.request('POST', path('tasks'), { body: old });
    const patch = [{ op: 'replace', path: '/spec/steps/0/resources/limits/cpu', value: '2' }];
    const patched = await server.request('PATCH', `${path('tasks')}/old`, {
      headers: { 'Content-Type': 'application/json-patch+json' },
      body: patch,
    });
    expect(patched.json.spec.steps[0].resources).toEqual({ limits: { cpu: '2' } });
    const stored = await server.client.get(Task, { namespace: 'dev', name: 'old' });
    expect(stored.spec.steps?.[0]?.computeResources).toEqual({ limits: { cpu: '2' } });
    const late = { metadata: { resourceVersion: made.json.metadata.resourceVersion }, spec: { description: 'late' } };
    const refused = await server.request('PATCH', `${path('tasks')}/old`, { ...merge, body: late });
    expect(refused).toMatchObject({ status: 409, json: { reason: 'Conflict' } });
    const listed = (await server.request('GET', path('tasks'))).json.items;
    expect(listed[0].spec.steps[0].resources).toEqual({ limits: { cpu: '2' } });

    const run = { metadata: { name: 'old' }, spec: { taskRef: { name: 'old' } } };
    await server.request('POST', path('taskruns'), { body: run });
    const told = await server.request('PATCH', `${path('taskruns')}/old/status`, {
      ...merge,
      body: { status: { taskResults: [{ name: 'r', type: 'string', value: 'v' }] } },
    });
    expect(told.json.status.taskResults).toEqual([{ name: 'r', type: 'string', value: 'v' }]);
    const { status } = await server.client.get(TaskRun, { namespace: 'dev', name: 'old' });
    expect(status?.results).toEqual([{ name: 'r', type: 'string', value: 'v' }]);
  });

  test('what is gone is refused in Tekton’s words, what is known to neither by its name', async () => {
    const spec = { taskRef: { name: 't', bundle: 'example.com/tasks' } };
    const bundle = await server.request('POST', path('taskruns'), { body: { metadata: { name: 'bundle' }, spec } });
    expect(bundle).toMatchObject({ status: 400, json: { reason: 'BadRequest' } });
    expect(bundle.json.message).toContain('must not set the field(s): spec.taskRef.bundle');
    const unknown = { pipelineRef: { name: 'p' }, serviceAccountNames: [{ taskName: 'a', serviceAccountName: 'b' }] };
    const refused = await server.request('POST', path('pipelineruns'), {
      body: { metadata: { name: 'names' }, spec: unknown },
    });
    expect(refused).toMatchObject({ status: 400 });
    expect(refused.json.message).toContain('unknown field "spec.serviceAccountNames"');
    expect(
      (await server.client.list(TaskRun, { namespace: 'dev' })).items.map(({ metadata }) => metadata.name),
    ).toEqual(['old']);
  });
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
