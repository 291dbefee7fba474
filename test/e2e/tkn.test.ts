/** tkn against the server that runs real steps; KF_TKN names a real tkn, else its recorded requests are sent. */

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpClient } from '../../src/client/http/http-client.ts';
import { Pipeline } from '../../src/resources/tekton/pipeline.ts';
import { Task } from '../../src/resources/tekton/task.ts';
import { Kf } from '../support/kf.ts';
import { type Tkn, tknOf } from '../support/tkn.ts';

let kf: Kf;
let client: HttpClient;
let tkn: Tkn;
const step = (name: string, script: string) => ({ name, image: 'kf.local/stack/host', script });

beforeAll(async () => {
  kf = await Kf.create();
  await kf.ok('server', 'start');
  client = await kf.client();
  tkn = tknOf(join(kf.dataDir, 'kubeconfig'), kf.env);
  const namespace = 'dev';
  await client.create(Task, {
    metadata: { name: 'hello', namespace },
    spec: {
      params: [{ name: 'who', default: 'world' }],
      steps: [step('one', 'echo hello $(params.who)'), step('two', 'echo bye')],
    },
  });
  await client.create(Task, { metadata: { name: 'slow', namespace }, spec: { steps: [step('one', 'sleep 600')] } });
  await client.create(Pipeline, {
    metadata: { name: 'greet', namespace },
    spec: {
      tasks: [
        { name: 'a', taskRef: { name: 'hello' } },
        { name: 'b', taskRef: { name: 'hello' }, runAfter: ['a'] },
      ],
    },
  });
});
afterAll(async () => {
  client.close();
  await kf.remove();
});

async function ok(...args: readonly string[]): Promise<string> {
  const { code, output } = await tkn(...args);
  if (code !== 0) throw new Error(`tkn ${args.join(' ')}: ${code}\n${output}${await kf.log()}`);
  return output;
}

/** Name of the run that a start has made. */
const started = (output: string): string => /started: (\S+)/.exec(output)?.[1] ?? '';

test('version: that of Tekton, and ours', async () => {
  expect(await ok('version')).toMatch(/Pipeline version: v1\.\d+\.\d+\+kf-/);
});

test('lists Tasks and Pipelines', async () => {
  expect(await ok('task', 'list')).toMatch(/hello[\s\S]*slow/);
  expect(await ok('pipeline', 'list')).toContain('greet');
});

describe('a TaskRun', () => {
  test('started and followed: the log of each step', async () => {
    const output = await ok('task', 'start', 'hello', '-p', 'who=me', '--showlog');
    expect(output).toMatch(/\[one\] hello me\n\n\[two\] bye\n/);
    const run = started(output);
    expect(await ok('taskrun', 'describe', run)).toContain('Succeeded');
    expect(await ok('taskrun', 'logs', run)).toMatch(/\[one\] hello me\n\n\[two\] bye\n/);
    expect(await ok('taskrun', 'list')).toMatch(new RegExp(`${run} .*Succeeded`));
    const again = await tkn('taskrun', 'cancel', run);
    expect(again).toEqual({ code: 1, output: expect.stringContaining('already finished') });
  });

  test('cancelled, and deleted', async () => {
    const run = started(await ok('task', 'start', 'slow'));
    expect(await ok('taskrun', 'cancel', run)).toContain(`TaskRun cancelled: ${run}`);
    const ended = async (): Promise<string> => {
      const said = await ok('taskrun', 'describe', run);
      return said.includes('Cancelled(TaskRunCancelled)') ? said : ended();
    };
    expect(await ended()).toContain('was cancelled');
    expect(await ok('taskrun', 'delete', run, '-f')).toContain(run);
    expect(await ok('taskrun', 'list')).not.toContain(run);
  });
});

describe('a PipelineRun', () => {
  test('started and followed: the log of each task', async () => {
    const output = await ok('pipeline', 'start', 'greet', '--showlog');
    for (const line of ['[a : one] hello world', '[a : two] bye', '[b : one] hello world', '[b : two] bye'])
      expect(output).toContain(`${line}\n`);
    const run = started(output);
    expect(await ok('pipelinerun', 'describe', run)).toContain('Succeeded');
    expect(await ok('pipelinerun', 'logs', run)).toContain('[b : two] bye\n');
    expect(await ok('pipelinerun', 'list')).toMatch(new RegExp(`${run} .*Succeeded`));
    expect(await ok('pipelinerun', 'delete', run, '-f')).toContain(run);
  });

  test('cancelled', async () => {
    await client.create(Pipeline, {
      metadata: { name: 'wait', namespace: 'dev' },
      spec: { tasks: [{ name: 'a', taskRef: { name: 'slow' } }] },
    });
    const run = started(await ok('pipeline', 'start', 'wait'));
    expect(await ok('pipelinerun', 'cancel', run)).toContain(`PipelineRun cancelled: ${run}`);
    const ended = async (): Promise<string> => {
      const said = await ok('pipelinerun', 'describe', run);
      return said.includes('Cancelled') ? said : ended();
    };
    expect(await ended()).toContain('Cancelled');
  });
});

test('what is not there is said so', async () => {
  const { code, output } = await tkn('taskrun', 'describe', 'nothing');
  expect(code).toBe(1);
  expect(output).toContain('"nothing" not found');
});
