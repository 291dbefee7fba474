import { expect, test } from 'vitest';
import { checkResults, taskResults } from '../../../src/tekton/task-run/results.ts';

const returned = (value: string) => new Map([['step-s', JSON.stringify([{ key: 'r', value, type: 1 }])]]);
const resultOf = (type: string, text: string) =>
  taskResults({ results: [{ name: 'r', type }], steps: [{ name: 's' }] }, returned(text))[0]?.value;

test.each([
  ['string', '["a"]', '["a"]'],
  ['array', '["a"]\n', ['a']],
  ['array', ' ["a"]', ' ["a"]'],
  ['array', '[1]', '[1]'],
  ['object', '{"k":"v"}', { k: 'v' }],
  ['object', '{"k":1}', '{"k":1}'],
])('a result of type %s: %j', (type, text, value) => expect(resultOf(type, text)).toEqual(value));

test('an object lacks keys only where it has any', () => {
  const spec = { results: [{ name: 'r', type: 'object', properties: { k: {} } }] };
  const checked = (value: Record<string, string>) => () => checkResults(spec, [{ name: 'r', type: 'object', value }]);
  expect(checked({})).not.toThrow();
  expect(checked({ j: 'x' })).toThrow('missing keys for these results');
});
