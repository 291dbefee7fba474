import { expect, test } from 'vitest';
import { startMemoryRelease } from '../../src/embedded/idle-memory.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** @param garbage bytes that a collection takes away */
function world(live = 2 ** 20, garbage = 0) {
  const clock = new FakeClock();
  let write = (): void => {};
  let collected = 0;
  let plain = 0;
  let used = live + garbage;
  const memory = startMemoryRelease(
    clock,
    {
      subscribe(listener) {
        write = listener;
        return () => {
          write = () => {};
        };
      },
      shrinkCache: () => {},
    },
    {
      used: () => used,
      collect(compact) {
        used = live;
        if (compact) collected++;
        else plain++;
      },
    },
  );
  const waste = (bytes: number): void => {
    used += bytes;
  };
  return { clock, memory, waste, write: () => write(), collected: () => collected, plain: () => plain };
}

test('memory is given back once, a while after the last write', () => {
  const { clock, write, collected } = world();
  clock.advance(60_000);
  expect(collected()).toBe(0);
  for (let i = 0; i < 10; i++) {
    write();
    clock.advance(4000);
  }
  expect(collected()).toBe(0);
  clock.advance(10_000);
  expect(collected()).toBe(3);
  clock.advance(600_000);
  expect(collected()).toBe(3);
  write();
  clock.advance(10_000);
  expect(collected()).toBe(6);
});

test('work that begins meanwhile is not held up', () => {
  const { clock, write, collected } = world();
  write();
  clock.advance(5000);
  expect(collected()).toBe(1);
  write();
  clock.advance(4000);
  expect(collected()).toBe(1);
  clock.advance(10_000);
  expect(collected()).toBe(4);
});

test('stopped, it does nothing any more', () => {
  const { clock, memory, write, collected } = world();
  write();
  memory.stop();
  clock.advance(60_000);
  expect(collected()).toBe(0);
  expect(clock.nextIn).toBeUndefined();
});

const gibibyte = 2 ** 30;

test('a heap that is large with garbage is small after half a minute', () => {
  const { clock, write, collected, plain } = world(2 ** 20, gibibyte);
  write();
  clock.advance(29_000);
  expect([plain(), collected()]).toEqual([0, 0]);
  clock.advance(3000);
  expect([plain(), collected()]).toEqual([1, 3]);
});

test('a heap that stays large is collected once, and again only when that is worth the pause', () => {
  const { clock, write, waste, collected, plain } = world(gibibyte, gibibyte);
  write();
  clock.advance(60_000);
  expect([plain(), collected()]).toEqual([1, 0]);
  write();
  waste(2 ** 20);
  clock.advance(60_000);
  expect(plain()).toBe(1);
  write();
  waste(64 * 2 ** 20);
  clock.advance(60_000);
  expect([plain(), collected()]).toEqual([2, 0]);
  expect(clock.nextIn).toBeUndefined();
});
