import { describe, expect, test } from 'vitest';
import type { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { podOf } from '../../../src/tekton/task-run/pod.ts';
import { resolveTaskSpec } from '../../../src/tekton/task-run/task-run-spec.ts';

type Spec = TaskRun['spec'];
const run = (spec: Partial<Spec>, annotations: Record<string, string> = {}): TaskRun => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name: 'run', namespace: 'dev', uid: 'u1', labels: { mine: 'x' }, annotations },
  spec: { timeout: '0s', ...spec },
});
const podFor = (made: TaskRun) => podOf(made, resolveTaskSpec(made));
const steps = (...names: string[]) => names.map((name) => ({ name, image: 'i', command: ['true'] }));

test('a container per step, each waiting for the one before', () => {
  const pod = podFor(
    run({ taskSpec: { steps: [...steps('a', 'b'), { image: 'i', onError: 'continue', timeout: '90s' }] } }),
  );
  expect(pod.metadata.name).toBe('run-pod');
  expect(pod.metadata.labels).toMatchObject({ mine: 'x', 'tekton.dev/taskRun': 'run' });
  expect(pod.spec.containers.map((container) => container.name)).toEqual(['step-a', 'step-b', 'step-unnamed-2']);
  expect(JSON.parse(pod.metadata.annotations?.['node.kf.dev/start-order'] ?? '')).toEqual({
    'step-b': { after: 'step-a' },
    'step-unnamed-2': { after: 'step-b', ignoreFailure: true, timeoutSeconds: 90 },
  });
});

test('no time limit unless one is given', () => {
  expect(podFor(run({ taskSpec: { steps: steps('a') } })).spec.activeDeadlineSeconds).toBeUndefined();
  expect(podFor(run({ timeout: '1m30s', taskSpec: { steps: steps('a') } })).spec.activeDeadlineSeconds).toBe(90);
});

test('the grace period comes from the annotation', () => {
  const made = run({ taskSpec: { steps: steps('a') } }, { 'node.kf.dev/grace-period-seconds': '3' });
  expect(podFor(made).spec.terminationGracePeriodSeconds).toBe(3);
});

describe('params', () => {
  const taskSpec: Spec['taskSpec'] = {
    params: [
      { name: 'who', default: 'world' },
      { name: 'list', type: 'array' },
    ],
    steps: [
      {
        name: 'a',
        image: 'img-$(params.who)',
        command: ['echo'],
        args: ['$(params.list[*])', 'hi $(params["who"])', '$(params.list[1])', '$(unknown)'],
      },
    ],
  };

  test('strings, lists and indexes are replaced, unknown variables stay', () => {
    const [container] = podFor(run({ taskSpec, params: [{ name: 'list', value: ['x', 'y'] }] })).spec.containers;
    expect(container?.image).toBe('img-world');
    expect(container?.args).toEqual(['x', 'y', 'hi world', 'y', '$(unknown)']);
  });

  test('a missing value is named', () => {
    expect(() => resolveTaskSpec(run({ taskSpec }))).toThrow(/missing values .* \[list\]/);
  });

  test('a value of another type is named', () => {
    expect(() => resolveTaskSpec(run({ taskSpec, params: [{ name: 'list', value: 'x' }] }))).toThrow(
      /list is declared as array/,
    );
  });
});

test.each(['script', 'when', 'results'])('what the engine cannot do is refused by name: %s', (field) => {
  const step = { name: 'a', image: 'i', [field]: field === 'script' ? 'echo' : [{}] };
  expect(() => resolveTaskSpec(run({ taskSpec: { steps: [step] } }))).toThrow(`steps[0].${field} is not supported`);
});
