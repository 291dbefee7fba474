import { afterEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { Pipeline } from '../../../src/resources/tekton/pipeline.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { ResolutionRequest } from '../../../src/resources/tekton/resolution-request.ts';
import { StepAction } from '../../../src/resources/tekton/step-action.ts';
import { Task } from '../../../src/resources/tekton/task.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import type { Reference } from '../../../src/tekton/references/reference.ts';
import { pipelineOf, stepActionOf, taskOf } from '../../../src/tekton/references/references.ts';
import { clientSettings, type Setting } from '../../controllers/clients.ts';

const namespace = 'dev';
const echo = { steps: [{ name: 'echo', image: 'host', command: ['echo', 'hi'] }] };
const taskYaml = (name: string): string => `
apiVersion: tekton.dev/v1
kind: Task
metadata: { name: ${name}, labels: { from: afar } }
spec:
  steps:
    - name: echo
      image: host
      command: [echo, hi]
`;

describe.each(Object.entries(clientSettings()))('references, %s', (_, open) => {
  let setting: Setting;
  let client: Client;
  let honest: Client;
  const start = async (): Promise<void> => {
    setting = await open();
    client = setting.controllers();
    honest = setting.honest;
    await honest.create(Namespace, { metadata: { name: namespace } });
  };
  afterEach(() => setting.close());

  /** A controller tries again what fails in passing. */
  const retried = async <T>(attempt: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!['Conflict', 'Timeout', 'AlreadyExists'].includes((error as { reason?: string }).reason ?? ''))
          throw error;
      }
    }
  };
  const taskRun = (taskRef: Reference, params: { name: string; value: string }[] = []): Promise<TaskRun> =>
    honest.create(TaskRun, { metadata: { name: 'run', namespace }, spec: { taskRef, params } });
  const pipelineRun = (pipelineRef: Reference): Promise<PipelineRun> =>
    honest.create(PipelineRun, { metadata: { name: 'run', namespace }, spec: { pipelineRef } });

  /** What an external resolver does. */
  const answer = async (yaml: string): Promise<ResolutionRequest> => {
    const [request] = (await honest.list(ResolutionRequest, { namespace })).items;
    return honest.updateStatus(ResolutionRequest, {
      ...request!,
      status: {
        conditions: [{ type: 'Succeeded', status: 'True' }],
        data: Buffer.from(yaml).toString('base64'),
        refSource: { uri: 'git+https://example.com/x', digest: { sha1: 'abc' }, entryPoint: 'task.yaml' },
      },
    });
  };
  const afar: Reference = { resolver: 'other', params: [{ name: 'path', value: '$(params.where)' }] };

  test('what is not there', async () => {
    await start();
    const run = await taskRun({ name: 'build' });
    await expect(retried(() => taskOf(client, run, { name: 'build' }))).rejects.toMatchObject({
      reason: 'TaskRunResolutionFailed',
      message: 'error when listing tasks for taskRun run: tasks.tekton.dev "build" not found',
    });
    const step = { name: 's', ref: { name: 'act' } };
    await expect(retried(() => stepActionOf(client, run, step, 1))).rejects.toMatchObject({
      reason: 'TaskRunResolutionFailed',
      message: 'failed to resolve step ref for step "s" (index 1): stepactions.tekton.dev "act" not found',
    });
    const pipeline = await pipelineRun({ name: 'p' });
    await expect(retried(() => pipelineOf(client, pipeline, { name: 'p' }))).rejects.toMatchObject({
      reason: 'CouldntGetPipeline',
      message:
        'Error retrieving pipeline for pipelinerun dev/run: error when getting Pipeline for PipelineRun run: ' +
        'tekton client cannot get pipeline p from local cluster: pipelines.tekton.dev "p" not found',
    });
    const of = { pipeline: 'p', child: 'run-t' };
    await expect(retried(() => taskOf(client, pipeline, { name: 'build' }, of))).rejects.toMatchObject({
      reason: 'CouldntGetTask',
      message:
        "Pipeline dev/p can't be Run; it contains Tasks that don't exist: " +
        'Couldn\'t retrieve Task "build": tasks.tekton.dev "build" not found',
    });
  });

  test('what lies in the namespace', async () => {
    await start();
    await honest.create(Task, { metadata: { name: 'build', namespace, annotations: { a: 'b' } }, spec: echo });
    await honest.create(Pipeline, {
      metadata: { name: 'p', namespace },
      spec: { tasks: [{ name: 't', taskSpec: echo }] },
    });
    await honest.create(StepAction, { metadata: { name: 'act', namespace }, spec: { image: 'host' } });
    const pipeline = await pipelineRun({ name: 'p' });
    expect(await retried(() => pipelineOf(client, pipeline, { name: 'p' }))).toMatchObject({ name: 'p' });
    const run = await taskRun({ name: 'build' });
    const step = { name: 's', ref: { name: 'act' } };
    expect(await retried(() => stepActionOf(client, run, step, 0))).toMatchObject({ spec: { image: 'host' } });
    const found = await retried(() => taskOf(client, run, run.spec.taskRef!));
    expect(found).toMatchObject({ state: 'found', name: 'build', annotations: { a: 'b' }, spec: echo });
  });

  test('a resolver is asked once, and its answer is taken', async () => {
    await start();
    const run = await taskRun(afar, [{ name: 'where', value: 'here' }]);
    const look = () => retried(() => taskOf(client, run, run.spec.taskRef!));
    expect(await look()).toMatchObject({
      state: 'waiting',
      reason: 'ResolvingTaskRef',
      message: 'TaskRun dev/run awaiting remote resource',
    });
    await look();
    const requests = (await honest.list(ResolutionRequest, { namespace })).items;
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({
      metadata: {
        labels: { 'resolution.tekton.dev/type': 'other' },
        ownerReferences: [{ kind: 'TaskRun', name: 'run', uid: run.metadata.uid }],
      },
      spec: { params: [{ name: 'path', value: 'here' }] },
    });
    await answer(taskYaml('remote'));
    let found = await look();
    // Reads may lag.
    while (found.state === 'waiting') found = await look();
    expect(found).toMatchObject({
      name: 'remote',
      labels: { from: 'afar' },
      spec: echo,
      source: { uri: 'git+https://example.com/x', digest: { sha1: 'abc' }, entryPoint: 'task.yaml' },
    });
    expect((await honest.list(Task, { namespace })).items).toEqual([]);
  });

  test("a PipelineRun's question is its TaskRun's", async () => {
    await start();
    const parent = await pipelineRun({ name: 'p' });
    const ask = { resolver: 'other', params: [{ name: 'a', value: '1' }] };
    const of = { pipeline: 'p', child: 'run-t' };
    expect(await retried(() => taskOf(client, parent, ask, of))).toMatchObject({ state: 'waiting' });
    await answer(taskYaml('remote'));
    const child = await honest.create(TaskRun, {
      metadata: {
        name: 'run-t',
        namespace,
        ownerReferences: [
          {
            apiVersion: 'tekton.dev/v1',
            kind: 'PipelineRun',
            name: 'run',
            uid: parent.metadata.uid!,
            controller: true,
          },
        ],
      },
      spec: { taskRef: ask },
    });
    const look = () => retried(() => taskOf(client, child, ask));
    let found = await look();
    while (found.state === 'waiting') found = await look();
    expect(found).toMatchObject({ name: 'remote' });
    expect((await honest.list(ResolutionRequest, { namespace })).items).toHaveLength(1);
  });
});

describe('what a resolver found', () => {
  const setting = clientSettings()['in-process']!;

  test.each<[string, string, string, RegExp]>([
    [
      'another kind',
      taskYaml('x').replace('kind: Task', 'kind: Pipeline'),
      'TaskRunResolutionFailed',
      /^resource is not a task$/,
    ],
    ['no YAML', 'a: [', 'TaskRunResolutionFailed', /^invalid runtime object: /],
    ['nothing', '', 'TaskRunResolutionFailed', /^invalid runtime object: Object 'Kind' is missing$/],
    ['a text', 'hello', 'TaskRunResolutionFailed', /^invalid runtime object: Object 'Kind' is missing$/],
    [
      'an unknown version',
      'apiVersion: v1\nkind: Task',
      'TaskRunResolutionFailed',
      /no kind "Task" is registered for version "v1"/,
    ],
    [
      'labels that are no texts',
      taskYaml('bad').replace('from: afar', 'from: 7'),
      'TaskRunResolutionFailed',
      /metadata holds something else than texts$/,
    ],
    ['brackets', `a: ${'['.repeat(200_000)}`, 'TaskRunResolutionFailed', /^invalid runtime object: /],
    ['an alias bomb', bomb(), 'TaskRunResolutionFailed', /^invalid runtime object: .*alias/i],
    [
      'what the API refuses',
      taskYaml('bad').replace('[echo, hi]', '7'),
      'TaskValidationFailed',
      /^validation failed for referenced object bad: /,
    ],
  ])('%s', async (_, yaml, reason, message) => {
    const { honest: client, close } = await setting();
    try {
      const run = await withAnswer(client, yaml);
      await expect(taskOf(client, run, run.spec.taskRef!)).rejects.toMatchObject({
        reason,
        message: expect.stringMatching(message),
      });
    } finally {
      await close();
    }
  });

  test('the first document of a file, of an older version', async () => {
    const { honest: client, close } = await setting();
    try {
      const yaml = `---\n${taskYaml('old').replace('/v1', '/v1beta1')}      resources: { limits: { cpu: '1' } }\n---\nkind: Nothing\n`;
      const run = await withAnswer(client, yaml);
      expect(await taskOf(client, run, run.spec.taskRef!)).toMatchObject({
        name: 'old',
        spec: { steps: [{ name: 'echo', computeResources: { limits: { cpu: '1' } } }] },
      });
    } finally {
      await close();
    }
  });

  async function withAnswer(client: Client, yaml: string): Promise<TaskRun> {
    await client.create(Namespace, { metadata: { name: namespace } });
    const spec = { taskRef: { resolver: 'other' } };
    const run = await client.create(TaskRun, { metadata: { name: 'run', namespace }, spec });
    await taskOf(client, run, run.spec.taskRef!);
    const [request] = (await client.list(ResolutionRequest, { namespace })).items;
    const data = Buffer.from(yaml).toString('base64');
    const status = { conditions: [{ type: 'Succeeded', status: 'True' as const }], data };
    await client.updateStatus(ResolutionRequest, { ...request!, status });
    return run;
  }
});

function bomb(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 9; level++)
    lines.push(
      `a${level}: &a${level} [${Array(9)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  return lines.join('\n');
}
