import { describe, expect, test } from 'vitest';
import { completeText, completeWords, type KnownValue, valueIn } from '../../../../src/node/pods/plan/file-values.ts';

const known = new Map<string, KnownValue>([
  ['steps.a.results.text', 'one two'],
  ['steps.a.results.list', ['x', 'y z', 3]],
  ['steps.a.results.map', { url: 'u', n: { deep: 1 } }],
]);

test.each([
  ['$(steps.a.results.text)!', 'one two!'],
  ['$(steps.a.results.list[0])$(steps.a.results.list[2])', 'x3'],
  ['in $(steps.a.results.list[*])', 'in x y z 3'],
  ['$(steps.a.results.list)', '["x","y z",3]'],
  ['$(steps.a.results.map.url)', 'u'],
  ['$(steps.a.results.map.n)', '{"deep":1}'],
  ['$(unknown) $HOME $(HOME) $(steps.b.results.text)', '$(unknown) $HOME $(HOME) $(steps.b.results.text)'],
])('%s becomes %s', (text, expected) => {
  expect(completeText(text, known)).toBe(expected);
});

test('a word that is a whole array becomes so many words', () => {
  expect(completeWords(['a', '$(steps.a.results.list[*])', 'b$(steps.a.results.list[*])'], known)).toEqual([
    'a',
    'x',
    'y z',
    '3',
    'bx y z 3',
  ]);
});

test('what a value brings is not looked through again', () => {
  expect(
    completeText(
      '$(a)',
      new Map([
        ['a', '$(b)'],
        ['b', 'no'],
      ]),
    ),
  ).toBe('$(b)');
});

test('a part that is not there is an error', () => {
  expect(() => completeText('$(steps.a.results.list[7])', known)).toThrow('there is no such part');
  expect(() => completeText('$(steps.a.results.map.none)', known)).toThrow('there is no such part');
});

describe('a file', () => {
  const file = '/steps/a/x';
  test('is a string unless it holds an array or an object', () => {
    expect(valueIn('n', { file }, 'text\n')).toBe('text\n');
    expect(valueIn('n', { file }, '7')).toBe('7');
    expect(valueIn('n', { file }, '"7"')).toBe('"7"');
    expect(valueIn('n', { file }, '["a"]')).toEqual(['a']);
    expect(valueIn('n', { file }, '{"a":"b"}')).toEqual({ a: 'b' });
    expect(valueIn('n', { file, type: 'string' }, '["a"]')).toBe('["a"]');
  });
  test('must hold what is expected', () => {
    expect(() => valueIn('n', { file }, undefined)).toThrow('$(n): /steps/a/x does not exist');
    expect(() => valueIn('n', { file, type: 'array' }, '{}')).toThrow('holds no array');
  });
  test('may be asked for a part of its JSON', () => {
    const content = JSON.stringify({ outputs: [{ name: 'image', values: [{ uri: 'u' }] }] });
    expect(valueIn('n', { file, at: ['outputs', 'image', 'values'] }, content)).toEqual([{ uri: 'u' }]);
    expect(valueIn('n', { file, at: ['outputs', '0', 'values', '0', 'uri'] }, content)).toBe('u');
    expect(() => valueIn('n', { file, at: ['inputs'] }, content)).toThrow('has nothing at inputs');
  });
});
