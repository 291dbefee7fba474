import { expect, test } from 'vitest';
import { deferred } from '../../../../src/node/deferred.ts';
import { PreStop } from '../../../../src/node/pods/health/pre-stop.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

function start() {
  const clock = new FakeClock();
  const ended = deferred();
  const stops: number[] = [];
  const stop = new PreStop({
    clock,
    hook: (signal) => {
      signal.addEventListener('abort', () => ended.resolve());
      return ended.promise;
    },
    stop: (grace) => stops.push(grace),
  });
  return { clock, stop, stops, end: () => ended.resolve(), settled: () => new Promise(setImmediate) };
}

test('what the hook leaves of the time is the container’s', async () => {
  const { clock, stop, stops, end, settled } = start();
  stop.within(10);
  clock.advance(4000);
  end();
  await settled();
  expect(stops).toEqual([6]);
});

test('a hook that takes all is cut short, and two seconds are left', async () => {
  const { clock, stop, stops, settled } = start();
  stop.within(10);
  clock.advance(10_000);
  await settled();
  expect(stops).toEqual([2]);
});

test('told again, the earlier end counts; at once means at once', async () => {
  const { clock, stop, stops, settled } = start();
  stop.within(10);
  stop.within(20);
  stop.within(5);
  clock.advance(5000);
  await settled();
  expect(stops).toEqual([2]);
  stop.within(0);
  expect(stops).toEqual([2, 0]);
});

test('nothing is stopped that has ended by itself', async () => {
  const { stop, stops, settled } = start();
  stop.within(10);
  stop.close();
  await settled();
  expect(stops).toEqual([]);
});
