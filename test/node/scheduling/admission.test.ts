import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Admission, type Candidate, usableMemory } from '../../../src/node/scheduling/admission.ts';

const gib = 2 ** 30;
const pod = (uid: string, memoryBytes = gib): Candidate => ({ uid, namespace: uid[0]!, memoryBytes });

function admitAll(admission: Admission): string[] {
  const admitted: string[] = [];
  for (let next = admission.next(); next !== undefined; next = admission.next()) admitted.push(next.uid);
  return admitted;
}

test('the machine keeps 10 % of its memory, at least 512 MiB', () => {
  expect(usableMemory(20 * gib)).toBe(18 * gib);
  expect(usableMemory(2 * gib)).toBe(1.5 * gib);
  expect(usableMemory(gib / 4)).toBe(0);
});

describe('Admission', () => {
  test('first in, first out within a namespace, round robin between them', () => {
    const admission = new Admission({ memoryBytes: 100 * gib, maxPods: 100 });
    for (const uid of ['a1', 'a2', 'a3', 'b1', 'c1', 'b2']) admission.enqueue(pod(uid));
    expect(admitAll(admission)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  test('no more Pods than places', () => {
    const admission = new Admission({ memoryBytes: 100 * gib, maxPods: 2 });
    for (const uid of ['a1', 'a2', 'a3']) admission.enqueue(pod(uid));
    expect(admitAll(admission)).toEqual(['a1', 'a2']);
    expect(admission.explain(pod('a3'), String)).toBe('2 of 2 places are taken');
    admission.release('a1');
    admission.release('a1');
    expect(admitAll(admission)).toEqual(['a3']);
  });

  test('a large Pod whose turn it is waits, and is not overtaken for ever', () => {
    const admission = new Admission({ memoryBytes: 4 * gib, maxPods: 100 });
    for (const candidate of [pod('a1', 3 * gib), pod('b1', 2 * gib), pod('c1')]) admission.enqueue(candidate);
    expect(admitAll(admission)).toEqual(['a1']);
    expect(admission.explain(pod('b1', 2 * gib), (bytes) => `${bytes / gib}Gi`)).toBe(
      'needs 2Gi of memory, 1Gi of 4Gi are free',
    );
    admission.release('a1');
    expect(admitAll(admission)).toEqual(['b1', 'c1']);
  });

  test('who leaves holds nobody back', () => {
    const admission = new Admission({ memoryBytes: gib, maxPods: 9 });
    for (const candidate of [pod('a1', 2 * gib), pod('b1')]) admission.enqueue(candidate);
    expect(admission.fitsEver(pod('a1', 2 * gib))).toBe(false);
    expect(admitAll(admission)).toEqual([]);
    admission.withdraw('a1');
    expect(admitAll(admission)).toEqual(['b1']);
  });

  test('whatever happens, no bound is exceeded and everyone gets his turn', () => {
    const arrivals = fc.array(
      fc.record({ namespace: fc.constantFrom('a', 'b', 'c'), memoryBytes: fc.integer({ min: 1, max: 10 }) }),
    );
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 4 }), (list, maxPods) => {
        const admission = new Admission({ memoryBytes: 10, maxPods });
        const running = new Map<string, number>();
        const done: string[] = [];
        for (const [index, arrival] of list.entries()) admission.enqueue({ ...arrival, uid: String(index) });
        while (done.length < list.length) {
          for (let next = admission.next(); next !== undefined; next = admission.next())
            running.set(next.uid, next.memoryBytes);
          expect(running.size).toBeLessThanOrEqual(maxPods);
          expect([...running.values()].reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(10);
          expect(running.size).toBeGreaterThan(0);
          const [first] = running.keys();
          running.delete(first!);
          admission.release(first!);
          done.push(first!);
        }
      }),
    );
  });
});
