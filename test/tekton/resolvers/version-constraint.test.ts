import { expect, test } from 'vitest';
import { parseConstraint, parseVersion } from '../../../src/tekton/resolvers/version-constraint.ts';

test.each([
  ['0.6', '0.6.0', true],
  ['0.6', '0.6.1', false],
  ['v1.2.3', '1.2.3', true],
  ['!= 0.6', '0.7', true],
  ['> 0.6, < 1', '0.10.0', true],
  ['> 0.6, < 1', '1.0', false],
  ['>= 1.0', '1.0.0', true],
  ['<= 1.0', '1.0.1', false],
  ['~> 1.2', '1.9', true],
  ['~> 1.2', '2.0', false],
  ['~> 1.2.3', '1.2.9', true],
  ['~> 1.2.3', '1.3.0', false],
  ['> 1.0', '2.0.0-rc1', false],
  ['>= 2.0.0-rc1', '2.0.0-rc2', true],
])('%s accepts %s: %s', (constraint, version, accepted) => {
  expect(parseConstraint(constraint)?.(parseVersion(version)!)).toBe(accepted);
});

test.each(['', 'latest', '> ', '=> 1', '1.x', '1,', '>= 1 || 2'])('%j is no constraint', (text) => {
  expect(parseConstraint(text)).toBeUndefined();
});
