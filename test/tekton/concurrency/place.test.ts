import fc from 'fast-check';
import { expect, test } from 'vitest';
import { behind, type Place } from '../../../src/tekton/concurrency/place.ts';

const place = (uid: string, hasStarted: boolean, second: number): Place => ({
  uid,
  name: uid,
  hasStarted,
  created: `2026-01-01T00:00:0${second}Z`,
});

test('what runs is first, then who came first', () => {
  const line = [place('late', false, 3), place('early', false, 1), place('runs', true, 2)];
  expect(behind(line, 'runs', 1)).toEqual([]);
  expect(behind(line, 'early', 1).map(({ uid }) => uid)).toEqual(['runs']);
  expect(behind(line, 'late', 1).map(({ uid }) => uid)).toEqual(['runs', 'early']);
  expect(behind(line, 'early', 2)).toEqual([]);
});

test('within a second the UID decides', () => {
  expect(behind([place('b', false, 1), place('a', false, 1)], 'b', 1).map(({ uid }) => uid)).toEqual(['a']);
});

test('never more than the limit may start, and never none where there is room', () => {
  const places = fc.uniqueArray(
    fc.record({ uid: fc.string({ minLength: 1 }), hasStarted: fc.boolean(), second: fc.nat(5) }),
    {
      selector: ({ uid }) => uid,
      maxLength: 12,
    },
  );
  fc.assert(
    fc.property(places, fc.integer({ min: 1, max: 4 }), (some, limit) => {
      const line = some.map(({ uid, hasStarted, second }) => place(uid, hasStarted, second));
      const running = line.filter(({ hasStarted }) => hasStarted).length;
      const starting = line.filter(({ uid, hasStarted }) => !hasStarted && behind(line, uid, limit).length === 0);
      expect(starting).toHaveLength(Math.max(0, Math.min(limit - running, line.length - running)));
    }),
  );
});
