import { describe, expect, test } from 'vitest';
import type { ContainerRun } from '../../../src/node/pods/container-run.ts';
import { concurrentNeed, nextMoves, orderError, succeeded } from '../../../src/node/pods/order.ts';

const ended = (exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): ContainerRun => ({
  phase: 'ended',
  exitCode,
  reason,
  finishedAt: 0,
});
const waiting: ContainerRun = { phase: 'waiting' };
const running: ContainerRun = { phase: 'running', startedAt: 0 };
const skipped = ended(1, 'Skipped');
const runs = (...list: readonly ContainerRun[]) => new Map(list.map((run, index) => ['abcd'[index]!, run]));
const chain = { b: { after: 'a' }, c: { after: 'b' } };

describe('nextMoves', () => {
  test.each([
    ['together without an order', {}, runs(waiting, waiting), ['a', 'b'], []],
    ['the first of a chain', chain, runs(waiting, waiting, waiting), ['a'], []],
    ['nobody while one runs', chain, runs(running, waiting, waiting), [], []],
    ['the next after success', chain, runs(ended(0), waiting, waiting), ['b'], []],
    ['nobody after failure', chain, runs(ended(3), waiting, waiting), [], ['b']],
    ['nor those further on', chain, runs(ended(3), skipped, waiting), [], ['c']],
    ['an ignored failure', { ...chain, a: { ignoreFailure: true } }, runs(ended(3), waiting, waiting), ['b'], []],
    ['in spite of a failure', { b: { after: 'a', afterFailure: true } }, runs(ended(3), waiting), ['b'], []],
    [
      'in spite of a failure further up',
      { ...chain, c: { after: 'b', afterFailure: true } },
      runs(ended(3), skipped, waiting),
      ['c'],
      [],
    ],
    [
      'success after a failure does not undo it',
      { b: { after: 'a', afterFailure: true }, c: { after: 'b' } },
      runs(ended(3), ended(0), waiting),
      [],
      ['c'],
    ],
  ])('%s', (_, order, state, start, skip) => {
    expect(nextMoves(order, state)).toEqual({ start, skip });
  });
});

test('a Pod succeeds when every container did, or was allowed not to', () => {
  expect(succeeded({}, runs(ended(0), ended(0)))).toBe(true);
  expect(succeeded({}, runs(ended(0), ended(1)))).toBe(false);
  expect(succeeded({ b: { ignoreFailure: true } }, runs(ended(0), ended(1)))).toBe(true);
  expect(succeeded({ b: { ignoreFailure: true } }, runs(ended(1), skipped))).toBe(false);
  expect(succeeded({}, runs(ended(0), running))).toBe(false);
});

test('orders that cannot be', () => {
  expect(orderError(chain, ['a', 'b', 'c'])).toBeUndefined();
  expect(orderError({ a: { after: 'x' } }, ['a'])).toBe('start order: there is no container "x"');
  expect(orderError({ a: { after: 'b' }, b: { after: 'a' } }, ['a', 'b'])).toContain('waits for itself');
});

test('containers in a row share memory, those beside each other add up', () => {
  const need = (name: string): number => ({ a: 1, b: 5, c: 2, d: 10 })[name]!;
  expect(concurrentNeed({}, ['a', 'b', 'c', 'd'], need)).toBe(18);
  expect(concurrentNeed({ ...chain, d: { after: 'c' } }, ['a', 'b', 'c', 'd'], need)).toBe(10);
  expect(concurrentNeed({ b: { after: 'a' }, c: { after: 'a' } }, ['a', 'b', 'c', 'd'], need)).toBe(17);
});
