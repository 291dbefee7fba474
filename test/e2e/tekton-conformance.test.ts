/**
 * Tekton's conformance list: what every implementation of its API must do, a test for each behaviour that the list names.
 * The name in front is the list's.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conditionOf } from '../../src/resources/condition.ts';
import type { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { inChroot } from '../support/chroot.ts';
import { TektonServer } from '../support/tekton.ts';

let server: TektonServer;
beforeAll(async () => {
  server = await TektonServer.start();
});
afterAll(() => server?.stop());

const stateOf = (run: TaskRun | PipelineRun): string => {
  const { status, reason } = conditionOf(run, 'Succeeded') ?? {};
  return `${status} ${reason}`;
};
const succeeded = 'True Succeeded';
const resultsOf = (run: TaskRun | PipelineRun) =>
  Object.fromEntries((run.status?.results ?? []).map(({ name, value }) => [name, value]));

/** A TaskRun of steps alone. */
const steps = (...list: readonly object[]) => ({ taskSpec: { steps: list } });
const sh = (script: string, more: object = {}) => ({ image: 'busybox', script, ...more });
/** A task of a Pipeline with one step. */
const task = (name: string, step: object, more: object = {}) => ({ name, taskSpec: { steps: [step], ...more } });

describe.concurrent('steps', () => {
  test('StepScript: any program, params in its text, words of its own, dollar signs', async () => {
    // This machine's own programs.
    const image = 'kf.local/stack/host';
    const run = await server.taskRun({
      params: [{ name: 'word', value: 'given' }],
      taskSpec: {
        params: [{ name: 'word' }],
        steps: [
          { image, script: 'test "$(params.word)" = given' },
          { image, script: '#!/usr/bin/env bash\nvalue=foooo; [[ ${value:0:2} == fo ]]' },
          { image, script: '#!/usr/bin/env python3\nassert "$(params.word)" == "given" and len("$$") == 2' },
          { image, script: '#!/usr/bin/perl\nexit("$(params.word)" eq "given" ? 0 : 1);' },
          { image, script: '#!/usr/bin/awk -f\nBEGIN { exit 0 }' },
          { image, args: ['a', 'b c'], script: '#!/bin/bash\n[[ $# == 2 && $2 == "b c" ]]' },
        ],
      },
    });
    expect(run.status?.steps?.map(({ terminated }) => terminated?.reason)).toEqual(Array(6).fill('Completed'));
    expect(stateOf(run)).toBe(succeeded);
  });

  test('StepEnv: the environment stands in the status, and holds', async () => {
    const env = [{ name: 'COLOUR', value: 'green' }];
    const run = await server.taskRun(steps(sh('test "$COLOUR" = green', { env })));
    expect(run.status?.taskSpec?.steps?.[0]?.env).toEqual(env);
    expect(run.status?.steps?.[0]?.terminated?.reason).toBe('Completed');
  });

  test('StepWorkingDir: /workspace, and a folder that nobody made', async () => {
    const folders = ['/workspace', '/a/path/too/far'];
    const run = await server.taskRun(
      steps(...folders.map((workingDir) => sh(`test "$PWD" = ${workingDir}`, { workingDir }))),
    );
    expect(run.status?.taskSpec?.steps?.map(({ workingDir }) => workingDir)).toEqual(folders);
    expect(stateOf(run)).toBe(succeeded);
  });

  test('StepStateImageID: the image that was asked for by its digest', async () => {
    const image = `busybox@${server.busybox}`;
    const run = await server.taskRun(steps({ image, args: ['-c', 'echo hello'] }));
    expect(stateOf(run)).toBe(succeeded);
    expect(run.status?.steps).toHaveLength(1);
    expect(run.status?.steps?.[0]?.imageID).toMatch(new RegExp(`${image}$`));
  });

  test('StepStateName: the name as it was given', async () => {
    const run = await server.taskRun(steps(sh('true', { name: 'step-foo' })));
    expect(run.status?.steps?.map(({ name, container }) => [name, container])).toEqual([['step-foo', 'step-step-foo']]);
  });

  test('StepStateContainerStateTerminated: times, exit codes, reasons; steps behind a failure are skipped', async () => {
    const run = await server.taskRun(steps(sh('true'), sh('exit 1'), sh('true')));
    expect(stateOf(run)).toBe('False StepFailed');
    const states = run.status?.steps ?? [];
    expect(
      states.map(({ terminated, terminationReason }) => [terminated?.exitCode, terminated?.reason, terminationReason]),
    ).toEqual([
      [0, 'Completed', 'Completed'],
      [1, 'Error', 'Error'],
      [1, 'Error', 'Skipped'],
    ]);
    for (const { terminated } of states)
      expect(Date.parse(terminated!.startedAt!)).toBeLessThanOrEqual(Date.parse(terminated!.finishedAt!));
  });
});

describe.concurrent('sidecars', () => {
  const shared = { volumes: [{ name: 'shared', emptyDir: {} }] };
  const volumeMounts = [{ name: 'shared', mountPath: '/shared' }];
  const reader = { image: 'busybox', command: ['cat'], args: ['/shared/message'], volumeMounts };

  test('SidecarName', async () => {
    const sidecars = [sh('echo hello', { name: 'hello-sidecar' })];
    const run = await server.taskRun({ taskSpec: { sidecars, steps: [sh('echo hello')] } });
    expect(stateOf(run)).toBe(succeeded);
    expect(run.spec.taskSpec?.sidecars?.map(({ name }) => name)).toEqual(['hello-sidecar']);
    expect(run.status?.sidecars).toMatchObject([{ name: 'hello-sidecar', container: 'sidecar-hello-sidecar' }]);
  });

  test.skipIf(inChroot())('SidecarScriptSuccess: what it has written before the step', async () => {
    // Without a probe a step waits for the start alone, as in Tekton.
    const readinessProbe = {
      exec: { command: ['test', '-e', '/shared/message'] },
      periodSeconds: 1,
      timeoutSeconds: 30,
    };
    const writer = sh('echo hello > /shared/message; sleep 600', { name: 'writer', volumeMounts, readinessProbe });
    const run = await server.taskRun({ taskSpec: { sidecars: [writer], steps: [reader], ...shared } });
    expect(stateOf(run)).toBe(succeeded);
  });

  test('SidecarScriptFailure: it fails, and so does the step that needs it', async () => {
    const sidecars = [sh('exit 1', { name: 'exit-sidecar', volumeMounts })];
    const run = await server.taskRun({ taskSpec: { sidecars, steps: [reader], ...shared } });
    expect(stateOf(run)).toMatch(/^False (Sidecar|Step)Failed$/);
    expect(run.spec.taskSpec?.sidecars).toHaveLength(1);
  });

  test.skipIf(inChroot())('SidecarArgAndCommand', async () => {
    const words = { command: ['/bin/sh'], args: ['-c', 'echo hello > /shared/message; sleep 600'] };
    const readinessProbe = {
      exec: { command: ['test', '-e', '/shared/message'] },
      periodSeconds: 1,
      timeoutSeconds: 30,
    };
    const sidecars = [{ name: 'writer', image: 'busybox', ...words, volumeMounts, readinessProbe }];
    const run = await server.taskRun({ taskSpec: { sidecars, steps: [reader], ...shared } });
    expect(stateOf(run)).toBe(succeeded);
  });
});

describe.concurrent('a TaskRun', () => {
  test('TaskRunConditions, Conditions', async () => {
    const run = await server.taskRun(steps(sh('echo Hello world!')));
    const { metadata, status } = run;
    expect(status?.conditions).toMatchObject([
      { type: 'Succeeded', status: 'True', reason: 'Succeeded', message: 'All Steps have completed executing' },
    ]);
    for (const field of [metadata.creationTimestamp, metadata.labels, status?.startTime, status?.completionTime])
      expect(field).toBeTruthy();
  });

  test('StringTaskParam', async () => {
    const run = await server.taskRun({
      params: [{ name: 'string-param', value: 'foo-string' }],
      taskSpec: {
        params: [{ name: 'string-param', type: 'string' }],
        results: [{ name: 'out' }],
        steps: [sh('printf "$(params.string-param)" > $(results.out.path)')],
      },
    });
    expect(resultsOf(run)).toEqual({ out: 'foo-string' });
  });

  test('ArrayTaskParam', async () => {
    const run = await server.taskRun({
      params: [{ name: 'list', value: ['foo', 'bar baz'] }],
      taskSpec: {
        params: [{ name: 'list', type: 'array' }],
        results: [{ name: 'out', type: 'array' }],
        steps: [sh('printf \'["%s","%s"]\' "$@" > $(results.out.path)', { args: ['$(params.list[*])'] })],
      },
    });
    expect(run.spec.params).toEqual([{ name: 'list', value: ['foo', 'bar baz'] }]);
    expect(resultsOf(run)).toEqual({ out: ['foo', 'bar baz'] });
  });

  test('TaskParamDefaults: used where nothing is given', async () => {
    const run = await server.taskRun({
      params: [
        { name: 'list', value: ['a', 'b'] },
        { name: 'text', value: 'given' },
      ],
      taskSpec: {
        results: [{ name: 'lists' }, { name: 'texts' }],
        params: [
          { name: 'list', type: 'array' },
          { name: 'other-list', type: 'array', default: ['c', 'd'] },
          { name: 'text', type: 'string' },
          { name: 'other-text', type: 'string', default: 'usual' },
        ],
        steps: [
          sh('printf "$(params.text)-$(params.other-text)" > $(results.texts.path)'),
          sh('printf "$(params.list[0])-$(params.other-list[1])" > $(results.lists.path)'),
        ],
      },
    });
    expect(resultsOf(run)).toEqual({ lists: 'a-d', texts: 'given-usual' });
    expect(run.spec.params).toHaveLength(2);
  });

  test('TaskParamDescription: in what was asked for and in the status', async () => {
    const params = [{ name: 'foo', description: 'foo param', default: 'foo' }];
    const run = await server.taskRun({ taskSpec: { params, steps: [sh('test "$(params.foo)" = foo')] } });
    for (const spec of [run.spec.taskSpec, run.status?.taskSpec])
      expect(spec?.params?.[0]?.description).toBe('foo param');
  });

  test('TaskRunWorkspace: what one step leaves the next one finds', async () => {
    const path = '$(workspaces.custom.path)';
    const run = await server.taskRun({
      workspaces: [{ name: 'custom', emptyDir: {} }],
      taskSpec: {
        workspaces: [{ name: 'custom' }],
        steps: [sh(`echo ${path} > ${path}/foo`), sh(`test "$(cat ${path}/foo)" = /workspace/custom`)],
      },
    });
    expect(stateOf(run)).toBe(succeeded);
    expect(run.status?.taskSpec?.workspaces?.map(({ name }) => name)).toEqual(['custom']);
  });

  test('TaskRunTimeout', async () => {
    const run = await server.taskRun({ timeout: '1s', ...steps(sh('sleep 15001')) });
    expect(stateOf(run)).toBe('False TaskRunTimeout');
  });
});

describe.concurrent('a PipelineRun', () => {
  test('PipelineRunConditions', async () => {
    const run = await server.pipelineRun({ pipelineSpec: { tasks: [task('one', sh('echo Hello world!'))] } });
    expect(run.status?.conditions).toMatchObject([{ type: 'Succeeded', status: 'True', reason: 'Succeeded' }]);
  });

  test('PipelineTaskParams', async () => {
    const params = [
      { name: 'op0', value: '10' },
      { name: 'op1', value: '1' },
    ];
    const declared = { params: [{ name: 'op0', type: 'string' }, { name: 'op1' }], results: [{ name: 'sum' }] };
    const step = sh('printf $(( $(inputs.params.op0) + $(params.op1) )) > $(results.sum.path)');
    const run = await server.pipelineRun({
      pipelineSpec: {
        tasks: [{ ...task('sum', step, declared), params }],
        results: [{ name: 'sum', value: '$(tasks.sum.results.sum)' }],
      },
    });
    expect(run.spec.pipelineSpec?.tasks?.[0]?.params).toEqual(params);
    expect(resultsOf(run)).toEqual({ sum: '11' });
  });

  test('PipelineResult: of a task that uses the result of another', async () => {
    const suffix = task('generate', sh('printf suffix > $(results.suffix.path)'), { results: [{ name: 'suffix' }] });
    const declared = { params: [{ name: 'arg' }], results: [{ name: 'output' }] };
    const join = task('join', sh('printf "$(params.arg)" > $(results.output.path)'), declared);
    const params = [{ name: 'arg', value: '$(params.prefix):$(tasks.generate.results.suffix)' }];
    const run = await server.pipelineRun({
      params: [{ name: 'prefix', value: 'prefix' }],
      pipelineSpec: {
        params: [{ name: 'prefix' }],
        tasks: [suffix, { ...join, params }],
        results: [{ name: 'output', value: '$(tasks.join.results.output)' }],
      },
    });
    expect(run.status?.results).toEqual([{ name: 'output', value: 'prefix:suffix' }]);
  });

  test('PipelineWorkspace: one volume under each task’s own name', async () => {
    const using = (name: string, script: string, more: object = {}) => ({
      ...task(name, sh(script.replaceAll('HERE', `$(workspaces.of-${name}.path)`)), {
        workspaces: [{ name: `of-${name}` }],
      }),
      workspaces: [{ name: `of-${name}`, workspace: 'custom' }],
      ...more,
    });
    const resources = { requests: { storage: '16Mi' } };
    const claim = { spec: { accessModes: ['ReadWriteOnce'], resources, volumeMode: 'Filesystem' } };
    const run = await server.pipelineRun({
      workspaces: [{ name: 'custom', volumeClaimTemplate: claim }],
      pipelineSpec: {
        workspaces: [{ name: 'custom' }],
        tasks: [
          using('write', 'echo HERE > HERE/foo'),
          using('check', 'test "$(cat HERE/foo)" = /workspace/of-write', { runAfter: ['write'] }),
        ],
      },
    });
    expect(stateOf(run)).toBe(succeeded);
    expect(run.status?.pipelineSpec?.workspaces?.map(({ name }) => name)).toEqual(['custom']);
  });

  test('PipelineTaskTimeout', async () => {
    const tasks = [{ ...task('slow', sh('sleep 15001')), timeout: '1s' }];
    expect(stateOf(await server.pipelineRun({ pipelineSpec: { tasks } }))).toBe('False Failed');
  });

  test('PipelineRunTimeout: of the tasks', async () => {
    const tasks = [task('slow', sh('sleep 15001'))];
    const run = await server.pipelineRun({ timeouts: { tasks: '1s' }, pipelineSpec: { tasks } });
    expect(stateOf(run)).toBe('False PipelineRunTimeout');
  });

  test('PipelineRunTaskFinally: with params, with results of tasks and of its own', async () => {
    const step = sh('printf $(( $(params.a) * $(params.b) )) > $(results.product.path)');
    const product = (name: string, a: string, b: string) => ({
      ...task(name, step, { results: [{ name: 'product' }] }),
      params: [
        { name: 'a', value: a },
        { name: 'b', value: b },
      ],
    });
    const first = '$(tasks.first.results.product)';
    const run = await server.pipelineRun({
      params: [
        { name: 'a', value: '3' },
        { name: 'b', value: '1' },
      ],
      pipelineSpec: {
        params: [{ name: 'a' }, { name: 'b' }],
        tasks: [product('first', '$(params.a)', '$(params.b)')],
        finally: [product('last', `${first}${first}`, first)],
        results: [
          { name: 'of-the-task', value: first },
          { name: 'of-finally', value: '$(finally.last.results.product)' },
        ],
      },
    });
    expect(run.status?.conditions).toHaveLength(1);
    expect(resultsOf(run)).toEqual({ 'of-the-task': '3', 'of-finally': '99' });
  });

  test('PipelineRunChildReferences: a run for each task, named after both', async () => {
    const names = ['pipeline-task-0', 'pipeline-task-1'];
    const run = await server.pipelineRun({ pipelineSpec: { tasks: names.map((name) => task(name, sh('true'))) } });
    expect(stateOf(run)).toBe(succeeded);
    expect(
      run.status?.childReferences?.map(({ kind, name, pipelineTaskName }) => [kind, name, pipelineTaskName]),
    ).toEqual(names.map((name) => ['TaskRun', `${run.metadata.name}-${name}`, name]));
  });
});
