import { expect, test } from 'vitest';
import type { PipelineTask } from '../../../src/resources/tekton/pipeline-spec.ts';
import { graphOf } from '../../../src/tekton/pipeline-run/graph.ts';
import { Progress } from '../../../src/tekton/pipeline-run/progress.ts';
import type { TaskState } from '../../../src/tekton/pipeline-run/task-state.ts';
import type { ChildRun } from '../../../src/tekton/pipeline-run/types.ts';

const ended: ChildRun = {
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name: 'run-silent' },
  spec: {},
  status: { conditions: [{ type: 'Succeeded', status: 'True' }] },
};

test.each([
  ['$(tasks.silent.results.r)$(tasks.skipped.results.r)', 'did not emit the result "r"', undefined],
  ['$(tasks.skipped.results.r)$(tasks.silent.results.r)', undefined, 'Results were missing'],
])('of several results that are missing the first decides: %s', (value, fault, skip) => {
  const tasks: readonly PipelineTask[] = [
    { name: 'skipped', when: [{ input: 'a', operator: 'in', values: ['b'] }] },
    { name: 'silent' },
    { name: 'needs', params: [{ name: 'p', value }] },
  ];
  const states = new Map(
    tasks.map((task): [string, TaskState] => [
      task.name,
      { task, isFinally: false, runs: task.name === 'silent' ? [ended] : [] },
    ]),
  );
  const isTimedOut = { pipeline: false, tasks: false, finally: false };
  const progress = Progress.of({ states, graph: graphOf(tasks), wish: '', isTimedOut });
  expect(progress.skipOf(states.get('needs')!)).toBe(skip);
  expect(progress.invalid.get('needs')).toEqual(fault === undefined ? undefined : expect.stringContaining(fault));
});
