import { expect, test } from 'vitest';
import { WorkQueue } from '../../src/client/work-queue.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Work that ends when it is told to. */
function controlledWork() {
  const started: string[] = [];
  const finish = new Map<string, (error?: Error) => void>();
  const work = (key: string): Promise<void> =>
    new Promise((resolve, reject) => {
      started.push(key);
      finish.set(key, (error) => (error === undefined ? resolve() : reject(error)));
    });
  return { started, finish, work };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a waiting key is worked on once, however often it is added', async () => {
  const { started, finish, work } = controlledWork();
  const queue = new WorkQueue({ clock: new FakeClock(), concurrency: 1, work });
  queue.add('a');
  for (const key of ['b', 'b', 'b']) queue.add(key);
  finish.get('a')?.();
  await turn();
  expect(started).toEqual(['a', 'b']);
  finish.get('b')?.();
  await queue.idle();
  expect(started).toEqual(['a', 'b']);
});

test('a key that is added while it is worked on is worked on again, never twice at a time', async () => {
  const { started, finish, work } = controlledWork();
  const queue = new WorkQueue({ clock: new FakeClock(), work });
  queue.add('a');
  queue.add('a');
  expect(started).toEqual(['a']);
  finish.get('a')?.();
  await turn();
  expect(started).toEqual(['a', 'a']);
  finish.get('a')?.();
  await queue.idle();
});

test('at most `concurrency` keys at a time', async () => {
  const { started, finish, work } = controlledWork();
  const queue = new WorkQueue({ clock: new FakeClock(), concurrency: 2, work });
  for (const key of ['a', 'b', 'c']) queue.add(key);
  expect(started).toEqual(['a', 'b']);
  finish.get('b')?.();
  await turn();
  expect(started).toEqual(['a', 'b', 'c']);
  finish.get('a')?.();
  finish.get('c')?.();
  await queue.idle();
});

test('a failed key comes back after a growing delay', async () => {
  const clock = new FakeClock();
  let attempts = 0;
  const errors: number[] = [];
  const queue = new WorkQueue({
    clock,
    work: async () => {
      if (++attempts < 4) throw new Error('not yet');
    },
    onError: (_key, _error, failures) => errors.push(failures),
  });
  queue.add('a');
  const delays: number[] = [];
  while (attempts < 4) {
    await turn();
    const delay = clock.nextIn;
    if (delay === undefined) break;
    delays.push(delay);
    clock.advance(delay);
  }
  expect(errors).toEqual([1, 2, 3]);
  expect(delays).toHaveLength(3);
  expect(delays[2]).toBeGreaterThan(delays[0]!);
});

test('of two delays for one key the earlier wins', async () => {
  const clock = new FakeClock();
  const worked: string[] = [];
  const queue = new WorkQueue({ clock, work: async (key) => void worked.push(key) });
  queue.addAfter('a', 1000);
  queue.addAfter('a', 10);
  queue.addAfter('a', 5000);
  clock.advance(10);
  await queue.idle();
  expect(worked).toEqual(['a']);
  clock.advance(10_000);
  await queue.idle();
  expect(worked).toEqual(['a']);
});

test('after stop nothing is taken any more', async () => {
  const { started, finish, work } = controlledWork();
  const queue = new WorkQueue({ clock: new FakeClock(), concurrency: 1, work });
  queue.add('a');
  queue.add('b');
  const stopped = queue.stop();
  finish.get('a')?.();
  await stopped;
  queue.add('c');
  expect(started).toEqual(['a']);
});

test('hurry: every delayed key at once', async () => {
  const worked: string[] = [];
  const clock = new FakeClock();
  const queue = new WorkQueue({ clock, work: async (key) => void worked.push(key) });
  queue.addAfter('a', 3_600_000);
  queue.addAfter('b', 1000);
  queue.hurry();
  await queue.idle();
  expect(worked).toEqual(['a', 'b']);
  expect(clock.nextIn).toBeUndefined();
});
