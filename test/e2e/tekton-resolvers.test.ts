/** Runs whose Tasks, Pipelines and StepActions come from elsewhere, in real containers; and a custom task of somebody else's. */

import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpClient } from '../../src/client/http/http-client.ts';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { Namespace, Secret } from '../../src/resources/core/kinds.ts';
import type { Kind } from '../../src/resources/kind.ts';
import { CustomRun } from '../../src/resources/tekton/custom-run.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { ResolutionRequest } from '../../src/resources/tekton/resolution-request.ts';
import { StepAction } from '../../src/resources/tekton/step-action.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { Kf } from '../support/kf.ts';
import { makeImage } from '../support/oci-image.ts';
import { Registry } from '../support/registry.ts';

const namespace = 'dev';
const image = 'kf.local/stack/host';
const taskYaml = (name: string): string => `
apiVersion: tekton.dev/v1
kind: Task
metadata:
  name: ${name}
  labels: { from: afar }
spec:
  params: [{ name: who, default: nobody }]
  results: [{ name: said }]
  steps:
    - name: say
      image: ${image}
      script: |
        printf 'hello from ${name} to $(params.who)' | tee $(results.said.path)
`;

let kf: Kf;
let client: HttpClient;
let folder: string;
let web: Server;
let host: string;
let registry: Registry;
/** Answers that the test gives by hand. */
const waiting: ServerResponse[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kf-resolvers-'));
  execFileSync('chmod', ['755', folder]);
  kf = await Kf.create();
  await kf.ok('server', 'start');
  client = await kf.client();
  web = createServer((request, response) => {
    const authorization = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
    if (request.url === '/slow.yaml') waiting.push(response);
    else if (request.url === '/private.yaml' && request.headers.authorization === authorization)
      response.end(taskYaml('private'));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(web.address() as AddressInfo).port}`;
  registry = await Registry.start();
});
afterAll(async () => {
  web?.closeAllConnections();
  web?.close();
  await Promise.all([registry?.stop(), kf?.remove()]);
  await rm(folder, { recursive: true, force: true });
});

type Run = TaskRun | PipelineRun;

async function until<T extends Run>(kind: Kind<T>, name: string, accepts: (run: T) => boolean = isFinal): Promise<T> {
  const abort = new AbortController();
  const options = { namespace, fieldSelector: `metadata.name=${name}`, signal: abort.signal };
  // The server may end in between.
  for (;;) {
    for await (const { object } of client.watch(kind, options)) {
      if (!accepts(object as T)) continue;
      abort.abort();
      return object as T;
    }
    client = await kf.client();
  }
}

const taskRun = (name: string, spec: unknown): Promise<TaskRun> =>
  client.create(TaskRun, { metadata: { name, namespace }, spec } as never) as Promise<TaskRun>;
const paramsOf = (params: Readonly<Record<string, string>>) =>
  Object.entries(params).map(([name, value]) => ({ name, value }));
const reference = (resolver: string, params: Readonly<Record<string, string>>) => ({
  resolver,
  params: paramsOf(params),
});
const reasonOf = (run: Run) => conditionOf(run, 'Succeeded')?.reason;
const messageOf = (run: Run) => conditionOf(run, 'Succeeded')?.message;

test('git: a Task of a tag; nothing of a folder that is not allowed', async () => {
  const work = join(folder, 'work');
  await mkdir(work);
  await writeFile(join(work, 'task.yaml'), taskYaml('tagged'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=n', '-c', 'user.email=a@b', ...args], { cwd: work, encoding: 'utf8' }).trim();
  git('init', '-q', '-b', 'main');
  git('add', '.');
  git('commit', '-qm', 'one');
  git('tag', 'v1');
  const taskRef = reference('git', { url: `file://${work}`, revision: 'v$(params.number)', pathInRepo: 'task.yaml' });
  const params = paramsOf({ number: '1', who: 'me' });

  await taskRun('git-refused', { taskRef, params });
  const refused = await until(TaskRun, 'git-refused');
  expect(reasonOf(refused)).toBe('TaskRunResolutionFailed');
  expect(messageOf(refused)).toMatch(
    /is not in a directory whose repositories may be read.*kf configure-server set resolvers\.repositories/,
  );

  await kf.ok('configure-server', 'set', 'resolvers.repositories', folder);
  await taskRun('git-allowed', { taskRef, params });
  const run = await until(TaskRun, 'git-allowed');
  expect(messageOf(run)).toBe('All Steps have completed executing');
  expect(run.status?.results).toMatchObject([{ name: 'said', value: 'hello from tagged to me' }]);
  expect(run.status?.provenance?.refSource).toEqual({
    uri: `git+file://${work}`,
    digest: { sha1: git('rev-parse', 'HEAD') },
    entryPoint: 'task.yaml',
  });
  expect(run.metadata.labels).toMatchObject({ from: 'afar' });
});

test('bundles: a Pipeline and its Task, out of a registry', async () => {
  const bundle = `${registry.host}/team/bundle:1`;
  const layout = join(folder, 'layout');
  const pipeline = {
    apiVersion: 'tekton.dev/v1',
    kind: 'Pipeline',
    metadata: { name: 'greet' },
    spec: {
      params: [{ name: 'who' }],
      tasks: [
        {
          name: 'greet',
          taskRef: reference('bundles', { bundle, name: 'bundled', kind: 'task' }),
          params: paramsOf({ who: '$(params.who)' }),
        },
      ],
      results: [{ name: 'said', value: '$(tasks.greet.results.said)' }],
    },
  };
  const notes = (kind: string, name: string) => ({
    'dev.tekton.image.kind': kind,
    'dev.tekton.image.name': name,
    'dev.tekton.image.apiVersion': 'v1',
  });
  const digest = await makeImage(layout, {
    layers: [{ '/bundled': taskYaml('bundled') }, { '/greet': JSON.stringify(pipeline) }],
    annotations: [notes('task', 'bundled'), notes('pipeline', 'greet')],
  });
  registry.push(layout, 'team/bundle:1');
  const pipelineRef = reference('bundles', { bundle, name: 'greet', kind: 'pipeline' });
  await client.create(PipelineRun, {
    metadata: { name: 'bundled', namespace },
    spec: { pipelineRef, params: paramsOf({ who: 'us' }) },
  } as never);
  const run = await until(PipelineRun, 'bundled');
  expect(reasonOf(run)).toBe('Succeeded');
  expect(run.status?.results).toMatchObject([{ name: 'said', value: 'hello from bundled to us' }]);
  expect(run.status?.provenance?.refSource).toEqual({
    uri: `${registry.host}/team/bundle`,
    digest: { sha256: digest.replace('sha256:', '') },
    entryPoint: 'greet',
  });
  const missing = reference('bundles', { bundle, name: 'nothing', kind: 'pipeline' });
  await client.create(PipelineRun, {
    metadata: { name: 'missing', namespace },
    spec: { pipelineRef: missing },
  } as never);
  const failed = await until(PipelineRun, 'missing');
  expect(reasonOf(failed)).toBe('CouldntGetPipeline');
  expect(messageOf(failed)).toMatch(
    /^Error retrieving pipeline for pipelinerun dev\/missing: resolver failed to get Pipeline : error requesting remote resource: error getting "bundleresolver" "dev\/bundles-[0-9a-f]{32}": could not find object in image with kind: pipeline and name: nothing; it has task bundled, pipeline greet$/,
  );
});

test('http with a password, and a server that is killed while it reads', async () => {
  await client.create(Secret, {
    metadata: { name: 'login', namespace },
    data: { password: Buffer.from('s3cret').toString('base64') },
  });
  const login = { 'http-username': 'me', 'http-password-secret': 'login' };
  const taskRef = reference('http', { url: `http://${host}/private.yaml`, ...login });
  await taskRun('http-refused', { taskRef });
  expect(messageOf(await until(TaskRun, 'http-refused'))).toMatch(
    /is this machine itself, which resolvers do not read/,
  );

  await kf.ok('configure-server', 'set', 'resolvers.hosts', host);
  await taskRun('http-allowed', { taskRef });
  expect((await until(TaskRun, 'http-allowed')).status?.results).toMatchObject([
    { value: 'hello from private to nobody' },
  ]);

  const asked = async (times: number) => expect.poll(() => waiting.length).toBe(times);
  await taskRun('http-slow', { taskRef: reference('http', { url: `http://${host}/slow.yaml` }) });
  await asked(1);
  expect(reasonOf(await until(TaskRun, 'http-slow', (run) => reasonOf(run) !== undefined))).toBe('ResolvingTaskRef');
  await kf.killServer();
  await kf.ok('server', 'start');
  client = await kf.client();
  await asked(2);
  waiting[1]!.end(taskYaml('slow'));
  const run = await until(TaskRun, 'http-slow');
  expect(run.status?.results).toMatchObject([{ value: 'hello from slow to nobody' }]);
  const requests = (await client.list(ResolutionRequest, { namespace })).items;
  expect(requests.filter(({ metadata }) => metadata.ownerReferences?.[0]?.name === 'http-slow')).toHaveLength(1);
});

test('cluster: a StepAction of another namespace', async () => {
  await client.create(Namespace, { metadata: { name: 'shared' } });
  await client.create(StepAction, {
    metadata: { name: 'say', namespace: 'shared' },
    spec: {
      image,
      params: [{ name: 'word', type: 'string' }],
      env: [{ name: 'WORD', value: '$(params.word)' }],
      results: [{ name: 'said' }],
      script: 'printf %s "$WORD" >$(step.results.said.path)',
    },
  } as never);
  const ref = reference('cluster', { kind: 'stepaction', name: 'say', namespace: '$(params.where)' });
  await taskRun('cluster', {
    params: paramsOf({ where: 'shared' }),
    taskSpec: { params: [{ name: 'where' }], steps: [{ name: 'say', ref, params: paramsOf({ word: 'hi' }) }] },
  });
  const run = await until(TaskRun, 'cluster');
  expect(messageOf(run)).toBe('All Steps have completed executing');
  expect(run.status?.steps?.[0]).toMatchObject({
    name: 'say',
    results: [{ name: 'said', value: 'hi' }],
    provenance: { refSource: { uri: expect.stringContaining('/namespaces/shared/stepaction/say@') } },
  });
});

test("a custom task is a controller of somebody else's", async () => {
  await client.create(PipelineRun, {
    metadata: { name: 'custom', namespace },
    spec: {
      pipelineSpec: {
        tasks: [
          {
            name: 'ask',
            taskRef: { apiVersion: 'example.dev/v1', kind: 'Approval', name: 'release' },
            params: paramsOf({ question: 'now?' }),
          },
          {
            name: 'act',
            params: paramsOf({ said: '$(tasks.ask.results.answer)' }),
            taskSpec: { params: [{ name: 'said' }], steps: [{ image, script: 'test "$(params.said)" = yes' }] },
          },
        ],
      },
    },
  } as never);
  // The controller: answers what is of its kind.
  const abort = new AbortController();
  for await (const { object } of client.watch(CustomRun, { namespace, signal: abort.signal })) {
    expect(object.spec).toMatchObject({
      customRef: { apiVersion: 'example.dev/v1', kind: 'Approval', name: 'release' },
      params: [{ name: 'question', value: 'now?' }],
    });
    await client.patch(
      CustomRun,
      { namespace, name: object.metadata.name },
      {
        type: 'merge',
        body: {
          status: {
            conditions: [{ type: 'Succeeded', status: 'True', reason: 'Approved' }],
            results: [{ name: 'answer', value: 'yes' }],
          },
        },
      },
      { subresource: 'status' },
    );
    abort.abort();
  }
  const run = await until(PipelineRun, 'custom');
  expect(reasonOf(run)).toBe('Succeeded');
  expect(run.status?.childReferences?.map(({ kind }) => kind).sort()).toEqual(['CustomRun', 'TaskRun']);
});
