import { describe, expect, test } from 'vitest';
import { commandOf, pipelineRunOf, taskResources } from '../../../src/controllers/task/pipeline-run.ts';
import type { App } from '../../../src/resources/kf/app.ts';
import type { Task } from '../../../src/resources/kf/task.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';

type Container = App['spec']['template']['spec']['containers'][number];
const app = (container: Partial<Container> = {}, found?: string): App => ({
  apiVersion: 'kf.dev/v1alpha1',
  kind: 'App',
  metadata: { name: 'report', namespace: 'dev', uid: 'app-uid' },
  spec: { build: { updateRequests: 1 }, template: { spec: { containers: [container] } } },
  status: { image: 'img', ...(found === undefined ? {} : { startCommands: { image: [found] } }) },
});
const task = (spec: Partial<Task['spec']> = {}): Task => ({
  apiVersion: 'kf.dev/v1alpha1',
  kind: 'Task',
  metadata: { name: 'report-abc', namespace: 'dev', uid: 'task-uid' },
  spec: { appRef: { name: 'report' }, ...spec },
});
const sh = (line: string, ...more: string[]) => ['/bin/sh', '-c', line, ...more];

describe('what a Task runs', () => {
  test.each<[string, Partial<Task['spec']>, Partial<Container>, string | undefined, readonly string[] | undefined]>([
    ['its own line', { command: 'a | b' }, { args: ['x'] }, 'y', sh('a | b')],
    [
      'its own line with arguments',
      { command: 'echo "$@"', args: ['1', '2'] },
      {},
      undefined,
      sh('echo "$@"', 'sh', '1', '2'),
    ],
    ['its exact argv', { args: ['node', 'x y'] }, { args: ['x'] }, undefined, ['node', 'x y']],
    ["the App's line", {}, { args: ['node x'] }, 'y', sh('node x')],
    ["the App's argv", {}, { args: ['node', 'x'] }, 'y', ['node', 'x']],
    ["the App's entrypoint", {}, { command: ['e'], args: ['x'] }, 'y', ['e', 'x']],
    ['what the source says', {}, {}, 'npm start', sh('npm start')],
    ['nothing', {}, {}, undefined, undefined],
  ])('%s', (_, spec, container, found, command) => {
    expect(commandOf(task(spec), app(container, found))?.command).toEqual(command);
  });
});

describe('resources', () => {
  test("the App's limits, and no CPU limit", () => {
    const container = {
      resources: { requests: { cpu: '100m' }, limits: { memory: '256Mi', 'ephemeral-storage': '2Gi' } },
    };
    expect(taskResources(task(), app(container))).toEqual({
      requests: { memory: '256Mi', 'ephemeral-storage': '2Gi', cpu: '100m' },
      limits: { memory: '256Mi', 'ephemeral-storage': '2Gi' },
    });
  });

  test("the Task's flags set request and limit", () => {
    const wanted = { memory: '2Gi', 'ephemeral-storage': '3Gi', cpu: '2' };
    expect(taskResources(task({ memory: '2Gi', disk: '3Gi', cpu: '2' }), app())).toEqual({
      requests: wanted,
      limits: wanted,
    });
  });
});

describe('the PipelineRun', () => {
  const made = pipelineRunOf(task(), {
    app: app(),
    space: undefined,
    id: 7,
    image: 'img',
    command: { command: sh('x') },
  });

  test("is named as Kf's log selectors need it", () => {
    expect(made.spec.pipelineSpec?.tasks?.[0]?.name).toBe('user-container');
    expect(made.spec.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0]?.name).toBe('user-container');
    expect(made.metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'report',
      'app.kubernetes.io/component': 'task',
      'app.kubernetes.io/version': '7',
      'kf.dev/log-owner': 'task-uid',
    });
  });

  test('passes the line on as it was typed', () => {
    const command = { command: sh('kill $$; echo $(HOME) $((1 + 1))') };
    const run = pipelineRunOf(task(), { app: app(), space: undefined, id: 7, image: 'img', command });
    expect(run.spec.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0]?.command).toEqual(
      sh('kill $$$$; echo $$(HOME) $$((1 + 1))'),
    );
  });

  test('may say what would be a variable of Tekton’s', () => {
    const command = {
      command: sh('echo $(params.x) $(context.pipelineRun.name) $(tasks.a.results.b) $(results.r.path)'),
    };
    const run = pipelineRunOf(task(), { app: app(), space: undefined, id: 7, image: 'img', command });
    const object = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', ...run } as PipelineRun;
    expect(PipelineRun.admit?.(PipelineRun.default?.(object) ?? object)).toBeUndefined();
  });

  test('has no time limit unless one is given', () => {
    expect(made.spec.timeouts).toEqual({ pipeline: '0s' });
    expect(made.spec.pipelineSpec?.tasks?.[0]?.timeout).toBe('0s');
  });

  test('passes validation', () => {
    const object = { apiVersion: 'tekton.dev/v1', kind: 'PipelineRun', ...made } as PipelineRun;
    expect(PipelineRun.admit?.(PipelineRun.default?.(object) ?? object)).toBeUndefined();
  });

  test('carries the environment in Kf’s order, the later one winning', () => {
    const own = {
      env: [
        { name: 'A', value: 'app' },
        { name: 'LANG', value: 'C' },
      ],
    };
    const run = pipelineRunOf(task({ env: [{ name: 'A', value: 'task' }] }), {
      app: app(own),
      space: undefined,
      id: 7,
      image: 'img',
      command: {},
    });
    const env = run.spec.pipelineSpec?.tasks?.[0]?.taskSpec?.steps?.[0]?.env ?? [];
    const value = (name: string) => env.find((variable) => variable.name === name)?.value;
    expect(value('A')).toBe('task');
    expect(value('LANG')).toBe('C');
    expect(value('KF_TASK_ID')).toBe('7');
    expect(value('VCAP_APPLICATION')).toContain('"mem":$(MEMORY_LIMIT_IN_MB)');
    expect(new Set(env.map((variable) => variable.name)).size).toBe(env.length);
  });
});
