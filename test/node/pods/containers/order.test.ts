import { describe, expect, test } from 'vitest';
import type { ContainerRun } from '../../../../src/node/pods/containers/container-run.ts';
import {
  concurrentNeed,
  nextMoves,
  orderError,
  sidecarsInUse,
  sidecarsToEnd,
  succeeded,
} from '../../../../src/node/pods/containers/order.ts';

const ended = (exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): ContainerRun => ({
  phase: 'ended',
  exitCode,
  reason,
  finishedAt: 0,
});
const waiting: ContainerRun = { phase: 'waiting' };
const running: ContainerRun = { phase: 'running', startedAt: 0 };
const skipped = ended(1, 'Skipped');
const late = ended(143, 'TimeoutExceeded');
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
    [
      'but not that its time was over',
      { ...chain, a: { ignoreFailure: true } },
      runs(late, waiting, waiting),
      [],
      ['b'],
    ],
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
  expect(succeeded({ b: { ignoreFailure: true } }, runs(ended(0), late))).toBe(false);
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

describe('sidecars', () => {
  const order = { a: { sidecar: true }, b: { afterReady: ['a'] }, c: { after: 'b' } };
  const unready: ContainerRun = { phase: 'running', startedAt: 0, unready: true };

  test('are waited for until they are ready, or over', () => {
    expect(nextMoves(order, runs(waiting, waiting, waiting)).start).toEqual(['a']);
    expect(nextMoves(order, runs({ phase: 'starting' }, waiting, waiting)).start).toEqual([]);
    expect(nextMoves(order, runs(unready, waiting, waiting)).start).toEqual([]);
    expect(nextMoves(order, runs(running, waiting, waiting)).start).toEqual(['b']);
    expect(nextMoves(order, runs(ended(3), waiting, waiting)).start).toEqual(['b']);
  });

  test('end when all others have', () => {
    expect(sidecarsToEnd(order, runs(running, ended(0), running))).toEqual({ stop: [], skip: [] });
    expect(sidecarsToEnd(order, runs(running, ended(1), skipped))).toEqual({ stop: ['a'], skip: [] });
    expect(sidecarsToEnd(order, runs(waiting, ended(0), ended(0)))).toEqual({ stop: [], skip: ['a'] });
    expect(sidecarsToEnd({ a: { sidecar: true } }, runs(running))).toEqual({ stop: [], skip: [] });
  });

  test('are spared as long as others run', () => {
    expect(sidecarsInUse(order, runs(running, running, waiting))).toEqual(['a']);
    expect(sidecarsInUse(order, runs(running, ended(0), waiting))).toEqual([]);
  });

  test('decide nothing', () => {
    expect(succeeded(order, runs(ended(137), ended(0), ended(0)))).toBe(true);
    expect(succeeded(order, runs(ended(0), ended(0), ended(1)))).toBe(false);
  });

  test('nobody waits for their end, nor in circles for their being ready', () => {
    expect(orderError({ ...order, c: { after: 'a' } }, ['a', 'b', 'c'])).toContain('waits for the end of the sidecar');
    expect(orderError({ a: { afterReady: ['b'] }, b: { afterReady: ['a'] } }, ['a', 'b'])).toContain(
      'waits for itself',
    );
    expect(orderError({ a: { afterReady: ['x'] } }, ['a'])).toBe('start order: there is no container "x"');
  });
});

test('one that is passed over counts as success, and the chain goes on', () => {
  const passed = ended(0, 'Skipped');
  expect(nextMoves(chain, runs(passed, waiting, waiting))).toEqual({ start: ['b'], skip: [] });
  expect(succeeded(chain, runs(ended(0), passed, ended(0)))).toBe(true);
});
