/** The settings `tekton.*` that allow or refuse. */

import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/client/clock.ts';
import { pipelineRunSettings, runDefaults } from '../../../src/embedded/run-defaults.ts';
import { publishTektonInfo } from '../../../src/embedded/tekton-info.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { ConfigMap, Namespace, Secret, ServiceAccount } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { readServerConfig } from '../../../src/resources/server-config/read.ts';
import { Pipeline } from '../../../src/resources/tekton/pipeline.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { refusedBySettings } from '../../../src/resources/tekton/settings-rules.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { startPipelineRunController } from '../../../src/tekton/pipeline-run/pipeline-run-controller.ts';
import { startTaskRunController } from '../../../src/tekton/task-run/task-run-controller.ts';
import { untilObject } from '../../controllers/until.ts';
import { startLocalApi } from '../../support/local-api.ts';

const namespace = 'dev';
const taskSpec = { steps: [{ name: 's', image: 'i', command: ['true'] }] };
const lists = (...sizes: readonly number[]) => ({
  params: sizes.map((size, index) => ({
    name: `p${index}`,
    value: Array.from({ length: size }, (_, item) => `v${item}`),
  })),
});

let close = async () => {};
afterEach(() => close());

async function start(text: string) {
  const rules = runDefaults(readServerConfig(text));
  const local = startLocalApi({ admit: (kind, object, old) => refusedBySettings(kind, object, old, rules) });
  const { client } = local;
  close = local.close;
  await client.create(Namespace, { metadata: { name: namespace } });
  await publishTektonInfo(client, '1.2.3', rules);
  const told = async (name: string) =>
    (await client.get(ConfigMap, { namespace: 'tekton-pipelines', name })).data as Record<string, string>;
  const made = (kind: typeof Pipeline | typeof PipelineRun | typeof TaskRun, name: string, spec: object) =>
    client.create(kind as typeof Pipeline, { metadata: { name, namespace }, spec: spec as never });
  return { client, rules, told, made };
}

test('a matrix makes as many runs as it may: a Pipeline, an update, a run, and one whose lists are known only then', async () => {
  const { client, rules, told, made } = await start('tekton: { matrixCombinations: 300 }');
  expect((await told('config-defaults'))['default-max-matrix-combinations-count']).toBe('300');
  const tasks = (...sizes: readonly number[]) => [{ name: 't', taskSpec, matrix: lists(...sizes) }];
  const pipeline = await made(Pipeline, 'p', { tasks: tasks(20, 15) });
  const refusal = (path: string) => `validation failed: expected 0 <= 320 <= 300: ${path}`;
  await expect(made(Pipeline, 'q', { tasks: tasks(20, 16) })).rejects.toThrow(refusal('spec.tasks[0].matrix'));
  await expect(client.update(Pipeline, { ...pipeline, spec: { tasks: tasks(20, 16) } as never })).rejects.toThrow(
    refusal('spec.tasks[0].matrix'),
  );
  const nested = { tasks: [{ name: 'a', taskSpec }], finally: [{ name: 'n', pipelineSpec: { tasks: tasks(320) } }] };
  await expect(made(PipelineRun, 'r', { pipelineSpec: nested })).rejects.toThrow(
    refusal('spec.pipelineSpec.finally[0].pipelineSpec.tasks[0].matrix'),
  );
  const controller = startPipelineRunController({ client, clock: systemClock, settings: pipelineRunSettings(rules) });
  const matrix = { params: [{ name: 'p', value: '$(params.list[*])' }] };
  await made(PipelineRun, 'late', {
    params: [{ name: 'list', value: lists(320).params[0]!.value }],
    pipelineSpec: { params: [{ name: 'list', type: 'array' }], tasks: [{ name: 't', taskSpec, matrix }] },
  });
  const late = await untilObject(client, PipelineRun, { namespace, name: 'late' }, isFinal);
  expect(conditionOf(late, 'Succeeded')).toMatchObject({
    reason: 'PipelineValidationFailed',
    message: 'task "t": expected 0 <= 320 <= 300: matrix',
  });
  await controller.stop();
});

test('embedded specs that are not allowed', async () => {
  const { told, made, client } = await start('tekton: { disableInlineSpec: [taskrun, pipelinerun] }');
  expect((await told('feature-flags'))['disable-inline-spec']).toBe('taskrun,pipelinerun');
  const denied = 'must not set the field(s): ';
  await expect(made(TaskRun, 'r', { taskSpec })).rejects.toThrow(`${denied}spec.taskSpec`);
  const tasks = [{ name: 't', taskSpec }];
  await expect(made(PipelineRun, 'r', { pipelineSpec: { tasks } })).rejects.toThrow(`${denied}spec.pipelineSpec`);
  await made(Pipeline, 'p', { tasks });
  const own = { metadata: { name: 'own', namespace, labels: { 'kf.dev/task': 't' } }, spec: { taskSpec } as never };
  await client.create(TaskRun, own);
  await close();
  const other = await start('tekton: { disableInlineSpec: [pipeline] }');
  await expect(other.made(Pipeline, 'p', { tasks })).rejects.toThrow(`${denied}spec.tasks[0].taskSpec`);
  await other.made(TaskRun, 'r', { taskSpec });
});

test.each([true, false])('steps have their ServiceAccount’s credentials: %s', async (credentials) => {
  const { client, rules, told, made } = await start(`tekton: { credentials: ${credentials} }`);
  expect((await told('feature-flags'))['disable-creds-init']).toBe(String(!credentials));
  await client.create(Secret, {
    metadata: { name: 'git', namespace, annotations: { 'tekton.dev/git-0': 'https://git.test' } },
    type: 'kubernetes.io/basic-auth',
    data: { username: 'dQ==', password: 'cA==' },
  });
  await client.create(ServiceAccount, {
    metadata: { name: 'builder', namespace },
    secrets: [{ name: 'git' }],
    imagePullSecrets: [{ name: 'pull' }],
  });
  const controller = startTaskRunController({ client, clock: systemClock, podDefaults: rules });
  await made(TaskRun, 'r', { taskSpec, serviceAccountName: 'builder' });
  const pod = await untilObject(client, Pod, { namespace, name: 'r-pod' }, () => true);
  expect(pod.spec.volumes?.some(({ name }) => name === 'tekton-creds')).toBe(credentials);
  expect(pod.spec.imagePullSecrets).toEqual([{ name: 'pull' }]);
  await controller.stop();
});
