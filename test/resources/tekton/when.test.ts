import { describe, expect, test } from 'vitest';
import { CelError, celFault, evaluateCel } from '../../../src/resources/tekton/cel.ts';
import { type WhenExpression, whenAllows } from '../../../src/resources/tekton/when.ts';

describe('when', () => {
  test.each<[string, readonly WhenExpression[], boolean]>([
    ['no expression', [], true],
    ['in', [{ input: 'a', operator: 'in', values: ['b', 'a'] }], true],
    ['not in', [{ input: 'a', operator: 'in', values: ['b'] }], false],
    ['notin', [{ input: 'a', operator: 'notin', values: ['b'] }], true],
    ['notin, but it is', [{ input: 'a', operator: 'notin', values: ['a'] }], false],
    ['an empty input', [{ operator: 'in', values: [''] }], true],
    ['CEL', [{ cel: "'foo' == 'foo'" }], true],
    ['all must hold', [{ cel: 'true' }, { input: 'a', operator: 'in', values: ['b'] }], false],
    ['what follows a false one is not evaluated', [{ cel: 'false' }, { cel: '1 / 0 == 1' }], false],
  ])('%s', (_, expressions, allowed) => {
    expect(whenAllows(expressions)).toBe(allowed);
  });
});

describe('CEL', () => {
  test.each([
    ["'release/v1'.matches('^release/.*')", true],
    ["size('abc') > 2 && 'b' in ['a', 'b']", true],
    ["['a', 'b'].all(x, x.startsWith('a'))", false],
    ["int('5') > 4 ? true : false", true],
    ["timestamp('2026-01-01T00:00:00Z') < timestamp('2026-02-01T00:00:00Z')", true],
  ])('%s', (expression, value) => {
    expect(evaluateCel(expression)).toBe(value);
  });

  test.each([
    ["params.foo == 'foo'", 'Unknown variable: params'],
    ["$(params.foo) == 'foo'", 'Unexpected character: $'],
    ["'a' == 1", 'no such overload: string == int'],
    ['1 / 0 == 1', 'division by zero'],
    ['1 + 1', 'The CEL expression 1 + 1 is not evaluated to a boolean'],
  ])('%s cannot be evaluated', (expression, message) => {
    expect(() => evaluateCel(expression)).toThrow(new CelError(message));
  });

  test('a fault is found without evaluating', () => {
    expect(celFault("'$(params.foo)' == 'foo'")).toBeUndefined();
    expect(celFault('foo == ')).toMatch(/Unexpected/);
    expect(celFault(`${'('.repeat(100_000)}true`)).toBeDefined();
  });

  test('an expression that would go on for ever is ended', () => {
    const expression = `'${'a'.repeat(60)}!'.matches('^(a+)+$')`;
    expect(() => evaluateCel(expression)).toThrow(/takes too long/);
  });
});
