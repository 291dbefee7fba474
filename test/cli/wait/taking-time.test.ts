import { expect, test } from 'vitest';
import { takingTime } from '../../../src/cli/wait/taking-time.ts';
import { deferred } from '../../../src/node/deferred.ts';
import { FakeClock } from '../../support/fake-clock.ts';

test('what takes its time says so after a second, then every 30 s, until it is over', async () => {
  const clock = new FakeClock();
  const said: string[] = [];
  const io = { note: (text: string) => void said.push(text) };
  const work = deferred<string>();
  const result = takingTime({ io, clock }, 'Backing up', work.promise);
  clock.advance(999);
  expect(said).toEqual([]);
  clock.advance(1);
  clock.advance(30_000);
  clock.advance(30_000);
  expect(said).toEqual(['Backing up...', 'Backing up... (31s)', 'Backing up... (61s)']);
  work.resolve('done');
  expect(await result).toBe('done');
  clock.advance(60_000);
  expect(said).toHaveLength(3);
  await expect(takingTime({ io, clock }, 'Backing up', Promise.reject(new Error('full')))).rejects.toThrow('full');
  expect(clock.nextIn).toBeUndefined();
});
