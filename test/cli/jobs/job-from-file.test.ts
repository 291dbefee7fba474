import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isFinal } from '../../../src/resources/condition.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import type { TestCli } from '../support.ts';
import { JobsCli, rows } from './support.ts';

let on: JobsCli;
let cli: TestCli;
let folder: string;
beforeAll(async () => {
  on = await JobsCli.start();
  cli = on.cli;
  folder = await mkdtemp(join(cli.home, 'runs-'));
});
afterAll(() => on.close());

const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};
const step = (line: string) => `{name: one, image: host, command: [/bin/sh, -c, '${line}']}`;
const taskRun = (line: string) => `
apiVersion: tekton.dev/v1
kind: TaskRun
metadata: {generateName: x-, labels: {team: a}}
spec: {taskSpec: {steps: [${step(line)}]}}
`;
const pipelineRun = (line: string) => `
apiVersion: tekton.dev/v1
kind: PipelineRun
spec: {pipelineSpec: {tasks: [{name: first, taskSpec: {steps: [${step(line)}]}}]}}
`;
const create = async (job: string, text: string, ...flags: readonly string[]) =>
  cli.ok('create-job', job, '--from-file', await file(`${job}.yaml`, text), ...flags);

describe('create-job --from-file', () => {
  test('the template is kept, with the schedule and without an App', async () => {
    const { stderr } = await create('checks', pipelineRun('exit 0'), '-s', '0 2 1 1 *', '-c', 'Forbid');
    expect(stderr).toContain('Job checks created.');
    expect(stderr.match(/-01-01 02:00 \+00:00/g)).toHaveLength(3);
    const { metadata, spec } = await on.job('checks');
    expect(metadata.ownerReferences).toBeUndefined();
    expect(spec).toMatchObject({ schedule: '0 2 1 1 *', suspend: false, concurrencyPolicy: 'Forbid' });
    expect(spec.pipelineRunTemplate?.spec.pipelineSpec?.tasks?.[0]?.name).toBe('first');
    await create('labelled', taskRun('exit 0'));
    expect((await on.spec('labelled')).taskRunTemplate?.metadata).toEqual({ labels: { team: 'a' } });
  });

  test.each([
    ['apiVersion: batch/v1\nkind: Job\nspec: {}', 'kind "Job": a Job carries a TaskRun or a PipelineRun'],
    ['apiVersion: tekton.dev/v1beta1\nkind: TaskRun\nspec: {}', 'it must be tekton.dev/v1'],
    ['apiVersion: tekton.dev/v1\nkind: Task\nspec: {}', 'kind "Task"'],
    ['apiVersion: tekton.dev/v1\nkind: TaskRun', 'it has no spec'],
    ['', 'it is empty'],
    ['- 1\n- 2', 'kind ""'],
    ['a: [', '--from-file'],
    [`${taskRun('x')}---${taskRun('y')}`, 'it holds 2 documents'],
    ['apiVersion: tekton.dev/v1\nkind: TaskRun\nspec: {}', 'spec.taskRunTemplate.spec'],
    ['apiVersion: tekton.dev/v1\nkind: TaskRun\nspec: {taskSpec: {steps: []}}', 'taskSpec.steps: missing field(s)'],
    ['apiVersion: tekton.dev/v1\nkind: TaskRun\nspec: {taskSpec: {steps: [{name: 1}]}}', 'spec.taskRunTemplate.spec'],
    [`${pipelineRun('x').replace('spec: {', 'spec: {status: Cancelled, ')}`, 'a template has none'],
  ])('%j is refused with the reason, and nothing is created', async (text, reason) => {
    const before = (await on.jobs()).length;
    const path = await file('bad.yaml', text);
    const { code, stderr } = await cli.run('create-job', 'bad', '--from-file', path);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(reason) });
    expect((await on.jobs()).length).toBe(before);
  });

  test.each([
    [['report', 'bad', '--from-file', 'x.yaml'], 'accepts 1 arg(s), received 2'],
    [['bad', '--from-file', 'x.yaml', '-m', '1G'], 'it is in the file'],
    [['bad', '--from-file', 'no-such-file.yaml'], 'no-such-file.yaml'],
    [['bad'], 'accepts 3 arg(s), received 1'],
    [['j'.repeat(53), '--from-file', 'RUN'], 'at most 52 long'],
  ])('%j is refused', async (args, reason) => {
    const run = await file('run.yaml', taskRun('exit 0'));
    const argv = args.map((arg) => (arg === 'RUN' ? run : arg));
    expect(await cli.run('create-job', ...argv)).toMatchObject({ code: 1, stderr: expect.stringContaining(reason) });
  });
});

describe('its runs', () => {
  test.each([
    ['PipelineRun', 'pipelineRef: {name: ci}', 'PipelineRuns of the Pipeline ci'],
    ['TaskRun', 'taskRef: {resolver: git}', 'TaskRuns of a Task that the resolver git finds'],
  ])('a %s with %s', async (kind, ref, text) => {
    const name = kind.toLowerCase();
    await create(name, `apiVersion: tekton.dev/v1\nkind: ${kind}\nspec: {${ref}}`);
    expect((await cli.ok('job', name)).stdout).toMatch(new RegExp(`^Runs: +${text}$`, 'm'));
  });

  test('run-job: --wait and --follow with the exit code, history, log, description', async () => {
    await create('three', taskRun('exit 3'));
    const waited = await cli.run('run-job', 'three', '--wait');
    expect(waited.code).toBe(3);
    expect(waited.stdout).toBe('');
    expect(waited.stderr).toMatch(/^TaskRun three-\w{5} is submitted successfully for execution\.$/m);
    expect(waited.stderr).toMatch(/TaskRun three-\w{5} failed: exit code 3\.\n$/);
    expect(await cli.run('run-job', 'three', '--follow')).toMatchObject({ code: 3, stdout: 'hello\n' });
    const { items } = await cli.server.client.list(TaskRun, { namespace: 'dev' });
    const names = items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('three-'));
    expect(names).toHaveLength(2);
    expect(rows((await cli.ok('job-history', 'three')).stdout)).toMatchObject([
      { Succeeded: 'False', Scheduled: 'by hand' },
      { Succeeded: 'False', Scheduled: 'by hand' },
    ]);
    expect((await cli.ok('job-history', 'three', '-o', 'name')).stdout).toMatch(/^(taskrun\.tekton\.dev\/\S+\n){2}$/);
    expect((await cli.ok('logs', '--job', 'three', '--failed')).stdout).toBe('hello\n');
    expect((await cli.ok('logs', '--job', 'three')).stdout).toMatch(/^(\[three-\w{5}\] hello\n){2}$/);
    const { stdout } = await cli.ok('job', 'three');
    expect(stdout).toMatch(/^Runs: +TaskRuns with the steps one$/m);
    expect(stdout).toMatch(/^Last Failure: +TaskRun three-\w{5}, /m);
    expect(stdout).toContain('log: kf logs --job three --failed');
    expect((await cli.ok('jobs')).stdout).toMatch(/^three .*failed/m);
  });

  test('a PipelineRun that fails says which of its tasks did, and of what', async () => {
    await create('broken', pipelineRun('exit 4'));
    const { code, stderr } = await cli.run('run-job', 'broken', '--wait');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Task first: .*exited with code 4/m);
    expect((await cli.run('logs', 'broken')).stderr).toContain('kf logs --job broken --space dev');
  });

  test('the longest name: runs and what they are made of fit', async () => {
    const name = 'j'.repeat(52);
    await create(name, pipelineRun('exit 0').replace('name: first', `name: ${'t'.repeat(40)}`));
    expect(await cli.run('run-job', name, '--wait')).toMatchObject({ code: 0 });
  });

  test('a PipelineRun under Forbid: refused by name; deleting counts it', async () => {
    await create('long', pipelineRun('wait'), '-c', 'Forbid');
    const { stderr } = await cli.ok('run-job', 'long');
    for (const [, tip] of stderr.matchAll(/: +kf (job-history .*)$/gm))
      expect(await cli.run(...tip!.split(' '))).toMatchObject({ code: 0 });
    const [run] = (await cli.server.client.list(PipelineRun, { namespace: 'dev' })).items.filter(
      (found) => found.metadata.name.startsWith('long-') && !isFinal(found),
    );
    const { code, stderr: refusal } = await cli.run('run-job', 'long');
    expect(code).toBe(1);
    expect(refusal).toContain(`is Forbid, and PipelineRun ${run!.metadata.name} has not ended`);
    expect((await cli.ok('job', 'long')).stdout).toMatch(
      new RegExp(`^Active: +PipelineRun ${run!.metadata.name} has not ended`, 'm'),
    );
    expect(rows((await cli.ok('job-history', 'long')).stdout).at(-1)).toMatchObject({ Reason: 'Skipped' });
    expect((await cli.ok('delete-job', 'long')).stderr).toContain('1 PipelineRun of it, 1 unfinished');
    expect(await cli.run('job', 'long')).toMatchObject({ code: 1 });
  });

  test('update-job --from-file: another template of the same kind, from the next run on', async () => {
    await create('changing', taskRun('exit 3'));
    expect(await cli.run('run-job', 'changing', '--wait')).toMatchObject({ code: 3 });
    const update = async (name: string, text: string, ...more: readonly string[]) =>
      cli.run('update-job', name, '--from-file', await file('other.yaml', text), ...more);
    expect(await update('changing', taskRun('exit 0'), '-c', 'Forbid')).toMatchObject({ code: 0 });
    expect(await on.spec('changing')).toMatchObject({ concurrencyPolicy: 'Forbid' });
    expect(await cli.run('run-job', 'changing', '--wait')).toMatchObject({ code: 0 });
    const before = await on.spec('changing');
    for (const [answer, why] of [
      [await update('changing', pipelineRun('exit 0')), 'it holds a PipelineRun, Job "changing" carries a TaskRun'],
      [
        await update('changing', taskRun('exit 0'), '-m', '1G'),
        'memory is for Tasks: with --from-file it is in the file',
      ],
      [await update('changing', 'kind: Job'), 'a Job carries a TaskRun or a PipelineRun'],
      [await update('changing', 'apiVersion: tekton.dev/v1\nkind: TaskRun\nspec: {}'), 'failed to update Job: '],
      [await cli.run('update-job', 'changing', '--from-file', 'nowhere.yaml'), 'nowhere.yaml'],
    ] as const)
      expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining(why) });
    expect(await on.spec('changing')).toEqual(before);
  });

  test('what is a Task’s is refused; suspending and scheduling are not', async () => {
    await create('plain', taskRun('exit 0'));
    const before = await on.spec('plain');
    for (const argv of [
      ['run-job', 'plain', '-m', '1G'],
      ['update-job', 'plain', '-m', '1G'],
      ['update-job', 'plain', '--command', 'x'],
    ])
      expect(await cli.run(...argv)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('Job "plain" carries a TaskRun'),
      });
    expect(await on.spec('plain')).toEqual(before);
    const { stdout: url } = await cli.ok('create-hook', 'plain');
    expect(url).toContain('/hooks/dev/plain/');
    await cli.ok('schedule-job', 'plain', '@yearly');
    await cli.ok('update-job', 'plain', '--suspend', '-c', 'Replace');
    expect(await on.spec('plain')).toMatchObject({ suspend: true, concurrencyPolicy: 'Replace', schedule: '@yearly' });
    expect((await cli.run('logs', 'report', '--job', 'plain')).stderr).toContain('is of no App');
    expect((await cli.run('logs', '--job', 'plain', '--last')).stderr).toContain('has no TaskRuns');
  });
});
