import { describe, expect, test } from 'vitest';
import type { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { orderIn, podFor, steps, taskRun } from './task-runs.ts';

test('a container per step, each waiting for the one before', () => {
  const pod = podFor(
    taskRun({ taskSpec: { steps: [...steps('a', 'b'), { image: 'i', onError: 'continue', timeout: '90s' }] } }),
  );
  expect(pod.metadata.name).toBe('run-pod');
  expect(pod.metadata.labels).toMatchObject({ mine: 'x', 'tekton.dev/taskRun': 'run' });
  expect(pod.spec.containers.map((container) => container.name)).toEqual(['step-a', 'step-b', 'step-unnamed-2']);
  const order = orderIn(pod);
  expect(order['step-a']).not.toHaveProperty('after');
  expect(order['step-b']).toMatchObject({ after: 'step-a' });
  expect(order['step-unnamed-2']).toMatchObject({ after: 'step-b', ignoreFailure: true, timeoutSeconds: 90 });
});

test('of Kf’s own runs nothing is mounted, and no line is searched for variables', () => {
  const line = ['/bin/sh', '-c', 'echo $$(params.x) $(context.taskRun.name)'];
  const made = taskRun({ taskSpec: { steps: [{ name: 'user-container', image: 'i', command: line }] } });
  const own: TaskRun = { ...made, metadata: { ...made.metadata, labels: { 'kf.dev/task': 't' } } };
  const pod = podFor(own);
  expect(pod.spec.volumes).toBeUndefined();
  expect(pod.spec.containers).toEqual([{ name: 'step-user-container', image: 'i', command: line }]);
  expect(orderIn(pod)).toEqual({});
});

test('no time limit unless one is given', () => {
  expect(podFor(taskRun({ taskSpec: { steps: steps('a') } })).spec.activeDeadlineSeconds).toBeUndefined();
  expect(podFor(taskRun({ timeout: '1m30s', taskSpec: { steps: steps('a') } })).spec.activeDeadlineSeconds).toBe(90);
});

test('the grace period comes from the annotation', () => {
  const made = taskRun({ taskSpec: { steps: steps('a') } }, { 'node.kf.dev/grace-period-seconds': '3' });
  expect(podFor(made).spec.terminationGracePeriodSeconds).toBe(3);
});

test('a further attempt has a Pod of its own', () => {
  const made = taskRun({ retries: 2, taskSpec: { steps: steps('a') } });
  const again: TaskRun = { ...made, status: { retriesStatus: [{}, {}] } };
  expect(podFor(again).metadata.name).toBe('run-pod-retry2');
});

describe('scripts', () => {
  const scriptOf = (script: string) => {
    const pod = podFor(taskRun({ taskSpec: { steps: [{ name: 'a', image: 'i', script, args: ['x'] }] } }));
    const [file] = orderIn(pod)['step-a']?.files ?? [];
    expect(pod.spec.containers[0]).toMatchObject({ command: [file?.path], args: ['x'] });
    expect(file?.path).toMatch(/^\/tekton\/scripts\/script-0-[0-9a-f]{5}$/);
    return file?.content;
  };

  test('without a shebang it is sh’s, and stops at the first failure', () =>
    expect(scriptOf('echo hi')).toBe('#!/bin/sh\nset -e\necho hi'));
  test('with one it is as it is written', () =>
    expect(scriptOf('#!/usr/bin/env python3\nprint("$(NAME)")')).toBe('#!/usr/bin/env python3\nprint("$(NAME)")'));
});

test('a script’s results, and those of the step, are returned; a later step takes them', () => {
  const pod = podFor(
    taskRun({
      taskSpec: {
        results: [{ name: 'all' }, { name: 'taken', value: '$(steps.a.results.one)' }],
        steps: [
          {
            name: 'a',
            image: 'i',
            results: [{ name: 'one' }, { name: 'list', type: 'array' }],
            script: 'echo > $(step.results.one.path); echo > $(results["all"].path)',
          },
          {
            name: 'b',
            image: 'i',
            args: ['$(steps.a.results.one)', '$(steps.a.results.list[*])', '$(steps.step-a.exitCode.path)'],
            env: [{ name: 'E', value: '$(steps.a.results.list[1])' }],
          },
        ],
      },
    }),
  );
  const order = orderIn(pod);
  expect(order['step-a']?.files?.[0]?.content).toContain(
    'echo > /tekton/steps/step-a/results/one; echo > /tekton/results/all',
  );
  expect(order['step-a']?.returns).toEqual([
    { file: '/tekton/results/all', key: 'all', type: 1 },
    { file: '/tekton/steps/step-a/results/list', key: 'list', type: 4 },
    { file: '/tekton/steps/step-a/results/one', key: 'one', type: 4 },
  ]);
  expect(order['step-b']?.values).toEqual({
    'steps.a.results.one': { file: '/tekton/steps/step-a/results/one' },
    'steps.a.results.list': { file: '/tekton/steps/step-a/results/list', type: 'array' },
  });
  expect(pod.spec.containers[1]?.args?.[2]).toBe('/tekton/steps/step-a/exitCode');
  expect(order['step-b']?.appendToCmd).toBe(true);
});

test('a sidecar that is restarted is an init container that runs on', () => {
  const sidecars = [
    { name: 'db', image: 'p' },
    { name: 'again', image: 'p', restartPolicy: 'Always', script: 'serve' },
  ];
  const { spec } = podFor(taskRun({ taskSpec: { steps: steps('a'), sidecars } }));
  expect(spec.containers.map(({ name }) => name)).toEqual(['step-a', 'sidecar-db']);
  expect(spec.initContainers).toMatchObject([{ name: 'sidecar-again', restartPolicy: 'Always' }]);
});

test('sidecars run beside the steps, and are waited for', () => {
  const pod = podFor(
    taskRun({
      taskSpec: { steps: steps('a', 'b'), sidecars: [{ name: 'db', image: 'p', script: 'serve', readinessProbe: {} }] },
    }),
  );
  const order = orderIn(pod);
  expect(order['step-a']?.afterReady).toEqual(['sidecar-db']);
  expect(order['step-b']).not.toHaveProperty('afterReady');
  expect(order['sidecar-db']).toMatchObject({ sidecar: true });
  const sidecar = pod.spec.containers[2];
  expect(sidecar?.volumeMounts).toBeUndefined();
  expect(sidecar?.command?.[0]).toMatch(/^\/tekton\/scripts\/sidecar-script-0-/);
});

test('a step’s own mount takes the place of ours', () => {
  const volumeMounts = [{ name: 'mine', mountPath: '/workspace/' }];
  const [container] = podFor(
    taskRun({
      taskSpec: { volumes: [{ name: 'mine', emptyDir: {} }], steps: [{ name: 'a', image: 'i', volumeMounts }] },
    }),
  ).spec.containers;
  expect(container?.volumeMounts?.filter(({ mountPath }) => mountPath.startsWith('/workspace'))).toEqual(volumeMounts);
});

test('a step writes to its own folder of /tekton/steps, and sees those of others', () => {
  const { containers } = podFor(taskRun({ taskSpec: { steps: [{ name: 'a', image: 'i' }, { image: 'i' }] } })).spec;
  const writable = containers.map(({ volumeMounts = [] }) =>
    volumeMounts.filter(({ mountPath, readOnly }) => mountPath.startsWith('/tekton/') && readOnly !== true),
  );
  expect(writable).toMatchObject([
    [{ mountPath: '/tekton/steps/step-a', subPath: 'steps/step-a' }],
    [{ mountPath: '/tekton/steps/step-unnamed-1' }],
  ]);
});

test('the Pod template reaches the Pod, its env only steps', () => {
  const pod = podFor(
    taskRun({
      taskSpec: {
        steps: [
          {
            name: 'a',
            image: 'i',
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
        ],
        sidecars: [{ name: 's', image: 'i' }],
      },
      podTemplate: {
        nodeSelector: { disktype: 'ssd' },
        securityContext: { runAsNonRoot: true },
        env: [{ name: 'A', value: '3' }],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    }),
  );
  expect(pod.spec).toMatchObject({ nodeSelector: { disktype: 'ssd' }, securityContext: { runAsNonRoot: true } });
  expect(pod.spec).not.toHaveProperty('env');
  expect(pod.spec.containers[0]?.env).toEqual([
    { name: 'B', value: '2' },
    { name: 'A', value: '3' },
  ]);
  expect(pod.spec.containers[1]?.env).toBeUndefined();
  expect(pod.spec.volumes?.map(({ name }) => name)).toContain('v');
});

test('steps have what their template has, and their own', () => {
  const [container] = podFor(
    taskRun({
      taskSpec: {
        stepTemplate: {
          image: 't',
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '1' },
          ],
          computeResources: { requests: { cpu: '1', memory: '1Gi' } },
          securityContext: { runAsUser: 7, runAsGroup: 8 },
        },
        steps: [
          {
            name: 'a',
            command: ['true'],
            env: [
              { name: 'B', value: '2' },
              { name: 'C', value: '2' },
            ],
            computeResources: { requests: { cpu: '2' } },
            securityContext: { runAsUser: 9 },
          },
        ],
      },
    }),
  ).spec.containers;
  expect(container).toMatchObject({
    image: 't',
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
      { name: 'C', value: '2' },
    ],
    resources: { requests: { cpu: '2', memory: '1Gi' } },
    securityContext: { runAsUser: 9, runAsGroup: 8 },
  });
});

test('variables of a step template come before those that they precede there, else last, as Kubernetes merges them', () => {
  const env = (...names: string[]) => names.map((name) => ({ name, value: name }));
  const [container] = podFor(
    taskRun({
      taskSpec: {
        stepTemplate: { env: env('A', 'B', 'C') },
        steps: [{ ...steps('a')[0]!, env: env('X', 'B') }],
      },
    }),
  ).spec.containers;
  expect(container?.env?.map(({ name }) => name)).toEqual(['X', 'A', 'B', 'C']);
});

describe('requests and limits', () => {
  const resourcesOf = (spec: Partial<TaskRun['spec']>) =>
    podFor(taskRun({ taskSpec: { steps: steps('a', 'b', 'c') }, ...spec })).spec.containers.map(
      ({ resources }) => resources,
    );

  test('requests of all together are shared out, limits are each step’s', () => {
    const computeResources = { requests: { cpu: '1', memory: '3Gi' }, limits: { cpu: '2' } };
    const each = { requests: { cpu: '333m', memory: '1Gi' }, limits: { cpu: '2' } };
    expect(resourcesOf({ computeResources })).toEqual([each, each, each]);
  });
  test('memory that is asked for all together each step may take, unless there is a limit', () => {
    const grants = (computeResources: TaskRun['spec']['computeResources']) => {
      const spec = { steps: steps('a', 'b'), sidecars: [{ name: 's', image: 'i' }] };
      const order = orderIn(podFor(taskRun({ taskSpec: spec, ...(computeResources && { computeResources }) })));
      return [order['step-a']?.memoryBytes, order['step-b']?.memoryBytes, order['sidecar-s']?.memoryBytes];
    };
    expect(grants({ requests: { memory: '3Gi' } })).toEqual([3 * 2 ** 30, 3 * 2 ** 30, undefined]);
    expect(grants({ requests: { memory: '3Gi' }, limits: { memory: '4Gi' } })).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(grants(undefined)).toEqual([undefined, undefined, undefined]);
  });
  test('of limits alone requests are the share', () =>
    expect(resourcesOf({ computeResources: { limits: { cpu: '3' } } })[0]).toEqual({
      requests: { cpu: '1' },
      limits: { cpu: '3' },
    }));
  test('those of one step lie over the Task’s', () =>
    expect(resourcesOf({ stepSpecs: [{ name: 'b', computeResources: { limits: { cpu: '1' } } }] })).toEqual([
      undefined,
      { limits: { cpu: '1' } },
      undefined,
    ]));
  test('a name that is no step is refused', () =>
    expect(() => resourcesOf({ stepSpecs: [{ name: 'x' }] })).toThrow(
      '[User error] invalid StepOverride: No Step named x',
    ));
});
