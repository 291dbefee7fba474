import { expect, test } from 'vitest';
import { giveMemoryBack } from '../../src/embedded/idle-memory.ts';
import { FakeClock } from '../support/fake-clock.ts';

function world() {
  const clock = new FakeClock();
  let write = (): void => {};
  let collected = 0;
  const memory = giveMemoryBack(
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
    () => {
      collected++;
    },
  );
  return { clock, memory, write: () => write(), collected: () => collected };
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
