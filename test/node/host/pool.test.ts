import { describe, expect, it } from 'vitest';
import { Pool } from '../../../src/node/host/pool.ts';

/** A maker whose things are finished by hand. */
function workshop() {
  const started: { finish(): void; fail(error: Error): void }[] = [];
  const disposed: number[] = [];
  const waiting: (() => void)[] = [];
  const make = () =>
    new Promise<readonly number[]>((resolve, reject) => {
      const number = started.length;
      started.push({ finish: () => resolve([number]), fail: reject });
      for (const wake of waiting.splice(0)) wake();
    });
  /** Resolves when the count of started things is reached. */
  const reached = async (count: number): Promise<void> => {
    while (started.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const dispose = async (items: readonly number[]) => void disposed.push(...items);
  return { make, dispose, started, disposed, reached };
}

describe('Pool', () => {
  it('fills itself, a few at a time, and replaces what is taken', async () => {
    const { make, dispose, started, reached } = workshop();
    const pool = new Pool({ size: 3, parallel: 2, make, dispose });
    pool.fill();
    expect(started).toHaveLength(2);
    started[0]!.finish();
    await reached(3);
    started[1]!.finish();
    started[2]!.finish();
    expect(await pool.take()).toBe(0);
    await reached(4);
    expect(started).toHaveLength(4);
  });

  it('serves more takers than it holds, first come, first served', async () => {
    const { make, dispose, started, reached } = workshop();
    const pool = new Pool({ size: 0, parallel: 2, make, dispose });
    const takers = [pool.take(), pool.take(), pool.take()];
    expect(started).toHaveLength(2);
    started[0]!.finish();
    await reached(3);
    started[1]!.finish();
    started[2]!.finish();
    expect(await Promise.all(takers)).toEqual([0, 1, 2]);
    expect(started).toHaveLength(3);
  });

  it('tells those who wait why it failed, and tries again for the next', async () => {
    const { make, dispose, started } = workshop();
    const pool = new Pool({ size: 1, parallel: 1, make, dispose });
    const first = pool.take();
    const second = pool.take();
    started[0]!.fail(new Error('no room'));
    await expect(first).rejects.toThrow('no room');
    started[1]!.finish();
    expect(await second).toBe(1);
  });

  it('does not go on failing for nobody', async () => {
    const { make, dispose, started } = workshop();
    const pool = new Pool({ size: 2, parallel: 1, make, dispose });
    pool.fill();
    started[0]!.fail(new Error('no room'));
    await new Promise(setImmediate);
    expect(started).toHaveLength(1);
    const taker = pool.take();
    started[1]!.finish();
    expect(await taker).toBe(1);
  });

  it('makes several together, once so many are missing or somebody waits', async () => {
    const counts: number[] = [];
    let next = 0;
    const make = async (count: number) => {
      counts.push(count);
      return Array.from({ length: count }, () => next++);
    };
    const pool = new Pool({ size: 4, batch: 2, parallel: 1, make, dispose: async () => {} });
    const settled = () => new Promise(setImmediate);
    pool.fill();
    await settled();
    expect(counts).toEqual([2, 2]);
    await pool.take();
    await settled();
    expect(counts).toEqual([2, 2]);
    await pool.take();
    await settled();
    expect(counts).toEqual([2, 2, 2]);
    const all = await Promise.all(Array.from({ length: 7 }, () => pool.take()));
    expect(new Set(all).size).toBe(7);
    expect(Math.max(...counts)).toBe(2);
  });

  it('disposes of everything at the end, also of what was still being made', async () => {
    const { make, dispose, started, disposed } = workshop();
    const pool = new Pool({ size: 2, parallel: 2, make, dispose });
    pool.fill();
    started[0]!.finish();
    const closing = pool.close();
    started[1]!.finish();
    await closing;
    expect(disposed).toEqual([0, 1]);
    await expect(pool.take()).rejects.toThrow('closed');
    expect(started).toHaveLength(2);
  });
});
