/** The settings `tekton.*`: what new runs get of them. */

import { expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import { runDefaults } from '../../../src/embedded/run-defaults.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { readServerConfig } from '../../../src/resources/server-config/read.ts';
import { withRunDefaults } from '../../../src/resources/tekton/defaults/configured.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { startTaskRunController } from '../../../src/tekton/task-run/task-run-controller.ts';
import { untilObject } from '../../controllers/until.ts';
import { startLocalApi } from '../../support/local-api.ts';

const config = (text: string) => readServerConfig(text, { file: 'config.yaml', env: {} });
const configured = `tekton:
  timeout: 90m
  serviceAccount: builder
  podTemplate: { nodeSelector: { disktype: ssd }, env: [{ name: A, value: all }, { name: B, value: all }] }
  workspaceBinding: { emptyDir: {} }
`;
const namespace = 'dev';
const taskSpec = { steps: [{ name: 's', image: 'i', command: ['true'] }] };

async function start(text: string) {
  const defaults = runDefaults(config(text));
  const local = startLocalApi({ fillIn: (kind, object) => withRunDefaults(kind, object, defaults) });
  await local.client.create(Namespace, { metadata: { name: namespace } });
  return { ...local, defaults };
}

test('nothing is set: Tekton’s own', async () => {
  const { client, close } = await start('');
  const { spec } = await client.create(TaskRun, { metadata: { name: 'r', namespace }, spec: { taskSpec } as never });
  expect(spec).toEqual({
    taskSpec: { steps: [expect.objectContaining({ name: 's' })] },
    timeout: '1h0m0s',
    serviceAccountName: 'default',
  });
  await close();
});

test('TaskRuns and PipelineRuns get them where they say nothing else; what Kf makes does not', async () => {
  const { client, close } = await start(configured);
  const own = { env: [{ name: 'B', value: 'own' }] };
  const merged = {
    nodeSelector: { disktype: 'ssd' },
    env: [
      { name: 'B', value: 'own' },
      { name: 'A', value: 'all' },
    ],
  };
  const run = await client.create(TaskRun, {
    metadata: { name: 'r', namespace },
    spec: { taskSpec, podTemplate: own } as never,
  });
  expect(run.spec).toMatchObject({ timeout: '1h30m0s', serviceAccountName: 'builder', podTemplate: merged });
  const said = { taskSpec, timeout: '5m', serviceAccountName: 'me' } as never;
  expect((await client.create(TaskRun, { metadata: { name: 'said', namespace }, spec: said })).spec).toMatchObject({
    timeout: '5m0s',
    serviceAccountName: 'me',
  });
  const pipeline = await client.create(PipelineRun, {
    metadata: { name: 'p', namespace },
    spec: { pipelineSpec: { tasks: [{ name: 't', taskSpec }] }, taskRunTemplate: { podTemplate: own } },
  });
  expect(pipeline.spec).toMatchObject({
    timeouts: { pipeline: '1h30m0s' },
    taskRunTemplate: { serviceAccountName: 'builder', podTemplate: merged },
  });
  const task = await client.create(TaskRun, {
    metadata: { name: 'task', namespace, labels: { 'kf.dev/task': 'task' } },
    spec: { taskSpec, timeout: '0s' },
  });
  expect(task.spec.podTemplate).toBeUndefined();
  await close();
});

test('a workspace that a TaskRun leaves open is bound, an optional one is not', async () => {
  const { client, close, defaults } = await start('tekton: { workspaceBinding: { emptyDir: {} } }');
  const controller = startTaskRunController({
    client,
    clock: systemClock,
    podDefaults: defaults,
  });
  const workspaces = [{ name: 'scratch' }, { name: 'cache', optional: true }];
  const steps = [{ name: 's', image: 'i', script: 'ls $(workspaces.scratch.path) $(workspaces.cache.bound)' }];
  const spec = { taskSpec: { workspaces, steps } } as never;
  await client.create(TaskRun, { metadata: { name: 'r', namespace }, spec });
  const pod = await untilObject(client, Pod, { namespace, name: 'r-pod' }, () => true);
  expect(pod.spec.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toContain('/workspace/scratch');
  expect(
    pod.spec.volumes?.filter(({ name, emptyDir }) => name.startsWith('ws-') && emptyDir !== undefined),
  ).toHaveLength(1);
  await controller.stop();
  const strict = startTaskRunController({ client, clock: systemClock });
  await client.create(TaskRun, { metadata: { name: 'open', namespace }, spec });
  const open = await untilObject(client, TaskRun, { namespace, name: 'open' }, isFinal);
  expect(conditionOf(open, 'Succeeded')?.message).toContain('scratch');
  await strict.stop();
  await close();
});

test('what is no podTemplate is refused', () => {
  expect(() => config('tekton: { podTemplate: { image: x } }')).toThrow(
    'must be a podTemplate, like {"nodeSelector": {"disktype": "ssd"}}, with fields of nodeSelector, env, ',
  );
  expect(() => config('tekton: { workspaceBinding: { name: x } }')).toThrow('with fields of subPath, ');
});

test('a reference that names nothing is to the resolver that is set', async () => {
  const { client, close } = await start('tekton: { resolver: cluster }');
  const params = [{ name: 'name', value: 'x' }];
  const metadata = (name: string) => ({ name, namespace });
  const open = await client.create(TaskRun, { metadata: metadata('open'), spec: { taskRef: { params } } as never });
  expect(open.spec.taskRef).toEqual({ resolver: 'cluster', params });
  const named = await client.create(TaskRun, {
    metadata: metadata('named'),
    spec: { taskRef: { name: 't' } } as never,
  });
  expect(named.spec.taskRef).toEqual({ name: 't', kind: 'Task' });
  const tasks = [
    { name: 'ref', taskRef: { params } },
    { name: 'own', taskRef: { apiVersion: 'example.dev/v1', kind: 'Own' } },
    { name: 'within', taskSpec: { steps: [{ name: 's', ref: { params } }] } },
  ];
  const run = await client.create(PipelineRun, { metadata: metadata('p'), spec: { pipelineSpec: { tasks } } as never });
  expect(run.spec.pipelineSpec?.tasks).toMatchObject([
    { taskRef: { resolver: 'cluster', params } },
    { taskRef: { apiVersion: 'example.dev/v1', kind: 'Own' } },
    { taskSpec: { steps: [{ ref: { resolver: 'cluster', params } }] } },
  ]);
  expect(run.spec.pipelineSpec?.tasks?.[1]?.taskRef?.resolver).toBeUndefined();
  await close();
});

test('a podTemplate may not set what is forbidden; what is set for all runs may be', async () => {
  const env = (value: string) => ({ env: [{ name: 'PROXY', value }] });
  const { client, close } = await start(
    `tekton: { forbiddenEnv: [PROXY, TOKEN], podTemplate: ${JSON.stringify(env('all'))} }`,
  );
  const create = (name: string, podTemplate: object) =>
    client.create(TaskRun, { metadata: { name, namespace }, spec: { taskSpec, podTemplate } as never });
  await expect(create('r', env('mine'))).rejects.toThrow(
    'denied the request: validation failed: invalid value: PodTemplate cannot update a forbidden env: PROXY: spec.PodTemplate.Env',
  );
  expect((await create('s', { env: [{ name: 'OTHER', value: 'x' }] })).spec.podTemplate?.env).toHaveLength(2);
  const pipeline = (fields: object) =>
    client.create(PipelineRun, {
      metadata: { name: 'p', namespace },
      spec: { pipelineSpec: { tasks: [{ name: 't', taskSpec }] }, ...fields } as never,
    });
  await expect(pipeline({ taskRunTemplate: { podTemplate: env('mine') } })).rejects.toThrow(
    'spec.taskRunTemplate.PodTemplate.Env',
  );
  await expect(pipeline({ taskRunSpecs: [{ pipelineTaskName: 't', podTemplate: env('mine') }] })).rejects.toThrow(
    'spec.taskRunSpecs[0].PodTemplate.Env',
  );
  await close();
});

test('containers that say nothing of resources get those that are set, by name', async () => {
  const { client, close, defaults } = await start(
    'tekton: { resources: { step-big: { limits: { memory: 2Gi } }, prefix-sidecar: { requests: { cpu: 10m } }, default: { requests: { cpu: 100m } } } }',
  );
  const controller = startTaskRunController({ client, clock: systemClock, podDefaults: defaults });
  const step = (name: string, computeResources?: object) => ({ name, image: 'i', command: ['true'], computeResources });
  const steps = [step('big'), step('small'), step('own', { limits: { memory: '1Gi' } })];
  const spec = { taskSpec: { steps, sidecars: [{ name: 'db', image: 'i', command: ['true'] }] } } as never;
  await client.create(TaskRun, { metadata: { name: 'r', namespace }, spec });
  const pod = await untilObject(client, Pod, { namespace, name: 'r-pod' }, () => true);
  expect(pod.spec.containers.map(({ name, resources }) => [name, resources])).toMatchObject([
    ['step-big', { limits: { memory: '2Gi' } }],
    ['step-small', { requests: { cpu: '100m' } }],
    ['step-own', { limits: { memory: '1Gi' } }],
    ['sidecar-db', { requests: { cpu: '10m' } }],
  ]);
  await controller.stop();
  await close();
});
