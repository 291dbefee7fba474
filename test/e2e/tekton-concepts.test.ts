/** The TaskRuns of Tekton's concepts page, as examples/taskruns has them. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { Event, Node } from '../../src/resources/core/kinds.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { TektonServer } from '../support/tekton.ts';

const folder = fileURLToPath(new URL('../../examples/taskruns', import.meta.url));

let server: TektonServer;
let namespace: string;
beforeAll(async () => {
  server = await TektonServer.start();
  namespace = await server.namespace();
  create('apply', 'build-app');
});
afterAll(() => server?.stop());

const create = (verb: 'apply' | 'create', file: string): string =>
  execFileSync(
    'kubectl',
    ['--kubeconfig', server.kubeconfig, '-n', namespace, verb, '-f', join(folder, `${file}.yaml`)],
    { encoding: 'utf8' },
  );

/** Makes the run of a file. */
async function made(file: string): Promise<TaskRun> {
  create('create', file);
  return server.client.get(TaskRun, { namespace, name: file });
}

async function outcome(file: string) {
  const run = await server.until(TaskRun, await made(file), isFinal);
  const { status, reason, message } = conditionOf(run, 'Succeeded')!;
  return { run, reason: `${status} ${reason} ${message}`, log: await logOf(file) };
}

async function logOf(name: string): Promise<string> {
  let text = '';
  for await (const chunk of server.client.runLog(TaskRun, { namespace, name })) text += chunk;
  return text;
}

const succeeded = 'True Succeeded All Steps have completed executing';

test('they are those of the page, field for field', () => {
  const spec = (name: string) => (parse(readFileSync(join(folder, `${name}.yaml`), 'utf8')) as { spec: unknown }).spec;
  expect(spec('build-app-run')).toEqual({
    taskRef: { name: 'build-app' },
    params: [{ name: 'image', value: 'my-registry/my-app:latest' }],
    workspaces: [{ name: 'source', persistentVolumeClaim: { claimName: 'app-source-pvc' } }],
  });
  expect(spec('print-message-run')).toEqual({
    taskSpec: {
      params: [{ name: 'message', type: 'string' }],
      steps: [{ name: 'print', image: 'ubuntu', script: 'echo "$(params.message)"' }],
    },
    params: [{ name: 'message', value: 'Hello, Tekton!' }],
  });
  expect(spec('build-with-timeout')).toEqual({ taskRef: { name: 'build-app' }, timeout: '10m' });
  expect(spec('build-with-pod-template')).toEqual({
    taskRef: { name: 'build-app' },
    podTemplate: { securityContext: { runAsNonRoot: true }, nodeSelector: { disktype: 'ssd' } },
  });
});

test('build-app-run: the Task, its param, its claim', async () => {
  const { run, reason, log } = await outcome('build-app-run');
  expect([reason, log]).toEqual([succeeded, 'building my-registry/my-app:latest of 0 files\n']);
  expect(run.status?.results).toEqual([{ name: 'image', type: 'string', value: 'my-registry/my-app:latest' }]);
});

test('print-message-run: an embedded Task', async () => {
  expect(await outcome('print-message-run')).toMatchObject({ reason: succeeded, log: 'Hello, Tekton!\n' });
});

test('build-with-timeout: the Task with a limit of its own', async () => {
  const { run, reason } = await outcome('build-with-timeout');
  expect([reason, run.spec.timeout]).toEqual([succeeded, '10m0s']);
});

test('build-with-pod-template: waits with its reason, and runs once the node has the label', async () => {
  const waiting = await server.until(
    TaskRun,
    await made('build-with-pod-template'),
    (run) => conditionOf(run, 'Succeeded')?.reason === 'Pending',
  );
  expect(conditionOf(waiting, 'Succeeded')).toMatchObject({
    status: 'Unknown',
    message: expect.stringContaining("didn't match Pod's node affinity/selector"),
  });
  const options = { namespace, signal: AbortSignal.timeout(20_000) };
  const seen: string[] = [];
  for await (const { object } of server.client.watch(Event, options)) {
    seen.push(object.reason ?? '');
    if (object.reason === 'FailedScheduling') break;
  }
  expect(seen).toContain('FailedScheduling');
  const [node] = (await server.client.list(Node)).items;
  const labels = { metadata: { labels: { disktype: 'ssd' } } };
  await server.client.patch(Node, { name: node!.metadata.name }, { type: 'merge', body: labels });
  const ended = await server.until(TaskRun, waiting, isFinal);
  expect(conditionOf(ended, 'Succeeded')).toMatchObject({ status: 'True', reason: 'Succeeded' });
});
