import { describe, expect, test } from 'vitest';
import type { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { readyTasks, statusFromChildren, tasksOf } from '../../../src/tekton/pipeline-run/pipeline-run-plan.ts';

const task = (name: string, ...runAfter: string[]) => ({ name, runAfter, taskSpec: { steps: [{ image: 'i' }] } });
const run = (tasks: readonly ReturnType<typeof task>[], status?: string): PipelineRun => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'PipelineRun',
  metadata: { name: 'run', namespace: 'dev' },
  spec: { pipelineSpec: { tasks }, ...(status === undefined ? {} : { status }) },
});
type Outcome = 'True' | 'False' | 'Unknown' | 'TaskRunCancelled';
const child = (outcome: Outcome): TaskRun => ({
  apiVersion: 'tekton.dev/v1',
  kind: 'TaskRun',
  metadata: { name: 'child' },
  spec: {},
  status: {
    conditions: [
      outcome === 'TaskRunCancelled'
        ? { type: 'Succeeded', status: 'False', reason: 'TaskRunCancelled' }
        : { type: 'Succeeded', status: outcome },
    ],
  },
});
const children = (outcomes: Record<string, Outcome>) =>
  new Map(Object.entries(outcomes).map(([name, outcome]) => [name, child(outcome)]));
const diamond = [task('a'), task('b', 'a'), task('c', 'a'), task('d', 'b', 'c')];

describe('which tasks may start', () => {
  test.each<[string, Record<string, Outcome>, string[]]>([
    ['nothing has run', {}, ['a']],
    ['a runs', { a: 'Unknown' }, []],
    ['a is done', { a: 'True' }, ['b', 'c']],
    ['b is done, c runs', { a: 'True', b: 'True', c: 'Unknown' }, []],
    ['b and c are done', { a: 'True', b: 'True', c: 'True' }, ['d']],
    ['b failed', { a: 'True', b: 'False' }, []],
  ])('%s', (_, outcomes, ready) => {
    expect(readyTasks(run(diamond), diamond, children(outcomes)).map(({ name }) => name)).toEqual(ready);
  });

  test('nothing once it is cancelled', () => {
    expect(readyTasks(run(diamond, 'Cancelled'), diamond, children({ a: 'True' }))).toEqual([]);
  });
});

describe('the condition', () => {
  test.each<[string, string | undefined, Record<string, Outcome>, string, string]>([
    ['nothing yet', undefined, {}, 'Unknown', 'Started'],
    ['running', undefined, { a: 'Unknown' }, 'Unknown', 'Running'],
    ['between tasks', undefined, { a: 'True' }, 'Unknown', 'Running'],
    ['all done', undefined, { a: 'True', b: 'True', c: 'True', d: 'True' }, 'True', 'Succeeded'],
    ['failed while another runs', undefined, { a: 'True', b: 'False', c: 'Unknown' }, 'Unknown', 'Running'],
    ['failed', undefined, { a: 'True', b: 'False', c: 'True' }, 'False', 'Failed'],
    ['cancelled', 'Cancelled', { a: 'TaskRunCancelled' }, 'False', 'Cancelled'],
    ['cancelled before it began', 'Cancelled', {}, 'False', 'Cancelled'],
    ['cancelled while it still ends', 'Cancelled', { a: 'Unknown' }, 'Unknown', 'Running'],
  ])('%s', (_, status, outcomes, expected, reason) => {
    const [condition] =
      statusFromChildren(run(diamond, status), diamond, children(outcomes), '2026-01-01T00:00:00Z').conditions ?? [];
    expect(condition).toMatchObject({ type: 'Succeeded', status: expected, reason });
  });
});

describe('refused', () => {
  test('a cycle, naming its tasks', () => {
    expect(() => tasksOf(run([task('a', 'b'), task('b', 'a')]))).toThrow(/a, b/);
  });
  test('running after a task that does not exist', () => {
    expect(() => tasksOf(run([task('a', 'x')]))).toThrow(/"x", which does not exist/);
  });
});
