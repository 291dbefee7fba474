import { describe, expect, test } from 'vitest';
import { conditionOf } from '../../../src/resources/condition.ts';
import type { ContainerStatus, Pod } from '../../../src/resources/core/pod.ts';
import type { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import type { TaskSpec } from '../../../src/resources/tekton/task-spec.ts';
import { stuckStart } from '../../../src/tekton/task-run/conditions.ts';
import { retriedWhereAsked } from '../../../src/tekton/task-run/retries.ts';
import { finalStatus, statusFromPod } from '../../../src/tekton/task-run/status.ts';
import { steps, taskRun } from './task-runs.ts';

const now = '2026-01-01T00:00:10Z';
const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
const ended = (name: string, exitCode: number, more: object = {}): ContainerStatus => ({
  name,
  image: 'i',
  state: {
    terminated: {
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
      startedAt: at(1),
      finishedAt: at(2),
      ...more,
    },
  },
});
const podOf = (phase: 'Running' | 'Succeeded' | 'Failed' | 'Pending', ...containerStatuses: ContainerStatus[]): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'run-pod' },
    spec: { containers: [{ name: 'x' }] },
    status: { phase, containerStatuses },
  }) as Pod;

const statusOf = (
  pod: Pod,
  spec: TaskSpec = { steps: steps('a', 'b') },
  run: Partial<TaskRun['spec']> = {},
  annotations = {},
) => statusFromPod(taskRun({ taskSpec: spec, ...run }, annotations), spec, pod, now);
const condition = (pod: Pod, ...rest: [TaskSpec?, Partial<TaskRun['spec']>?, object?]) =>
  conditionOf({ status: statusOf(pod, ...(rest as [])) }, 'Succeeded');

describe('the condition', () => {
  test.each<[string, Pod, string, string, string]>([
    [
      'runs',
      podOf('Running', ended('step-a', 0)),
      'Unknown',
      'Running',
      'Not all Steps in the Task have finished executing',
    ],
    [
      'succeeded',
      podOf('Succeeded', ended('step-a', 0), ended('step-b', 0)),
      'True',
      'Succeeded',
      'All Steps have completed executing',
    ],
    [
      'failed',
      podOf('Failed', ended('step-a', 3), ended('step-b', 1, { reason: 'Skipped' })),
      'False',
      'StepFailed',
      '"step-a" exited with code 3: Error',
    ],
    [
      'had no memory',
      podOf('Failed', ended('step-a', 137, { reason: 'OOMKilled' })),
      'False',
      'StepOOM',
      '"step-a" exited with code 137: OOMKilled',
    ],
    [
      'took too long',
      podOf('Failed', ended('step-a', 143, { reason: 'TimeoutExceeded' })),
      'False',
      'StepFailed',
      '"step-a" exited because the step exceeded the specified timeout limit',
    ],
    [
      'lacked a Secret',
      podOf('Failed', ended('step-a', 128, { reason: 'CreateContainerConfigError', message: 'secret "s" not found' })),
      'False',
      'CreateContainerConfigError',
      'the step "a" in TaskRun "run" failed to start. The pod errored with the message: "secret "s" not found."',
    ],
    [
      'lacked its image',
      podOf('Failed', ended('step-a', 128, { reason: 'ErrImagePull', message: 'no such host' })),
      'False',
      'TaskRunImagePullFailed',
      'the step "a" in TaskRun "run" failed to pull the image "i". The pod errored with the message: "no such host."',
    ],
    [
      'had a sidecar without memory',
      podOf(
        'Failed',
        ended('step-a', 137, { reason: 'OOMKilled' }),
        ended('sidecar-s', 137, { reason: 'OOMKilled', finishedAt: at(1) }),
      ),
      'False',
      'SidecarOOM',
      '"sidecar-s" exited with code 137: OOMKilled',
    ],
    [
      'had a sidecar that failed before',
      podOf('Succeeded', ended('step-a', 0), ended('sidecar-s', 2, { finishedAt: at(1) })),
      'False',
      'SidecarFailed',
      '"sidecar-s" exited with code 2: Error',
    ],
    [
      'had its sidecar stopped',
      podOf('Succeeded', ended('step-a', 0), ended('sidecar-s', 143, { finishedAt: at(3) })),
      'True',
      'Succeeded',
      'All Steps have completed executing',
    ],
  ])('of a run that %s', (_what, pod, status, reason, message) =>
    expect(condition(pod)).toMatchObject({ status, reason, message }),
  );

  test('of a failure that the PipelineRun does not mind', () =>
    expect(
      condition(podOf('Failed', ended('step-a', 3)), undefined, undefined, {
        'pipeline.tekton.dev/pipeline-task-on-error': 'continue',
      }),
    ).toMatchObject({ status: 'False', reason: 'FailureIgnored', message: '"step-a" exited with code 3: Error' }));

  test.each([
    [
      { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes "fit"' }] },
      'pod status "PodScheduled":"False"; message: "0/1 nodes \\"fit\\""',
      'Unschedulable: 0/1 nodes "fit"',
    ],
    [
      { containerStatuses: [{ name: 'step-a', image: 'i', state: { waiting: { reason: 'x', message: 'no "m"' } } }] },
      'build step "step-a" is pending with reason "no \\"m\\""',
      'no "m"',
    ],
  ])('of a Pod that waits says why, in Tekton’s words; of a Kf Task in its own', (status, tekton, own) => {
    const pod = { ...podOf('Pending'), status: { phase: 'Pending', ...status } } as Pod;
    expect(condition(pod)?.message).toBe(tekton);
    const ofTask = { ...taskRun({}), metadata: { name: 'run', namespace: 'dev', labels: { 'kf.dev/task': 't' } } };
    const told = statusFromPod(ofTask, { steps: steps('a', 'b') }, pod, now);
    expect(conditionOf({ status: told }, 'Succeeded')?.message).toBe(own);
  });

  test('of a step that failed after one that was allowed to names the former', () => {
    const [first, ...rest] = steps('a', 'b');
    const spec = { steps: [{ ...first!, onError: 'continue' as const }, ...rest] };
    const pod = podOf('Failed', ended('step-a', 7), ended('step-b', 3));
    expect(condition(pod, spec)?.message).toBe('"step-b" exited with code 3: Error');
    expect(condition(podOf('Failed', ended('step-a', 143, { reason: 'TimeoutExceeded' })), spec)?.message).toContain(
      'step-a',
    );
  });

  test('of a run that was ended while something was amiss says what', () => {
    const pending = {
      type: 'Succeeded',
      status: 'Unknown' as const,
      reason: 'PullImageFailed',
      message: 'no such image',
    };
    const run = {
      ...taskRun({ status: 'TaskRunCancelled', statusMessage: 'Enough.' }),
      status: { conditions: [pending] },
    };
    const pod = podOf('Failed', ended('step-a', 1));
    expect(conditionOf({ status: statusFromPod(run, { steps: steps('a') }, pod, now) }, 'Succeeded')).toMatchObject({
      reason: 'TaskRunCancelled',
      message: 'TaskRun "run" was cancelled. Enough.\nPrevious status: [PullImageFailed] no such image',
    });
  });
});

test('cancelled, and its processes have not ended yet; a Pod that waits says still why', () => {
  const run: Partial<TaskRun['spec']> = { status: 'TaskRunCancelled' };
  expect(condition(podOf('Running', ended('step-a', 0)), undefined, run)).toMatchObject({
    status: 'Unknown',
    reason: 'TaskRunCancelled',
  });
  expect(condition(podOf('Pending'), undefined, run)).toMatchObject({ status: 'Unknown', reason: 'Pending' });
});

test('a step that lost a process for want of memory has failed, though it ended well', () => {
  const starved = { ...ended('step-a', 0), usage: { oomKills: 1 } } as ContainerStatus;
  const pod = podOf('Succeeded', starved, ended('step-b', 0));
  expect(condition(pod)).toMatchObject({ status: 'False', reason: 'StepOOM', message: 'OOMKilled' });
  expect(statusOf(pod).steps?.map(({ terminationReason }) => terminationReason)).toEqual(['OOMKilled', 'Completed']);
  const own = { ...taskRun({}), metadata: { name: 'run', namespace: 'dev', labels: { 'kf.dev/task': 't' } } };
  const told = statusFromPod(own, { steps: steps('a', 'b') }, pod, now);
  expect(conditionOf({ status: told }, 'Succeeded')?.status).toBe('True');
});

test('an image that cannot be had is not waited for', () => {
  const waiting = {
    name: 'step-a',
    image: 'nope',
    state: { waiting: { reason: 'ImagePullBackOff', message: 'Back-off' } },
  };
  expect(stuckStart(taskRun({}), podOf('Pending', waiting), true)).toBeUndefined();
  expect(stuckStart(taskRun({}), podOf('Pending', waiting))).toMatchObject({
    reason: 'TaskRunImagePullFailed',
    message:
      'the step "a" in TaskRun "run" failed to pull the image "nope". The pod errored with the message: "Back-off."',
  });
});

test('a run ends with its last step, in whole seconds as the others begin; of Kf’s own to the millisecond', () => {
  const pod = podOf('Succeeded', ended('step-a', 0, { finishedAt: '2026-01-01T00:00:02.900Z' }));
  expect(statusOf(pod).completionTime).toBe('2026-01-01T00:00:02Z');
  const own = { ...taskRun({}), metadata: { name: 'run', namespace: 'dev', labels: { 'kf.dev/task': 't' } } };
  expect(statusFromPod(own, { steps: steps('a') }, pod, now).completionTime).toBe('2026-01-01T00:00:02.900Z');
});

describe('steps', () => {
  const reasons = (pod: Pod, spec?: TaskSpec, run?: Partial<TaskRun['spec']>) =>
    statusOf(pod, spec, run).steps?.map(({ terminationReason }) => terminationReason);

  test('say how they ended', () => {
    const spec: TaskSpec = { steps: [...steps('a', 'b', 'c'), { ...steps('d')[0]!, onError: 'continue' }] };
    const pod = podOf(
      'Failed',
      ended('step-a', 0),
      ended('step-b', 0, { reason: 'Skipped', message: 'for this node' }),
      ended('step-c', 1),
      ended('step-d', 1),
    );
    expect(reasons(pod, spec)).toEqual(['Completed', 'Skipped', 'Error', 'Continued']);
    const states = statusOf(pod, spec).steps?.map(({ terminated }) => terminated?.reason);
    expect(states).toEqual(['Completed', 'Completed', 'Error', 'Completed']);
    expect(statusOf(pod, spec).steps?.[1]?.terminated?.message).toBeUndefined();
  });
  test('of a cancelled run: what it ended has its reason, and keeps its exit code', () => {
    const pod = podOf('Failed', ended('step-a', 0), ended('step-b', 143));
    const [a, b] = statusOf(pod, undefined, { status: 'TaskRunCancelled' }).steps ?? [];
    expect(a?.terminationReason).toBe('Completed');
    expect(b).toMatchObject({
      terminationReason: 'TaskRunCancelled',
      terminated: {
        exitCode: 143,
        reason: 'TaskRunCancelled',
        message: 'Step b terminated as pod run-pod is terminated',
      },
    });
  });
  test('of a run that ended without its Pod are ended with it', () => {
    const run = {
      ...taskRun({}),
      status: { podName: 'run-pod', steps: [{ name: 'a', container: 'step-a', running: { startedAt: at(1) } }] },
    };
    const [step] = finalStatus(run, { type: 'Succeeded', status: 'False', reason: 'TaskRunTimeout' }, now).steps ?? [];
    expect(step).toEqual({
      name: 'a',
      container: 'step-a',
      terminationReason: 'TaskRunTimeout',
      terminated: {
        exitCode: 1,
        reason: 'TaskRunTimeout',
        startedAt: at(1),
        finishedAt: now,
        message: 'Step a terminated as pod run-pod is terminated',
      },
    });
  });
});

describe('results', () => {
  const said = (...items: [string, string, number][]) => ({
    message: JSON.stringify(items.map(([key, value, type]) => ({ key, value, type }))),
  });
  const spec: TaskSpec = {
    results: [
      { name: 's' },
      { name: 'l', type: 'array' },
      { name: 'o', type: 'object', properties: { k: {} } },
      { name: 'of', type: 'array', value: '$(steps.b.results.r[*])' },
    ],
    steps: [steps('a')[0]!, { ...steps('b')[0]!, results: [{ name: 'r', type: 'array' }] }],
  };
  const run = (a: [string, string, number][], b: [string, string, number][] = []) =>
    statusOf(podOf('Succeeded', ended('step-a', 0, said(...a)), ended('step-b', 0, said(...b))), spec);

  test('of all types, the last writer’s, those of steps, and none that nobody declared', () => {
    const status = run(
      [
        ['s', 'one\n', 1],
        ['l', '["a","1"]', 1],
        ['o', '{"k":"v"}', 1],
        ['undeclared', 'x', 1],
      ],
      [
        ['s', '["two"]', 1],
        ['r', '["p"]', 4],
      ],
    );
    expect(status.results).toEqual([
      { name: 's', type: 'string', value: '["two"]' },
      { name: 'l', type: 'array', value: ['a', '1'] },
      { name: 'o', type: 'object', value: { k: 'v' } },
      { name: 'of', type: 'array', value: ['p'] },
    ]);
    expect(status.steps?.[1]?.results).toEqual([{ name: 'r', type: 'array', value: ['p'] }]);
  });
  test.each(['no JSON', '["a",1]', '[["a"]]', '"a"'])('of another type than declared fail the run: %s', (list) => {
    const status = run([
      ['l', list, 1],
      ['s', 'x', 1],
    ]);
    expect(conditionOf({ status }, 'Succeeded')).toMatchObject({
      status: 'False',
      reason: 'TaskRunValidationFailed',
      message:
        '[User error] Provided results don\'t match declared results; may be invalid JSON or missing result declaration:  "l": task result is expected to be "array" type but was initialized to a different type "string"',
    });
    expect(status.results).toEqual([{ name: 's', type: 'string', value: 'x' }]);
  });
  test('without a declared key fail the run', () =>
    expect(conditionOf({ status: run([['o', '{"x":"v"}', 1]]) }, 'Succeeded')).toMatchObject({
      message: "[User error] missing keys for these results which are required in TaskResult's properties map[o:[k]]",
    }));
  test('a message that is none is left alone', () =>
    expect(statusOf(podOf('Succeeded', ended('step-a', 0, { message: 'hello' })), spec).results).toBeUndefined());
});

describe('retries', () => {
  const failed = () => statusOf(podOf('Failed', ended('step-a', 3)), { steps: steps('a') });
  test('a failed attempt is put by while there are some left', () => {
    const status = retriedWhereAsked(taskRun({ retries: 1 }), failed(), now);
    expect(status).not.toHaveProperty('podName');
    expect(status).not.toHaveProperty('completionTime');
    expect(conditionOf({ status }, 'Succeeded')).toMatchObject({
      status: 'Unknown',
      reason: 'ToBeRetried',
      message: '"step-a" exited with code 3: Error',
    });
    expect(status.retriesStatus).toEqual([failed()]);
  });
  test('the spec of one that is over says which it was, the others’ is open', () => {
    const number = '$(context.task.retry-count)';
    const withSpec = { ...failed(), taskSpec: { steps: [{ name: 'a', script: `try ${number}` }] } };
    const scriptOf = (status: { taskSpec?: TaskSpec }) => status.taskSpec?.steps?.[0]?.script;
    const first = retriedWhereAsked(taskRun({ retries: 1 }), withSpec, now);
    expect(scriptOf(first.retriesStatus?.[0] as typeof withSpec)).toBe('try 0');
    expect(scriptOf(first)).toBe(`try ${number}`);
    const second = { ...taskRun({ retries: 1 }), status: first };
    expect(scriptOf(retriedWhereAsked(second, { ...withSpec, retriesStatus: first.retriesStatus! }, now))).toBe(
      'try 1',
    );
  });
  test('the last one is final', () => {
    const run = { ...taskRun({ retries: 1 }), status: { retriesStatus: [{}] } };
    expect(conditionOf({ status: retriedWhereAsked(run, failed(), now) }, 'Succeeded')?.status).toBe('False');
  });
  test('what was cancelled is not tried again', () =>
    expect(retriedWhereAsked(taskRun({ retries: 1, status: 'TaskRunCancelled' }), failed(), now)).toEqual(failed()));
});
