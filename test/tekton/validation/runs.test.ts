/** Rules of TaskRuns, PipelineRuns and CustomRuns, one case each, and of their updates. */

import { describe, expect, test } from 'vitest';
import { CustomRun } from '../../../src/resources/tekton/custom-run.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { ResolutionRequest } from '../../../src/resources/tekton/resolution-request.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { pipelineTask, step, useServer } from './refused.ts';

const server = useServer([TaskRun, PipelineRun, CustomRun, ResolutionRequest]);
const taskRef = { name: 'a' };
const taskSpec = { steps: [step] };
const pipelineSpec = { tasks: [pipelineTask] };
const sources = 'persistentvolumeclaim, volumeclaimtemplate, emptydir, configmap, secret'
  .split(', ')
  .map((source) => `spec.workspaces[0].${source}`)
  .sort()
  .join(', ');
const workspace = (source: object) => ({ taskRef, workspaces: [{ name: 'w', ...source }] });
const resources = { requests: { cpu: '1' } };

test.each([
  ['nothing to run', {}, 'expected exactly one, got neither: spec.taskRef, spec.taskSpec'],
  ['two things to run', { taskRef, taskSpec }, 'expected exactly one, got both: spec.taskRef, spec.taskSpec'],
  ['a reference to nothing', { taskRef: {} }, 'missing field(s): spec.taskRef.name'],
  [
    'a name with params',
    { taskRef: { name: 'a', resolver: 'git', params: [{ name: 'a', value: 'b' }] } },
    'expected exactly one, got both: spec.taskRef.name, spec.taskRef.params\ninvalid value: invalid URI for request: spec.taskRef.name',
  ],
  [
    'params without a resolver',
    { taskRef: { params: [{ name: 'a', value: 'b' }] } },
    'missing field(s): spec.taskRef.resolver',
  ],
  ['a URL without a resolver', { taskRef: { name: 'https://x' } }, 'missing field(s): spec.taskRef.resolver'],
  [
    'a name that is none',
    { taskRef: { name: 'a b' } },
    /^invalid value: name part must consist of .*: spec\.taskRef\.name$/,
  ],
  ['an embedded Task without steps', { taskSpec: {} }, 'missing field(s): spec.taskSpec.steps'],
  [
    'a param twice, whatever the case',
    {
      taskRef,
      params: [
        { name: 'a', value: '1' },
        { name: 'A', value: '2' },
      ],
    },
    'expected exactly one, got both: spec.params[A].name',
  ],
  [
    'a param that nobody gives',
    { taskSpec: { steps: [{ ...step, script: '$(params.x)' }] } },
    'non-existent variable in "$(params.x)": spec.steps[0].script',
  ],
  [
    'an object that is given without declared keys',
    { taskSpec: { ...taskSpec, params: [{ name: 'o', type: 'object' }] }, params: [{ name: 'o', value: { k: 'v' } }] },
    'missing field(s): spec.o.properties',
  ],
  ['a workspace of nothing', workspace({}), `expected exactly one, got neither: ${sources}`],
  [
    'a workspace of two things',
    workspace({ emptyDir: {}, secret: { secretName: 's' } }),
    `expected exactly one, got both: ${sources}`,
  ],
  [
    'a claim without a name',
    workspace({ persistentVolumeClaim: {} }),
    'missing field(s): spec.workspaces[0].persistentvolumeclaim.claimname',
  ],
  ['a ConfigMap without a name', workspace({ configMap: {} }), 'missing field(s): spec.workspaces[0].configmap.name'],
  ['a Secret without a name', workspace({ secret: {} }), 'missing field(s): spec.workspaces[0].secret.secretName'],
  [
    'a projection of nothing',
    workspace({ projected: { sources: [] } }),
    'missing field(s): spec.workspaces[0].projected.sources',
  ],
  [
    'a CSI volume without a driver',
    workspace({ csi: { readOnly: true } }),
    'missing field(s): spec.workspaces[0].csi.driver',
  ],
  [
    'a workspace twice',
    {
      taskRef,
      workspaces: [
        { name: 'w', emptyDir: {} },
        { name: 'w', emptyDir: {} },
      ],
    },
    'expected exactly one, got both: spec.workspaces[1].name',
  ],
  [
    'no breakpoint on failure',
    { taskRef, debug: { breakpoints: {} } },
    'invalid value: onFailure breakpoint is empty, it is only allowed to be set as enabled: spec.debug.breakpoints.onFailure',
  ],
  [
    'another breakpoint on failure',
    { taskRef, debug: { breakpoints: { onFailure: 'yes' } } },
    'invalid value: yes is not a valid onFailure breakpoint value, onFailure breakpoint is only allowed to be set as enabled: spec.debug.breakpoints.onFailure',
  ],
  [
    'a breakpoint twice',
    { taskRef, debug: { breakpoints: { onFailure: 'enabled', beforeSteps: ['a', 'a'] } } },
    'before step must be unique, the same step: a is defined multiple times at: spec.debug.breakpoints.beforeSteps[1]',
  ],
  ['resources of a step without a name', { taskRef, stepSpecs: [{}] }, 'missing field(s): spec.stepSpecs[0].name'],
  [
    'resources of a step twice',
    { taskRef, stepSpecs: [{ name: 'a' }, { name: 'a' }] },
    'expected exactly one, got both: spec.stepSpecs[1].name',
  ],
  [
    'resources of a sidecar without a name',
    { taskRef, sidecarSpecs: [{}] },
    'missing field(s): spec.sidecarSpecs[0].name',
  ],
  [
    'resources of a sidecar twice',
    { taskRef, sidecarSpecs: [{ name: 'a' }, { name: 'a' }] },
    'expected exactly one, got both: spec.sidecarSpecs[1].name',
  ],
  [
    'resources of steps and of the Task',
    { taskRef, computeResources: resources, stepSpecs: [{ name: 'a', computeResources: resources }] },
    'expected exactly one, got both: spec.computeResources, spec.stepSpecs.resources',
  ],
  [
    'another status',
    { taskRef, status: 'Paused' },
    'invalid value: Paused should be TaskRunCancelled or TaskRunPending: spec.status',
  ],
  [
    'a message without a status',
    { taskRef, statusMessage: 'why' },
    'invalid value: statusMessage should not be set if status is not set, but it is currently set to why: spec.statusMessage',
  ],
  ['negative retries', { taskRef, retries: -1 }, 'invalid value: -1 should be >= 0: spec.retries'],
  ['a negative timeout', { taskRef, timeout: '-48h' }, 'invalid value: -48h0m0s should be >= 0: spec.timeout'],
])('a TaskRun with %s is refused', async (_what, spec, expected) => {
  const said = await server.refusal(TaskRun, spec);
  if (expected instanceof RegExp) expect(said).toMatch(expected);
  else expect(said).toBe(expected);
});

const timeouts = (given: object) => ({ pipelineSpec, timeouts: given });
const taskRunSpec = (changes: object) => ({ pipelineSpec, taskRunSpecs: [{ pipelineTaskName: 'a', ...changes }] });

test.each([
  ['nothing to run', {}, 'expected exactly one, got neither: spec.pipelineRef, spec.pipelineSpec'],
  [
    'two things to run',
    { pipelineRef: { name: 'a' }, pipelineSpec },
    'expected exactly one, got both: spec.pipelineRef, spec.pipelineSpec',
  ],
  ['a reference to nothing', { pipelineRef: {} }, 'missing field(s): spec.pipelineRef.name'],
  [
    'an empty Pipeline',
    { pipelineSpec: {} },
    'expected at least one, got none: spec.pipelineSpec.description, spec.pipelineSpec.params, spec.pipelineSpec.resources, spec.pipelineSpec.tasks, spec.pipelineSpec.workspaces',
  ],
  [
    'a param twice',
    {
      pipelineSpec,
      params: [
        { name: 'a', value: '1' },
        { name: 'a', value: '2' },
      ],
    },
    'expected exactly one, got both: spec.params[a].name',
  ],
  [
    'a result of a task as param',
    { pipelineSpec, params: [{ name: 'a', value: '$(tasks.a.results.r)' }] },
    'invalid value: cannot use result expressions in [tasks.a.results.r] as PipelineRun parameter values: spec.params[a].value',
  ],
  [
    'a param that nobody gives',
    { pipelineSpec: { tasks: [{ name: 'a', taskSpec: { steps: [{ ...step, script: '$(params.x)' }] } }] } },
    'non-existent variable in "$(params.x)": spec.steps[0].script',
  ],
  [
    'a negative timeout',
    timeouts({ pipeline: '-1h' }),
    'invalid value: -1h0m0s should be >= 0: spec.timeouts.pipeline',
  ],
  [
    'a timeout of the tasks above that of the run',
    timeouts({ pipeline: '1h', tasks: '2h' }),
    'invalid value: 2h0m0s should be <= pipeline duration: spec.timeouts.tasks',
  ],
  [
    'no timeout of the finally tasks, but one of the run',
    timeouts({ pipeline: '1h', finally: '0s' }),
    'invalid value: 0s (no timeout) should be <= pipeline duration: spec.timeouts.finally',
  ],
  [
    'timeouts that are too much together',
    timeouts({ pipeline: '1h', tasks: '40m', finally: '40m' }),
    'invalid value: 40m0s + 40m0s should be <= pipeline duration: spec.timeouts.finally, spec.timeouts.tasks',
  ],
  [
    'a timeout of the tasks above the default',
    timeouts({ tasks: '2h' }),
    'invalid value: 2h0m0s should be <= pipeline duration: spec.timeouts.tasks',
  ],
  [
    'a timeout of one task above that of the run',
    taskRunSpec({ timeout: '2h' }),
    'invalid value: 2h0m0s should be <= pipeline duration 1h0m0s: spec.taskRunSpecs[0].timeout',
  ],
  [
    'a timeout of one task above that of all',
    { ...taskRunSpec({ timeout: '45m' }), timeouts: { tasks: '30m' } },
    'invalid value: 45m0s should be <= pipeline tasks duration 30m0s: spec.taskRunSpecs[0].timeout',
  ],
  [
    'resources of a step without a name',
    taskRunSpec({ stepSpecs: [{}] }),
    'missing field(s): spec.taskRunSpecs[0].stepSpecs[0].name',
  ],
  [
    'resources of steps and of the Task',
    taskRunSpec({ computeResources: resources, stepSpecs: [{ name: 'a', computeResources: resources }] }),
    'expected exactly one, got both: spec.taskRunSpecs[0].computeResources, spec.taskRunSpecs[0].stepSpecs.resources',
  ],
  [
    'another status',
    { pipelineSpec, status: 'Paused' },
    'invalid value: Paused should be Cancelled, CancelledRunFinally, StoppedRunFinally or PipelineRunPending: spec.status',
  ],
  [
    'a workspace twice',
    {
      pipelineSpec,
      workspaces: [
        { name: 'w', emptyDir: {} },
        { name: 'w', emptyDir: {} },
      ],
    },
    'workspace "w" provided by pipelinerun more than once, at index 0 and 1: spec.workspaces[1].name',
  ],
])('a PipelineRun with %s is refused', async (_what, spec, expected) => {
  expect(await server.refusal(PipelineRun, spec)).toBe(expected);
});

const customRef = { apiVersion: 'example.dev/v1', kind: 'Thing' };
test.each([
  [{}, 'expected exactly one, got neither: spec.customRef, spec.customSpec'],
  [{ customRef, customSpec: customRef }, 'expected exactly one, got both: spec.customRef, spec.customSpec'],
  [{ customRef: { kind: 'Thing' } }, 'missing field(s): spec.customRef.apiVersion'],
  [{ customRef: { apiVersion: 'example.dev/v1' } }, 'missing field(s): spec.customRef.kind'],
  [{ customSpec: { kind: 'Thing' } }, 'missing field(s): spec.customSpec.apiVersion'],
  [{ customSpec: { apiVersion: 'example.dev/v1' } }, 'missing field(s): spec.customSpec.kind'],
  [
    { customRef, statusMessage: 'why' },
    'invalid value: statusMessage should not be set if status is not set, but it is currently set to why: statusMessage',
  ],
  [
    {
      customRef,
      params: [
        { name: 'a', value: '1' },
        { name: 'a', value: '2' },
      ],
    },
    'expected exactly one, got both: spec.params[a].name',
  ],
])('a CustomRun %j is refused', async (spec, expected) => {
  expect(await server.refusal(CustomRun, spec)).toBe(expected);
});

test('a ResolutionRequest names its resolver', async () => {
  expect(await server.refusal(ResolutionRequest, {})).toBe('missing field(s): meta.labels.resolution.tekton.dev/type');
});

describe('a duration that is none', () => {
  const webhook = 'admission webhook "webhook.pipeline.tekton.dev" denied the request: mutation failed: ';
  test.each([
    ['5', 'missing unit in duration "5"'],
    ['5 minutes', 'unknown unit " minutes" in duration "5 minutes"'],
    ['soon', 'invalid duration "soon"'],
    ['1h -5m', 'unknown unit "h -" in duration "1h -5m"'],
    ['', 'invalid duration ""'],
  ])('%j', async (timeout, fault) => {
    const made = server.api.create(
      TaskRun,
      'default',
      { metadata: { name: 'x' }, spec: { taskRef, timeout } },
      { caller: { user: 'test', groups: [] } },
    );
    await expect(made).rejects.toMatchObject({
      code: 400,
      message: `${webhook}cannot decode incoming new object: time: ${fault}: spec.timeout`,
    });
  });
});

test.each([
  [{ computeResources: { limits: { cpu: 'much' } } }, 'computeResources.limits.cpu'],
  [
    {
      taskRef: undefined,
      taskSpec: {
        steps: [
          {
            image: 'i',
            env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: 'x' } } }],
          },
        ],
      },
    },
    'taskSpec.steps[0].env[0].valueFrom.resourceFieldRef.divisor',
  ],
  [
    { stepSpecs: [{ name: 's', computeResources: { requests: { memory: '1GiB' } } }] },
    'stepSpecs[0].computeResources.requests.memory',
  ],
  [workspace({ emptyDir: { sizeLimit: 'big' } }), 'workspaces[0].emptyDir.sizeLimit'],
  [
    workspace({ volumeClaimTemplate: { spec: { resources: { requests: { storage: 'x' } } } } }),
    'workspaces[0].volumeClaimTemplate.spec.resources.requests.storage',
  ],
])('a quantity that is none: %j', async (spec, path) => {
  const made = server.api.create(
    TaskRun,
    'default',
    { metadata: { name: 'x' }, spec: { taskRef, ...spec } },
    { caller: { user: 'test', groups: [] } },
  );
  await expect(made).rejects.toMatchObject({
    code: 400,
    message: expect.stringMatching(/mutation failed: .*(quantities must match|unable to parse quantity's suffix)/),
  });
  await expect(made).rejects.toThrow(`: spec.${path}`);
});

test.each([
  [workspace({ configMap: { name: 'c', items: ['a'] } }), 'workspaces[0].configMap.items[0]'],
  [workspace({ volumeClaimTemplate: { spec: [] } }), 'workspaces[0].volumeClaimTemplate.spec'],
  [{ podTemplate: { affinity: { nodeAffinity: 1 } } }, 'podTemplate.affinity.nodeAffinity'],
  [{ podTemplate: { securityContext: { runAsNonRoot: {} } } }, 'podTemplate.securityContext.runAsNonRoot'],
])('a value of another type: %j', async (spec, path) => {
  const made = server.api.create(
    TaskRun,
    'default',
    { metadata: { name: 'x' }, spec: { taskRef, ...spec } },
    { caller: { user: 'test', groups: [] } },
  );
  await expect(made).rejects.toMatchObject({ code: 422 });
  await expect(made).rejects.toThrow(`spec.${path} in body must be of type`);
});

test('resources of steps that say nothing are none, and so are params of a reference', () =>
  server.taken(TaskRun, {
    taskRef: { ...taskRef, params: [] },
    computeResources: { limits: { cpu: ' 1 ' } },
    stepSpecs: [{ name: 'a', computeResources: { limits: {} } }],
  }));

describe('what the webhook fills in', () => {
  test('of a TaskRun', async () => {
    const params = [
      { name: 'n', value: 3 },
      { name: 'b', value: true },
      { name: 'm', value: [1] },
    ];
    expect(await server.taken(TaskRun, { taskRef, params, timeout: '90m' })).toEqual({
      taskRef: { name: 'a', kind: 'Task' },
      params: [
        { name: 'n', value: '3' },
        { name: 'b', value: 'true' },
        { name: 'm', value: '[1]' },
      ],
      timeout: '1h30m0s',
      serviceAccountName: 'default',
    });
  });
  test('of an embedded Task: types of params and results', async () => {
    const spec = {
      taskSpec: {
        params: [
          { name: 'a' },
          { name: 'b', default: ['x'] },
          { name: 'c', default: { k: 'v' }, properties: { k: {} } },
        ],
        results: [{ name: 'r' }, { name: 'o', properties: { k: {} } }],
        steps: [{ ...step, ref: undefined, timeout: '60s' }],
      },
    };
    expect(await server.taken(TaskRun, spec)).toMatchObject({
      timeout: '1h0m0s',
      taskSpec: {
        params: [{ type: 'string' }, { type: 'array' }, { type: 'object', properties: { k: { type: 'string' } } }],
        results: [{ type: 'string' }, { type: 'object', properties: { k: { type: 'string' } } }],
        steps: [{ timeout: '1m0s' }],
      },
    });
  });
  test('of a PipelineRun', async () => {
    expect(await server.taken(PipelineRun, { pipelineSpec, timeouts: { tasks: '30m' } })).toEqual({
      pipelineSpec: { tasks: [{ name: 'a', taskRef: { name: 'a', kind: 'Task' } }] },
      timeouts: { pipeline: '1h0m0s', tasks: '30m0s' },
      taskRunTemplate: { serviceAccountName: 'default' },
    });
  });
});

describe.each([
  ['TaskRun', TaskRun, { taskRef }, 'TaskRunPending', 'TaskRunCancelled', 'status and statusMessage'],
  ['PipelineRun', PipelineRun, { pipelineSpec }, 'PipelineRunPending', 'Cancelled', 'status'],
] as const)('an update of a %s', (name, kind, given, pending, cancelled, mutable) => {
  const caller = { user: 'test', groups: [] };
  const ref = { namespace: 'default', name: 'run' };
  const patch = (body: object, subresource?: 'status') =>
    server.api.patch(kind, ref, { type: 'merge', body }, { caller, ...(subresource && { subresource }) });
  const denied = (text: string) => ({
    code: 400,
    message: `admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: ${text}`,
  });
  const started = { startTime: '2026-01-01T00:00:00Z' };
  const condition = (status: string) => ({ status: { ...started, conditions: [{ type: 'Succeeded', status }] } });
  const run = async (check: () => Promise<void>): Promise<void> => {
    await server.api.create(kind, 'default', { metadata: { name: 'run' }, spec: given }, { caller });
    try {
      await check();
    } finally {
      await server.api.delete(kind, ref, { caller, propagationPolicy: 'Background' });
    }
  };

  test('may change the status, and nothing else of the spec', () =>
    run(async () => {
      const only = `invalid value: Once the ${name} has started, only ${mutable} updates are allowed: spec`;
      await expect(patch({ spec: { params: [{ name: 'a', value: 'b' }] } })).rejects.toMatchObject(denied(only));
      await patch({ spec: { status: pending } });
      await patch({ spec: { status: null } });
      await patch({ metadata: { labels: { a: 'b' } } });
      // As a program in Go does that writes the whole object back.
      await patch({ metadata: { labels: { a: 'c' } }, spec: { workspaces: [] } });
      await patch({ spec: { status: cancelled } });
    }));

  test('hands it to nobody else', () =>
    run(async () => {
      await expect(patch({ spec: { managedBy: 'example.dev/me' } })).rejects.toMatchObject(
        denied('invalid value: managedBy is immutable: spec.managedBy'),
      );
    }));

  test('cannot pause it once it has started', () =>
    run(async () => {
      await patch(condition('Unknown'), 'status');
      await expect(patch({ spec: { status: pending } })).rejects.toMatchObject(
        denied(`invalid value: ${name} cannot be Pending after it is started: spec.status`),
      );
    }));

  test('changes nothing once it is over, but labels', () =>
    run(async () => {
      await patch(condition('True'), 'status');
      await expect(patch({ spec: { status: cancelled } })).rejects.toMatchObject(
        denied(`invalid value: Once the ${name} is complete, no updates are allowed: spec`),
      );
      await patch({ metadata: { labels: { a: 'b' } } });
    }));
});
