import { expect, test } from 'vitest';
import { requestName } from '../../../src/tekton/references/request-name.ts';

test("is Tekton's: FNV-1a of 128 bits over namespace, name and params in order of their names", () => {
  // Test vectors of FNV.
  expect(requestName('git', '', [])).toBe('git-6c62272e07bb014262b821756295c58d');
  expect(requestName('git', 'a', [])).toBe('git-d228cb696f1a8caf78912b704e4a8964');
  expect(requestName('git', 'foobar', [])).toBe('git-343e1662793c64bf6f0d3597ba446f18');
  expect(requestName('git', 'f', [{ name: 'o', value: 'o' }], 'bar')).toBe('git-343e1662793c64bf6f0d3597ba446f18');
});

test('does not depend on the order of params, and fits into a label', () => {
  const [a, b] = [
    { name: 'a', value: '1' },
    { name: 'b', value: ['2'] },
  ];
  expect(requestName('git', 'x', [a, b])).toBe(requestName('git', 'x', [b, a]));
  expect(requestName('git', 'x', [a])).not.toBe(requestName('git', 'x', [b]));
  expect(requestName('r'.repeat(80), 'x', [])).toHaveLength(63);
});
