/** Rules of Pipelines and StepActions, one case each. */

import { expect, test } from 'vitest';
import { Pipeline } from '../../../src/resources/tekton/pipeline.ts';
import { StepAction } from '../../../src/resources/tekton/step-action.ts';
import { pipelineTask, step, useServer } from './refused.ts';

const server = useServer([Pipeline, StepAction]);
const task = (name: string, changes: object = {}) => ({ name, taskRef: { name: 'a' }, ...changes });
const one = (changes: object) => ({ tasks: [task('a', changes)] });
const params = (...values: readonly unknown[]) => values.map((value, index) => ({ name: `p${index}`, value }));
const producer = { name: 'p', taskSpec: { results: [{ name: 'r' }], steps: [step] } };
const matrix = { params: [{ name: 'm', value: ['1', '2'] }] };
const label = 'For more info refer to https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names';
const sources = 'spec.tasks[0].taskRef, spec.tasks[0].taskSpec, spec.tasks[0].pipelineRef, spec.tasks[0].pipelineSpec'
  .split(', ')
  .sort()
  .join(', ');

test.each([
  [
    'nothing',
    {},
    'expected at least one, got none: spec.description, spec.params, spec.resources, spec.tasks, spec.workspaces',
  ],
  [
    'a task whose name is none',
    { tasks: [task('No_Name')] },
    `invalid value "No_Name": spec.tasks[0].name\nPipeline Task name must be a valid DNS Label.${label}`,
  ],
  [
    'two tasks of one name',
    { tasks: [task('a')], finally: [task('a')] },
    'expected exactly one, got both: spec.finally[0].name',
  ],
  ['a task of nothing', { tasks: [{ name: 'a' }] }, `expected exactly one, got neither: ${sources}`],
  [
    'a task of two things',
    one({ taskSpec: { steps: [step] } }),
    'expected exactly one, got multiple: spec.tasks[0].taskRef, spec.tasks[0].taskSpec',
  ],
  ['a reference to nothing', one({ taskRef: {} }), 'missing field(s): spec.tasks[0].taskRef.name'],
  [
    'an embedded Task without steps',
    { tasks: [{ name: 'a', taskSpec: {} }] },
    'missing field(s): spec.tasks[0].taskSpec.steps',
  ],
  [
    'steps of a custom task',
    { tasks: [{ name: 'a', taskSpec: { apiVersion: 'x.dev/v1', kind: 'X', steps: [step] } }] },
    'taskSpec.apiVersion cannot be specified when using taskSpec.steps: spec.tasks[0].taskSpec.apiVersion\ntaskSpec.kind cannot be specified when using taskSpec.steps: spec.tasks[0].taskSpec.kind',
  ],
  [
    'a custom task without an apiVersion',
    one({ taskRef: { kind: 'X' } }),
    'invalid value: custom task ref must specify apiVersion: spec.tasks[0].taskRef.apiVersion',
  ],
  [
    'a custom task of no group',
    one({ taskRef: { apiVersion: 'v1', kind: 'X' } }),
    'invalid value: invalid apiVersion format "v1", must be in the format "group/version": spec.tasks[0].taskRef.apiVersion',
  ],
  [
    'an embedded custom task without a kind',
    { tasks: [{ name: 'a', taskSpec: { apiVersion: 'x.dev/v1', spec: {} } }] },
    'invalid value: custom task spec must specify kind: spec.tasks[0].taskSpec.kind',
  ],
  [
    'another onError',
    one({ onError: 'retry' }),
    'invalid value: retry: spec.tasks[0].OnError\nPipelineTask OnError must be either "continue" or "stopAndFail"',
  ],
  [
    'onError with retries',
    one({ onError: 'continue', retries: 1 }),
    'PipelineTask OnError cannot be set to "continue" when Retries is greater than 0: spec.tasks[0]',
  ],
  [
    'a cycle',
    { tasks: [task('a', { runAfter: ['b'] }), task('b', { runAfter: ['a'] })] },
    'invalid value: cycle detected; task "a" depends on "b": spec.tasks',
  ],
  [
    'a task after one that there is not',
    one({ runAfter: ['x'] }),
    "invalid value: couldn't add link between a and x: task a depends on x but x wasn't present in Pipeline: spec.tasks",
  ],
  [
    'a result of a task that there is not',
    one({ params: params('$(tasks.x.results.r)') }),
    "invalid value: couldn't add link between a and x: task a depends on x but x wasn't present in Pipeline: spec.tasks",
  ],
  [
    'a param of no type',
    { params: [{ name: 'p', type: 'number' }], tasks: [pipelineTask] },
    'invalid value: number: spec.finally.params.p.type, spec.tasks.params.p.type',
  ],
  [
    'a param twice',
    { params: [{ name: 'p' }, { name: 'p' }], tasks: [pipelineTask] },
    'parameter appears more than once: spec.finally.params[p], spec.tasks.params[p]',
  ],
  [
    'a task that gets a param twice',
    one({
      params: [
        { name: 'p', value: '1' },
        { name: 'p', value: '2' },
      ],
    }),
    'parameter names must be unique, the parameter "p" is also defined at: spec.tasks[0].params[1].name',
  ],
  [
    'a param that is not declared',
    one({ params: params('$(params.x)') }),
    'non-existent variable in "$(params.x)": spec.tasks[0].params[p0]',
  ],
  [
    'a param that is not declared, in a list',
    one({ params: params(['a', '$(params.x)']) }),
    'non-existent variable in "$(params.x)": spec.tasks[0].params[p0].value[1]',
  ],
  [
    'a param that is not declared, in an object',
    one({ params: params({ k: '$(params.x)' }) }),
    'non-existent variable in "$(params.x)": spec.tasks[0].params[p0].properties[k]',
  ],
  [
    'a param that is not declared, in a matrix',
    one({ matrix: { params: [{ name: 'm', value: ['$(params.x)'] }] } }),
    'non-existent variable in "$(params.x)": spec.tasks[0].matrix.params[m].value[0]',
  ],
  [
    'a param that is not declared, in a step',
    { tasks: [{ name: 'a', taskSpec: { steps: [{ ...step, script: '$(params.x)' }] } }] },
    'non-existent variable in "$(params.x)": spec.tasks[0].steps[0].script',
  ],
  [
    'a list in a text',
    { params: [{ name: 'l', type: 'array' }], tasks: [task('a', { params: params('x $(params.l[*])') })] },
    'variable type invalid in "x $(params.l[*])": spec.tasks[0].params[p0]',
  ],
  [
    'a list that is not alone in a list',
    { params: [{ name: 'l', type: 'array' }], tasks: [task('a', { params: params(['x $(params.l[*])']) })] },
    'variable is not properly isolated in "x $(params.l[*])": spec.tasks[0].params[p0].value[0]',
  ],
  [
    'a param that is not declared, in when',
    one({ when: [{ input: '$(params.x)', operator: 'in', values: ['$(params.y)'] }] }),
    'non-existent variable in "$(params.x)": spec.tasks[0].when[0].input\nnon-existent variable in "$(params.y)": spec.tasks[0].when[0].values',
  ],
  ['an empty when', one({ when: [{}] }), 'missing field(s): spec.tasks[0].when[0]'],
  [
    'when with another operator',
    { tasks: [pipelineTask], finally: [task('f', { when: [{ input: 'a', operator: 'is', values: ['a'] }] })] },
    'invalid value: operator "is" is not recognized. valid operators: in,notin: spec.finally[0].when[0]',
  ],
  [
    'a variable of the run that there is not',
    one({ params: params('$(context.pipelineRun.age)') }),
    'non-existent variable in "$(context.pipelineRun.age)": spec.tasks.value',
  ],
  [
    'a status of a task, in a task',
    { tasks: [task('a'), task('b', { params: params('$(tasks.a.status)') })] },
    'invalid value: pipeline tasks can not refer to execution status of any other pipeline task or aggregate status of tasks: spec.tasks[1].params[p0].value',
  ],
  [
    'a status of a task that there is not',
    { tasks: [pipelineTask], finally: [task('f', { params: params('$(tasks.x.status)') })] },
    'invalid value: pipeline task x is not defined in the pipeline: spec.finally[0].params[p0].value',
  ],
  [
    'two workspaces of one name',
    { workspaces: [{ name: 'w' }, { name: 'w' }], tasks: [pipelineTask] },
    'invalid value: workspace with name "w" appears more than once: spec.workspaces[1]',
  ],
  [
    'a workspace without a name',
    { workspaces: [{ name: '' }], tasks: [pipelineTask] },
    'invalid value: workspace 0 has empty name: spec.workspaces[0]',
  ],
  [
    'a workspace that there is not',
    one({ workspaces: [{ name: 'w', workspace: 'x' }] }),
    'invalid value: pipeline task "a" expects workspace with name "x" but none exists in pipeline spec: spec.tasks[0].workspaces[0]',
  ],
  [
    'a workspace that a task gets twice',
    { workspaces: [{ name: 'w' }], tasks: [task('a', { workspaces: [{ name: 'w' }, { name: 'w' }] })] },
    'workspace name "w" must be unique: spec.tasks[0].workspaces[1]',
  ],
  [
    'a result that is text',
    { results: [{ name: 'r', value: 'x' }], tasks: [pipelineTask] },
    'invalid value: expected pipeline results to be task result expressions but an invalid expressions was found: spec.results[0].value\ninvalid value: expected pipeline results to be task result expressions but no expressions were found: spec.results[0].value\ninvalid value: referencing a nonexistent task: spec.results[0].value',
  ],
  [
    'a result of a task that there is not, of the Pipeline',
    { results: [{ name: 'r', value: '$(tasks.x.results.r)' }], tasks: [pipelineTask] },
    'invalid value: referencing a nonexistent task: spec.results[0].value',
  ],
  [
    'finally without tasks',
    { finally: [task('f')] },
    'invalid value: spec.tasks is empty but spec.finally has 1 tasks: spec.finally',
  ],
  [
    'runAfter of a finally task',
    { tasks: [pipelineTask], finally: [task('f', { runAfter: ['a'] })] },
    'invalid value: no runAfter allowed under spec.finally, final task f has runAfter specified: spec.finally[0]',
  ],
  [
    'a result of a finally task in another',
    { tasks: [pipelineTask], finally: [task('f'), task('g', { params: params('$(tasks.f.results.r)') })] },
    'invalid value: invalid task result reference, final task has task result reference from a final task f: spec.finally[1].params[p0].value',
  ],
  [
    'a result of no task in a finally task',
    { tasks: [pipelineTask], finally: [task('f', { params: params('$(tasks.x.results.r)') })] },
    'invalid value: invalid task result reference, final task has task result reference from a task x which is not defined in the pipeline: spec.finally[0].params[p0].value',
  ],
  [
    'a matrix of too many combinations',
    one({ matrix: { params: [{ name: 'm', value: Array.from({ length: 257 }, String) }] } }),
    'expected 0 <= 257 <= 256: spec.tasks[0].matrix',
  ],
  [
    'a matrix with a param twice',
    one({ matrix: { params: [...matrix.params, ...matrix.params] } }),
    'parameter names must be unique, the parameter "m" is also defined at: spec.tasks[0].matrix.params[1].name',
  ],
  [
    'a param in the matrix and beside it',
    one({ matrix, params: [{ name: 'm', value: 'x' }] }),
    'expected exactly one, got both: spec.tasks[0].matrix[m], spec.tasks[0].params[m]',
  ],
  [
    'a single result of a matrix',
    { tasks: [{ ...producer, matrix }, task('b', { params: params('$(tasks.p.results.r)') })] },
    'A matrixed pipelineTask can only be consumed in aggregate using [*] notation, but is currently set to tasks.p.results.r: spec.tasks',
  ],
  [
    'lists as results of a matrix',
    {
      tasks: [
        { name: 'p', matrix, taskSpec: { results: [{ name: 'r', type: 'array' }], steps: [step] } },
        task('b', { params: params('$(tasks.p.results.r[*])') }),
      ],
    },
    'invalid value: Matrixed PipelineTasks emitting results must have an underlying type string, but result r has type array in pipelineTask: spec.tasks',
  ],
  [
    'a shell’s variable',
    one({ params: params('$(HOME)') }),
    'invalid value: invalid variable reference "$(HOME)", must start with a valid prefix: params, tasks, finally, context, workspaces, or results; if you meant a shell variable, use ${VAR} instead: spec.tasks[0].params[p0].value',
  ],
])('a Pipeline with %s is refused', async (_what, spec, expected) => {
  expect(await server.refusal(Pipeline, spec)).toBe(expected);
});

test.each([
  ['order by results', { tasks: [producer, task('b', { params: params('$(tasks.p.results.r)') })] }],
  [
    'a matrix of results',
    { tasks: [{ ...producer, matrix }, task('b', { params: params('$(tasks.p.results.r[*])') })] },
  ],
  [
    'statuses in finally',
    { tasks: [pipelineTask], finally: [task('f', { params: params('$(tasks.status)', '$(tasks.a.reason)') })] },
  ],
  ['a custom task', one({ taskRef: { apiVersion: 'x.dev/v1', kind: 'X' } })],
  ['a Pipeline inside', { tasks: [{ name: 'p', pipelineSpec: { tasks: [producer] } }] }],
  [
    'a result of a finally task',
    { results: [{ name: 'r', value: '$(finally.f.results.r)' }], tasks: [pipelineTask], finally: [task('f')] },
  ],
  [
    'a whole list',
    { params: [{ name: 'l', type: 'array' }], tasks: [task('a', { params: params('$(params.l[*])') })] },
  ],
])('a Pipeline with %s is taken', async (_what, spec) => {
  await server.taken(Pipeline, spec);
});

test.each([
  ['no image', { script: 'x' }, 'missing field(s): spec.Image'],
  [
    'script and command',
    { image: 'x', script: 'x', command: ['x'] },
    'script cannot be used with command: spec.script',
  ],
  [
    'a param in its script',
    { image: 'x', params: [{ name: 'p' }], script: '$(params.p)' },
    'param substitution in scripts is not allowed.: spec.script',
  ],
  [
    'a param that is not declared',
    { image: 'x', args: ['$(params.p)'] },
    'non-existent variable in "$(params.p)": spec.args[0]',
  ],
  [
    'a result that is not declared',
    { image: 'x', script: '$(step.results.r.path)' },
    'non-existent variable in "$(step.results.r.path)": spec.script',
  ],
  [
    'a result of no type',
    { image: 'x', results: [{ name: 'r', type: 'number' }] },
    'invalid value: number: spec.results[0].type\ninvalid type number',
  ],
  [
    'a volume by its name',
    { image: 'x', volumeMounts: [{ name: 'v', mountPath: '/v' }] },
    'invalid value: v: spec.volumeMounts[0].name\nexpect the Name to be a single param reference',
  ],
])('a StepAction with %s is refused', async (_what, spec, expected) => {
  expect(await server.refusal(StepAction, spec)).toBe(expected);
});

test('a Pipeline within one is checked as the outer one is', async () => {
  const within = (tasks: unknown) => one({ taskRef: undefined, pipelineSpec: { tasks } });
  const made = (spec: unknown) =>
    server.api.create(
      Pipeline,
      'default',
      { metadata: { name: 'x' }, spec },
      { caller: { user: 'test', groups: [] }, dryRun: true },
    );
  await expect(made(within('none'))).rejects.toMatchObject({ code: 422 });
  await expect(made(within([{ name: 'b', taskSpec: { steps: [{ image: -1 }] } }]))).rejects.toThrow(
    'spec.tasks[0].pipelineSpec.tasks[0].taskSpec.steps[0].image in body must be of type string',
  );
  const { spec } = (await made(within([{ name: 'b', taskRef: { name: 'a' }, timeout: null, when: null }]))) as {
    spec?: unknown;
  };
  expect(spec).toEqual(within([{ name: 'b', taskRef: { name: 'a', kind: 'Task' } }]));
});

test('a result in a field of a step in which Tekton does not look for it makes no order', async () => {
  const shown = {
    ...step,
    displayName: '$(tasks.none.results.r)',
    when: [{ input: '$(tasks.none.results.r)', operator: 'in', values: ['a'] }],
  };
  await server.taken(Pipeline, { tasks: [{ name: 'a', taskSpec: { steps: [shown] } }] });
});
