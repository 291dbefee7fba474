/** What Tekton's conversion webhook makes of v1beta1 for v1, and back. */

import { describe, expect, test } from 'vitest';
import { v1beta1 } from '../../../src/resources/tekton/v1beta1/conversions.ts';

const metadata = { name: 'x' };
const limits = { limits: { cpu: '1' } };
const oldStep = { name: 's', image: 'i', resources: limits };
const newStep = { name: 's', image: 'i', computeResources: limits };

/** There and back again. */
test.each([
  [
    'task',
    {
      spec: { steps: [oldStep], stepTemplate: { resources: {} }, sidecars: [oldStep], params: [{ name: 'resources' }] },
    },
    {
      spec: {
        steps: [newStep],
        stepTemplate: { computeResources: {} },
        sidecars: [newStep],
        params: [{ name: 'resources' }],
      },
    },
  ],
  [
    'pipeline',
    {
      spec: {
        tasks: [
          { name: 'a', taskRef: { name: 't' } },
          { name: 'b', pipelineSpec: { tasks: [{ name: 'c', taskSpec: { steps: [oldStep] } }] } },
        ],
        finally: [{ name: 'd', taskSpec: { steps: [oldStep], metadata: {}, spec: null } }],
      },
    },
    {
      spec: {
        tasks: [
          { name: 'a', taskRef: { name: 't' } },
          { name: 'b', pipelineSpec: { tasks: [{ name: 'c', taskSpec: { steps: [newStep] } }] } },
        ],
        finally: [{ name: 'd', taskSpec: { steps: [newStep], metadata: {}, spec: null } }],
      },
    },
  ],
  [
    'taskRun',
    {
      spec: {
        taskSpec: { steps: [oldStep] },
        stepOverrides: [{ name: 's', resources: limits }],
        sidecarOverrides: [{ name: 't', resources: {} }],
        computeResources: limits,
      },
      status: {
        taskSpec: { steps: [oldStep] },
        taskResults: [{ name: 'r', type: 'string', value: 'v' }],
        retriesStatus: [{ taskResults: [], taskSpec: { steps: [oldStep] } }],
      },
    },
    {
      spec: {
        taskSpec: { steps: [newStep] },
        stepSpecs: [{ name: 's', computeResources: limits }],
        sidecarSpecs: [{ name: 't', computeResources: {} }],
        computeResources: limits,
      },
      status: {
        taskSpec: { steps: [newStep] },
        results: [{ name: 'r', type: 'string', value: 'v' }],
        retriesStatus: [{ results: [], taskSpec: { steps: [newStep] } }],
      },
    },
  ],
  [
    'pipelineRun',
    {
      spec: {
        pipelineSpec: { tasks: [{ name: 'a', taskSpec: { steps: [oldStep] } }] },
        timeouts: { pipeline: '1h' },
        serviceAccountName: 'builder',
        podTemplate: { hostNetwork: false },
        taskRunSpecs: [
          {
            pipelineTaskName: 'a',
            taskServiceAccountName: 'other',
            taskPodTemplate: { nodeSelector: { a: 'b' } },
            stepOverrides: [{ name: 's', resources: limits }],
            sidecarOverrides: [],
            computeResources: limits,
            timeout: '5m',
          },
        ],
      },
      status: {
        pipelineResults: [{ name: 'r', value: 'v' }],
        pipelineSpec: { tasks: [{ name: 'a', taskSpec: { steps: [oldStep] } }] },
      },
    },
    {
      spec: {
        pipelineSpec: { tasks: [{ name: 'a', taskSpec: { steps: [newStep] } }] },
        timeouts: { pipeline: '1h' },
        taskRunTemplate: { serviceAccountName: 'builder', podTemplate: { hostNetwork: false } },
        taskRunSpecs: [
          {
            pipelineTaskName: 'a',
            serviceAccountName: 'other',
            podTemplate: { nodeSelector: { a: 'b' } },
            stepSpecs: [{ name: 's', computeResources: limits }],
            sidecarSpecs: [],
            computeResources: limits,
            timeout: '5m',
          },
        ],
      },
      status: {
        results: [{ name: 'r', value: 'v' }],
        pipelineSpec: { tasks: [{ name: 'a', taskSpec: { steps: [newStep] } }] },
      },
    },
  ],
] as const)('%s', (kind, old, now) => {
  expect(v1beta1[kind].toStored({ metadata, ...old })).toEqual({ metadata, ...now });
  expect(v1beta1[kind].fromStored({ apiVersion: '', kind: '', metadata, ...now })).toMatchObject({ metadata, ...old });
});

test('the one timeout of a PipelineRun is that of the whole', () => {
  expect(v1beta1.pipelineRun.toStored({ metadata, spec: { timeout: '5m' } })).toEqual({
    metadata,
    spec: { timeouts: { pipeline: '5m' } },
  });
});

describe('fields of steps that say nothing any more', () => {
  const probe = { httpGet: { port: 80 } };
  const annotation = 'tekton.dev/v1beta1.task-deprecations';

  test('are kept for those who read it as v1beta1 again, in Tekton’s annotation', () => {
    const old = {
      metadata: { ...metadata, annotations: { mine: 'yes' } },
      spec: {
        steps: [{ image: 'i', ports: [{ containerPort: 1 }], tty: true, stdin: false }, { image: 'j' }],
        stepTemplate: { name: 'n', image: 'k', livenessProbe: probe },
      },
    };
    const stored = v1beta1.task.toStored(old) as never as { metadata: { annotations: Record<string, string> } };
    expect(stored).toMatchObject({
      spec: { steps: [{ image: 'i' }, { image: 'j' }], stepTemplate: { image: 'k' } },
    });
    expect(JSON.stringify((stored as unknown as { spec: object }).spec)).not.toMatch(/ports|tty|Probe|"n"/);
    expect(JSON.parse(stored.metadata.annotations[annotation]!)).toEqual({
      x: {
        deprecatedSteps: [
          { name: '', ports: [{ containerPort: 1 }], tty: true, resources: {} },
          { name: '', resources: {} },
        ],
        deprecatedStepTemplate: { name: 'n', livenessProbe: probe, resources: {} },
      },
    });
    const { stdin: _nothing, ...first } = old.spec.steps[0]!;
    expect(v1beta1.task.fromStored(stored as never)).toEqual({
      ...old,
      spec: { ...old.spec, steps: [first, old.spec.steps[1]] },
    });
  });

  test('by pipeline task; they go where the steps are others by now', () => {
    const step = (fields: object) => ({ taskSpec: { steps: [{ image: 'i', ...fields }] } });
    const stored = v1beta1.pipelineRun.toStored({
      metadata: { generateName: 'x-' },
      spec: {
        pipelineSpec: {
          tasks: [{ name: 'a', ...step({ tty: true }) }],
          finally: [{ name: 'b', ...step({ stdin: true }) }],
        },
      },
    }) as never as { metadata: object; spec: { pipelineSpec: { tasks: object[] } } };
    const { tasks } = stored.spec.pipelineSpec;
    const changed = { ...stored, spec: { pipelineSpec: { tasks: [{ ...tasks[0], taskSpec: { steps: [] } }] } } };
    expect(v1beta1.pipelineRun.fromStored(changed as never)).toMatchObject({
      metadata: { annotations: { [annotation]: expect.stringContaining('"b"') } },
      spec: { pipelineSpec: { tasks: [{ name: 'a', taskSpec: { steps: [] } }] } },
    });
  });

  test('of a run whose name was yet to be made up', () => {
    const old = { metadata: { generateName: 'x-' }, spec: { taskSpec: { steps: [{ image: 'i', tty: true }] } } };
    const stored = v1beta1.taskRun.toStored(old) as { metadata: object };
    const named = { ...stored, metadata: { ...stored.metadata, name: 'x-abc' } };
    expect(v1beta1.taskRun.fromStored(named as never)).toMatchObject({ spec: old.spec });
  });
});

describe('what v1 cannot say', () => {
  test.each([
    ['task', { resources: { inputs: [{ name: 'source', type: 'git' }] } }, 'spec.resources'],
    ['taskRun', { resources: { outputs: [{ name: 'o' }] } }, 'spec.resources'],
    ['taskRun', { taskRef: { name: 't', bundle: 'example.com/b' } }, 'spec.taskRef.bundle'],
    ['taskRun', { taskSpec: { resources: { inputs: [{ name: 'i' }] } } }, 'spec.taskSpec.resources'],
    ['pipeline', { resources: [{ name: 'r', type: 'git' }] }, 'spec.resources'],
    [
      'pipeline',
      { tasks: [{ name: 'a', resources: { inputs: [{ name: 'i' }] } }, { taskRef: { bundle: 'b' } }] },
      'spec.tasks[0].resources, spec.tasks[1].taskRef.bundle',
    ],
    [
      'pipelineRun',
      { resources: [{ name: 'r' }], pipelineRef: { bundle: 'b' } },
      'spec.pipelineRef.bundle, spec.resources',
    ],
    ['pipelineRun', { timeout: '1m', timeouts: { tasks: '1m' } }, 'spec.timeout, spec.timeouts'],
  ] as const)('%s %j', (kind, spec, fields) => {
    expect(() => v1beta1[kind].toStored({ metadata, spec })).toThrow(
      `admission webhook "validation.webhook.pipeline.tekton.dev" denied the request: validation failed: must not set the field(s): ${fields}`,
    );
  });

  test('as Go writes what is not there it goes', () => {
    const spec = { resources: { inputs: [] }, taskRef: { name: 't', bundle: '' } };
    expect(v1beta1.taskRun.toStored({ metadata, spec })).toEqual({ metadata, spec: { taskRef: { name: 't' } } });
    expect(v1beta1.pipelineRun.toStored({ metadata, spec: { timeout: null, resources: null } })).toEqual({
      metadata,
      spec: {},
    });
  });

  test.each([[{}], [{ spec: 7 }], [{ spec: { steps: 'no', tasks: [3, null], taskRunSpecs: {} }, metadata: 'no' }]])(
    'what is no such object at all stays as it is: %j',
    (body) => {
      for (const { toStored } of Object.values(v1beta1)) expect(toStored(body)).toEqual(body);
    },
  );
});
