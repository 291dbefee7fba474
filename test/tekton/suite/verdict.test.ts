import { expect, test } from 'vitest';
import { faultOf, type Run } from './verdict.ts';

const run = (kind: string, status: object, reason = 'Succeeded') =>
  ({
    kind,
    metadata: { name: 'it' },
    status: {
      conditions: [{ type: 'Succeeded', status: reason === 'Succeeded' ? 'True' : 'False', reason }],
      ...status,
    },
  }) as unknown as Run;
const ended = { terminated: { exitCode: 0 } };
const pipelineSpec = { tasks: [{ name: 'a' }, { name: 'b' }], finally: [{ name: 'c' }] };
const ran = (...names: readonly string[]) => names.map((pipelineTaskName) => ({ pipelineTaskName }));

test.each([
  ['all steps ended', run('TaskRun', { taskSpec: { steps: [{}] }, steps: [ended] }), undefined],
  ['it failed', run('TaskRun', {}, 'StepFailed'), 'TaskRun it: StepFailed'],
  ['a step is unknown', run('TaskRun', { taskSpec: { steps: [{}, {}] }, steps: [ended] }), '1 of 2 steps'],
  ['nobody knows what ran', run('TaskRun', {}), 'does not say what was run'],
  [
    'all tasks ran, or were skipped',
    run('PipelineRun', { pipelineSpec, childReferences: ran('a', 'c'), skippedTasks: [{ name: 'b' }] }),
    undefined,
  ],
  ['a task is unknown', run('PipelineRun', { pipelineSpec, childReferences: ran('a', 'c') }), 'nothing is known of b'],
  [
    'every task was skipped',
    run('PipelineRun', { pipelineSpec, skippedTasks: ['a', 'b', 'c'].map((name) => ({ name })) }),
    'nothing of it ran',
  ],
  ['nobody knows what a pipeline ran', run('PipelineRun', {}), 'does not say what was run'],
])('%s', (_name, object, fault) => {
  if (fault === undefined) expect(faultOf(object)).toBeUndefined();
  else expect(faultOf(object)).toContain(fault);
});
