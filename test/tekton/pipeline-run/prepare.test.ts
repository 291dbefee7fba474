import { expect, test } from 'vitest';
import type { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import type { PipelineTask } from '../../../src/resources/tekton/pipeline-spec.ts';
import { preparePipeline } from '../../../src/tekton/pipeline-run/prepare.ts';
import { resolveIn } from '../../../src/tekton/pipeline-run/results.ts';
import type { ChildRun } from '../../../src/tekton/pipeline-run/types.ts';

const run: PipelineRun = {
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  metadata: { name: 'run', namespace: 'dev' },
  spec: { params: [{ name: 'word', value: 'the run’s' }] },
};
const script = (task: Partial<PipelineTask>, text = '$(params.word)') => {
  const steps = [{ name: 's', image: 'i', script: text }];
  const spec = { params: [{ name: 'word' }], tasks: [{ name: 't', taskSpec: { steps }, ...task }] };
  return preparePipeline(run, spec, 'run').tasks?.[0]?.taskSpec?.steps?.[0]?.script;
};
const own = (value: string) => ({ params: [{ name: 'word', value }] });

test('an embedded task has the run’s params, else its own, filled in', () => {
  expect(script({})).toBe('the run’s');
  expect(script(own('the task’s'))).toBe('the task’s');
  expect(script(own('after $(params.word)'))).toBe('after the run’s');
});

test('what the value of a param says of the run is filled in', () => {
  const of = { ...run, spec: { params: [{ name: 'word', value: 'app:$(context.pipelineRun.name)' }] } };
  const params = [{ name: 'image', value: '$(params.word)' }];
  const spec = { params: [{ name: 'word' }], tasks: [{ name: 't', taskRef: { name: 't' }, params }] };
  expect(preparePipeline(of, spec, 'run').tasks?.[0]?.params).toEqual([{ name: 'image', value: 'app:run' }]);
});

test('what a step gives to its StepAction may be a whole list or object of the run', () => {
  const given = [
    { name: 'list', value: ['a', 'b'] },
    { name: 'object', value: { k: 'v' } },
  ];
  const params = [
    { name: 'l', value: '$(params.list[*])' },
    { name: 'o', value: '$(params.object[*])' },
    { name: 't', value: 'first $(params.list[0])' },
  ];
  const steps = [{ name: 's', ref: { name: 'act' }, params }];
  const spec = { tasks: [{ name: 't', taskSpec: { steps } }] };
  const prepared = preparePipeline({ ...run, spec: { params: given } }, spec, 'run');
  expect(prepared.tasks?.[0]?.taskSpec?.steps?.[0]?.params).toEqual([
    { name: 'l', value: ['a', 'b'] },
    { name: 'o', value: { k: 'v' } },
    { name: 't', value: 'first a' },
  ]);
});

test('what is a result yet, or only the task’s own, is left to its run', () => {
  expect(script(own('$(tasks.other.results.r)'))).toBe('$(params.word)');
  expect(script({ params: [{ name: 'more', value: 'x' }] }, '$(params.more)')).toBe('$(params.more)');
});

test('an artifact’s values are JSON in the order of their names', () => {
  const values = [{ uri: 'pkg:x', digest: { sha256: 'b', sha1: 'a' } }];
  const done = {
    kind: 'TaskRun',
    metadata: { name: 'run-t' },
    status: {
      conditions: [{ type: 'Succeeded', status: 'True' }],
      artifacts: { outputs: [{ name: 'image', values }] },
    },
  } as unknown as ChildRun;
  const states = new Map([['t', { task: { name: 't' }, isFinally: false, runs: [done] }]]);
  expect(resolveIn('$(tasks.t.outputs.image)', states).variables.get('tasks.t.outputs.image')).toBe(
    '[{"digest":{"sha1":"a","sha256":"b"},"uri":"pkg:x"}]',
  );
});

test('of a result that has not what is asked for it is said what', () => {
  const results = [
    { name: 'o', type: 'object', value: { k: 'v' } },
    { name: 'l', type: 'array', value: ['a'] },
  ];
  const done = {
    kind: 'TaskRun',
    metadata: { name: 'run-t' },
    status: { conditions: [{ type: 'Succeeded', status: 'True' }], results },
  } as unknown as ChildRun;
  const states = new Map([['t', { task: { name: 't' }, isFinally: false, runs: [done] }]]);
  const missing = (text: string) => resolveIn(text, states).missing.map(({ kind, message }) => [kind, message]);
  expect(resolveIn('$(tasks.t.results.o.k)', states)).toMatchObject({ missing: [] });
  expect(missing('$(tasks.t.results.o.z)')).toEqual([['key', 'the result "o" of task "t" has no key "z"']]);
  expect(missing('$(tasks.t.results.l[3])')).toMatchObject([
    ['index', expect.stringContaining('out of bound of size 1')],
  ]);
  expect(missing('$(tasks.t.results.none)')).toMatchObject([['result', expect.stringContaining('with name none')]]);
});
