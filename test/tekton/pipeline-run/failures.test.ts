/** PipelineRuns that cannot run: Tekton's reason and message, and the Pipeline in the status; nothing is made. */

import { expect, test } from 'vitest';
import { conditionOf } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { Task } from '../../../src/resources/tekton/task.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { PipelineRunController } from '../../../src/tekton/pipeline-run/pipeline-run-controller.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi } from '../../support/local-api.ts';

const namespace = 'dev';
const steps = [{ name: 's', image: 'i', script: 'true' }];
const taskSpec = { steps };
const shown = (text: string) => ({ taskSpec: { steps: [{ name: 's', image: 'i', script: text }] } });

/** One look at a run of `pipelineSpec`. */
async function lookAt(spec: object) {
  const { client, close } = startLocalApi();
  await client.create(Namespace, { metadata: { name: namespace } });
  const params = [{ name: 'p', enum: ['a', 'b'] }];
  await client.create(Task, { metadata: { namespace, name: 'ab' }, spec: { params, steps } as never });
  await client.create(PipelineRun, { metadata: { namespace, name: 'run' }, spec: spec as never });
  const controller = new PipelineRunController({ client, clock: new FakeClock() });
  for (let look = 0; look < 3; look++) await controller.reconcile({ namespace, name: 'run' });
  const { status } = await client.get(PipelineRun, { namespace, name: 'run' });
  const made = (await client.list(TaskRun, { namespace })).items.length;
  await close();
  const { reason, message } = conditionOf({ ...(status === undefined ? {} : { status }) }, 'Succeeded')!;
  return { reason, message, made, pipelineSpec: status?.pipelineSpec };
}

const ab = { name: 't', taskRef: { name: 'ab' }, params: [{ name: 'p', value: '$(params.x)' }] };

test.each([
  [
    'a param is missing',
    { params: [{ name: 'x' }], tasks: [{ name: 't', ...shown('$(params.x)') }] },
    'ParameterMissing',
    '[User error] PipelineRun dev/run is missing some parameters required by Pipeline dev/run: pipelineRun missing parameters: [x]',
  ],
  [
    'a workspace is missing',
    { workspaces: [{ name: 'w' }], tasks: [{ name: 't', taskSpec }] },
    'InvalidWorkspaceBindings',
    '[User error] PipelineRun dev/run doesn\'t bind Pipeline dev/run\'s Workspaces correctly: pipeline requires workspace with name "w" be provided by pipelinerun',
  ],
  [
    'defaults refer to each other',
    {
      params: [
        { name: 'x', default: '$(params.y)' },
        { name: 'y', default: '$(params.x)' },
      ],
      tasks: [{ name: 't', ...shown('$(params.x)') }],
    },
    'PipelineValidationFailed',
    '[User error] Failed to apply parameters to Pipeline dev/run: parameter resolution failed: circular dependency detected in param "params.x"',
  ],
  [
    'a default refers to nothing',
    { params: [{ name: 'x', default: '$(params.no)' }], tasks: [{ name: 't', ...shown('$(params.x)') }] },
    'PipelineValidationFailed',
    '[User error] Failed to apply parameters to Pipeline dev/run: parameter resolution failed: param "params.x" references undefined param "params.no"',
  ],
  [
    'a param may be more than its Task takes',
    { params: [{ name: 'x', default: 'a', enum: ['a', 'c'] }], tasks: [ab] },
    'PipelineValidationFailed',
    '[User error] Validation failed for pipelinerun with error pipeline param "x" enum: [a c] is not a subset of the referenced in "ab" task param enum: [a b]',
  ],
  [
    'a param may be anything, which its Task does not take',
    { params: [{ name: 'x', default: 'a' }], tasks: [ab] },
    'PipelineValidationFailed',
    '[User error] Validation failed for pipelinerun with error pipeline param "x" has no enum, but referenced in "ab" task has enums: [a b]',
  ],
  [
    'what is to be done about failures is nothing known',
    { params: [{ name: 'x', default: 'maybe' }], tasks: [{ name: 't', taskSpec, onError: '$(params.x)' }] },
    'PipelineValidationFailed',
    '[User error] Pipeline dev/run can\'t be Run; it has an invalid spec: invalid value: maybe: OnError\nPipelineTask OnError must be either "continue" or "stopAndFail"',
  ],
  [
    'an object lacks a key that its task needs',
    {
      tasks: [
        {
          name: 't',
          taskSpec: { steps, params: [{ name: 'o', type: 'object', properties: { k: {}, j: {} } }] },
          params: [{ name: 'o', value: { k: 'v' } }],
        },
      ],
    },
    'PipelineValidationFailed',
    "[User error] Validation failed for pipelinerun run with error invalid input params for task : missing keys for these params which are required in ParamSpec's properties map[o:[j]]",
  ],
  [
    'a step uses a workspace that nobody binds',
    { tasks: [{ name: 't', ...shown('$(workspaces.w.path)') }] },
    'CreateRunFailed',
    'expected workspace "w" to be provided by pipelinerun for pipeline task "t"',
  ],
  [
    'a value that its Task does not allow',
    { tasks: [{ ...ab, params: [{ name: 'p', value: 'z' }] }] },
    'InvalidParamValue',
    '[User error] Invalid param value from PipelineTask "t": param `p` value: z is not in the enum list',
  ],
  [
    'a combination that its embedded Task does not allow',
    {
      tasks: [
        {
          name: 't',
          taskSpec: { steps, params: [{ name: 'p', enum: ['a'] }] },
          matrix: { params: [{ name: 'p', value: ['a', 'b'] }] },
        },
      ],
    },
    'InvalidParamValue',
    '[User error] Invalid param value from PipelineTask "t": param `p` value: b is not in the enum list',
  ],
  [
    'an expression of the second task cannot be evaluated',
    {
      params: [{ name: 'x', default: "it's" }],
      tasks: [
        { name: 't', taskSpec },
        { name: 'u', runAfter: ['t'], when: [{ cel: "'$(params.x)' == 'y'" }], taskSpec },
      ],
    },
    'CELEvaluationFailed',
    "[User error] Error evaluating CEL run: Unexpected character: 's'",
  ],
  [
    'a result that its task does not have',
    {
      tasks: [
        { name: 't', taskSpec },
        { name: 'u', ...shown('$(params.p)'), params: [{ name: 'p', value: '$(tasks.t.results.r)' }] },
      ],
    },
    'InvalidTaskResultReference',
    'invalid result reference in pipeline task "u": "r" is not a named result returned by pipeline task "t"',
  ],
])('%s', async (_what, pipelineSpec, reason, message) => {
  const { pipelineSpec: told, ...found } = await lookAt({ pipelineSpec });
  expect(found).toEqual({ reason, message, made: 0 });
  expect(told?.tasks?.map(({ name }) => name)).toEqual(pipelineSpec.tasks.map(({ name }) => name));
});

test('defaults may refer to given params, lists and each other; enums that are narrower, and texts of several, are fine', async () => {
  const { reason, made } = await lookAt({
    params: [{ name: 'given', value: '$(params.given)' }],
    pipelineSpec: {
      params: [
        { name: 'given' },
        { name: 'list', type: 'array', default: ['$(params.given)'] },
        { name: 'b', default: '$(params.given) $(params.list[0]) $(params.x)' },
        { name: 'x', default: 'a', enum: ['a'] },
        { name: 'none', default: '' },
      ],
      tasks: [ab, { ...ab, name: 'u', params: [{ name: 'p', value: '$(params.x)$(params.none)' }] }],
    },
  });
  expect({ reason, made }).toEqual({ reason: 'Running', made: 2 });
});

test('what a custom task’s controller reads is not touched; its params are filled in', async () => {
  const { pipelineSpec } = await lookAt({
    pipelineSpec: {
      params: [{ name: 'x', default: 'a' }],
      tasks: [
        {
          name: 't',
          params: [{ name: 'p', value: '$(params.x)' }],
          taskSpec: { apiVersion: 'example.dev/v1', kind: 'Own', spec: { text: '$(params.x)' } },
        },
      ],
    },
  });
  expect(pipelineSpec?.tasks?.[0]).toMatchObject({
    params: [{ name: 'p', value: 'a' }],
    taskSpec: { spec: { text: '$(params.x)' } },
  });
});
