import { expect, test } from 'vitest';
import { childName } from '../../src/resources/names.ts';

const a = (count: number) => 'a'.repeat(count);
const b = (count: number) => 'b'.repeat(count);

test.each([
  ['run', '-task', 'run-task'],
  [a(60), `-${b(5)}`, `${a(25)}cc7ed669cf88f201c3297c6a91e1d18d-${b(5)}`],
  [a(40), `-${b(40)}`, /^a{31}[0-9a-f]{32}$/],
  // A short parent leaves room for some of the suffix; no end but a letter or a digit.
  [a(29), `-${b(40)}`, /^a{29}[0-9a-f]{32}-b$/],
  [a(30), `-${b(40)}`, /^a{30}[0-9a-f]{32}$/],
])('the child of %s and %s', (parent, suffix, expected) => {
  expect(childName(parent, suffix)).toEqual(expected instanceof RegExp ? expect.stringMatching(expected) : expected);
});
