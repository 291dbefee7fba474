import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PipelineTask } from '../../../src/resources/tekton/pipeline-spec.ts';
import { graphOf, InvalidGraph } from '../../../src/tekton/pipeline-run/graph.ts';

const task = (name: string, fields: Partial<PipelineTask> = {}): PipelineTask => ({ name, ...fields });
const parents = (...tasks: PipelineTask[]) => Object.fromEntries(graphOf(tasks));

describe('what a task waits for', () => {
  test('runAfter, and results in params, when, matrix, references and embedded steps', () => {
    const use = '$(tasks.a.results.x)';
    expect(
      parents(
        task('a'),
        task('after', { runAfter: ['a'] }),
        task('param', { params: [{ name: 'p', value: ['x', use] }] }),
        task('object', { params: [{ name: 'p', value: { key: use } }] }),
        task('when', { when: [{ input: use, operator: 'in', values: ['1'] }] }),
        task('cel', { when: [{ cel: `'${use}' == '1'` }] }),
        task('matrix', { matrix: { params: [{ name: 'p', value: '$(tasks.a.results.list[*])' }] } }),
        task('include', { matrix: { include: [{ params: [{ name: 'p', value: use }] }] } }),
        task('ref', { taskRef: { resolver: 'git', params: [{ name: 'revision', value: use }] } }),
        task('step', { taskSpec: { steps: [{ script: `echo $(tasks.a.results['x'])` }] } }),
        task('length', { params: [{ name: 'p', value: '$(tasks.a.matrix.x.length)' }] }),
        task('within', {
          pipelineSpec: { tasks: [task('x'), task('y', { params: [{ name: 'p', value: '$(tasks.x.results.r)' }] })] },
        }),
        task('none', { params: [{ name: 'p', value: '$(params.a) $(context.pipelineRun.name)' }] }),
      ),
    ).toMatchObject({
      after: ['a'],
      param: ['a'],
      object: ['a'],
      when: ['a'],
      cel: ['a'],
      matrix: ['a'],
      include: ['a'],
      ref: ['a'],
      step: ['a'],
      length: ['a'],
      within: [],
      none: [],
    });
  });
});

describe('refused', () => {
  test.each<[string, PipelineTask[], RegExp]>([
    [
      'a cycle',
      [task('a', { runAfter: ['b'] }), task('b', { runAfter: ['a'] })],
      /^cycle detected; task "a" depends on "b"$/,
    ],
    [
      'a cycle by results, behind which another waits',
      [
        task('waits', { runAfter: ['b'] }),
        task('b', { params: [{ name: 'p', value: '$(tasks.c.results.r)' }] }),
        task('c', { runAfter: ['b'] }),
      ],
      /^cycle detected; task "b" depends on "c"$/,
    ],
    ['itself', [task('a', { runAfter: ['a'] })], /^cycle detected; task "a" depends on "a"$/],
    ['what is not there', [task('a', { runAfter: ['x'] })], /depends on x but x wasn't present in Pipeline$/],
    ['one name twice', [task('a'), task('a')], /duplicate pipeline task$/],
  ])('%s', (_, tasks, message) => {
    expect(() => graphOf(tasks)).toThrow(message);
    expect(() => graphOf(tasks)).toThrow(InvalidGraph);
  });
});

const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 25 });

test('any order of tasks that has no cycle is taken, and any that has one is not', () => {
  fc.assert(
    fc.property(edges, (pairs) => {
      const tasks = Array.from({ length: 10 }, (_, index) =>
        task(`t${index}`, { runAfter: pairs.filter(([to]) => to === index).map(([, from]) => `t${from}`) }),
      );
      const isCyclic = hasCycle(pairs);
      if (isCyclic) expect(() => graphOf(tasks)).toThrow(/^cycle detected/);
      else expect(graphOf(tasks).size).toBe(10);
    }),
  );
});

function hasCycle(pairs: readonly (readonly [number, number])[]): boolean {
  const reaches = (from: number, to: number, seen = new Set<number>()): boolean =>
    pairs.some(
      ([child, parent]) =>
        child === from && (parent === to || (!seen.has(parent) && reaches(parent, to, seen.add(parent)))),
    );
  return Array.from({ length: 10 }, (_, index) => index).some((index) => reaches(index, index));
}
