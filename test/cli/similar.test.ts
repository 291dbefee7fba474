import { expect, test } from 'vitest';
import { mostSimilar } from '../../src/cli/similar.ts';

test.each([
  ['dmo', ['other', 'demo'], 'demo'],
  ['nigthly', ['nightly', 'weekly'], 'nightly'],
  ['reports', ['report-2', 'report'], 'report'],
  ['db', ['de', 'dc'], undefined],
  ['backup', ['restore'], undefined],
  ['backup', [], undefined],
])('%s of %j: %s', (name, names, expected) => {
  expect(mostSimilar(name, names)).toBe(expected);
});
