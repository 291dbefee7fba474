import { expect, test } from 'vitest';
import type { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { childBindings } from '../../../src/tekton/pipeline-run/bindings.ts';

test.each([
  [undefined, 'a/../b', 'a/../b'],
  ['a/', undefined, 'a/'],
  ['a/', 'b/', 'a/b'],
  ['a', '../c', 'c'],
  [undefined, undefined, undefined],
])('a folder %s of the run and %s of the task are %s', (outer, inner, expected) => {
  const run: PipelineRun = {
    apiVersion: 'tekton.dev/v1',
    kind: 'PipelineRun',
    metadata: { name: 'run' },
    spec: { workspaces: [{ name: 'w', emptyDir: {}, ...(outer === undefined ? {} : { subPath: outer }) }] },
  } as never;
  const task = { name: 't', workspaces: [{ name: 'w', ...(inner === undefined ? {} : { subPath: inner }) }] };
  const [binding] = childBindings(run, task, { variables: new Map(), claimOwner: 'u', spec: undefined });
  expect(binding?.subPath).toBe(expected);
});
