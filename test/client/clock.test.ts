import { expect, test } from 'vitest';
import { pause } from '../../src/client/clock.ts';
import { FakeClock } from '../support/fake-clock.ts';

test('a pause lasts as long as it is asked to', async () => {
  const clock = new FakeClock();
  let over = false;
  const paused = pause(clock, 100).then(() => {
    over = true;
  });
  clock.advance(99);
  await Promise.resolve();
  expect(over).toBe(false);
  clock.advance(1);
  await paused;
});

test.each([
  ['before', true],
  ['while', false],
])('a signal that fires %s it lasts ends it, and leaves no timer', async (_, before) => {
  const clock = new FakeClock();
  const abort = new AbortController();
  if (before) abort.abort();
  const paused = pause(clock, 100, abort.signal);
  abort.abort();
  await paused;
  expect(clock.nextIn).toBeUndefined();
});
