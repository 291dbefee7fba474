import { describe, expect, test } from 'vitest';
import type { Matrix } from '../../../src/resources/tekton/pipeline-spec.ts';
import { checkMatrix, combinationsOf } from '../../../src/tekton/pipeline-run/matrix.ts';
import { childRunNames } from '../../../src/tekton/pipeline-run/names.ts';

const combos = (matrix: Matrix) =>
  combinationsOf(matrix).map((params) => params.map(({ name, value }) => `${name}=${value}`).join(' '));
const list = (name: string, ...value: string[]) => ({ name, value });
const include = (fields: Record<string, string>) => ({
  params: Object.entries(fields).map(([key, value]) => ({ name: key, value })),
});

describe('combinations', () => {
  test('every value with every other; the first list changes fastest', () => {
    expect(combos({ params: [list('platform', 'linux', 'mac'), list('browser', 'chrome', 'safari')] })).toEqual([
      'browser=chrome platform=linux',
      'browser=chrome platform=mac',
      'browser=safari platform=linux',
      'browser=safari platform=mac',
    ]);
  });

  test('include adds to those that it fits, and is one of its own where it fits none', () => {
    const matrix = {
      params: [list('os', 'linux', 'mac'), list('version', '1', '2')],
      include: [
        include({ os: 'linux', package: 'gcc' }),
        include({ version: '2', flag: '-x' }),
        include({ os: 'bsd', version: '3' }),
        include({ everywhere: 'yes' }),
      ],
    };
    expect(combos(matrix)).toEqual([
      'everywhere=yes os=linux package=gcc version=1',
      'everywhere=yes os=mac version=1',
      'everywhere=yes flag=-x os=linux package=gcc version=2',
      'everywhere=yes flag=-x os=mac version=2',
      'os=bsd version=3',
    ]);
  });

  test('include alone is a list of runs', () => {
    expect(combos({ include: [include({ a: '1' }), include({ a: '2', b: '3' })] })).toEqual(['a=1', 'a=2 b=3']);
  });

  test('of an empty list there are none', () => {
    expect(combos({ params: [list('a'), list('b', '1')] })).toEqual([]);
  });
});

test('more than 256, and values of the wrong type, are refused', () => {
  const many = Array.from({ length: 17 }, (_, index) => String(index));
  const matrix = { params: [list('a', ...many), list('b', ...many)] };
  expect(() => checkMatrix({ name: 't', matrix }, 256)).toThrow('expected 0 <= 289 <= 256: matrix');
  expect(() => checkMatrix({ name: 't', matrix: { params: [{ name: 'a', value: 'x' }] } }, 256)).toThrow(
    'parameters of type array only are allowed, but param "a" has type "string" in pipelineTask "t"',
  );
});

describe('names of runs', () => {
  test('one', () => expect(childRunNames('run', 'task', 1)).toEqual(['run-task']));
  test('several', () => expect(childRunNames('run', 'task', 3)).toEqual(['run-task-0', 'run-task-1', 'run-task-2']));
  test('long ones differ, and are no longer than 63', () => {
    const names = childRunNames('r'.repeat(60), 't'.repeat(40), 12);
    expect(new Set(names).size).toBe(12);
    expect(names.every((name) => name.length <= 63)).toBe(true);
    expect(names.every((name, index) => name.endsWith(`-${index}`))).toBe(true);
  });
});
