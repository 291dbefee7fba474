import { describe, expect, test } from 'vitest';
import { resultReference } from '../../../src/tekton/pipeline-run/result-reference.ts';

describe('a reference to a result', () => {
  test.each<[string, object | undefined]>([
    ['tasks.a-b.results.r', { task: 'a-b', result: 'r' }],
    ['tasks.a.results.r[*]', { result: 'r' }],
    ['tasks.a.results.r[2]', { result: 'r', index: 2 }],
    ['tasks.a.results.r.key', { result: 'r', key: 'key' }],
    ['tasks.a.results["r.with.dots"]', { result: 'r.with.dots' }],
    ["tasks.a.results['r'][1]", { result: 'r', index: 1 }],
    ['finally.a.results.r', { task: 'a', result: 'r' }],
    ['tasks.a.status', undefined],
    ['params.tasks.a.results.r', undefined],
    ['tasks.a.results.', undefined],
  ])('%s', (text, expected) => {
    if (expected === undefined) expect(resultReference(text)).toBeUndefined();
    else expect(resultReference(text)).toMatchObject({ text, ...expected });
  });
});
