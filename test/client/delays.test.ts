import { expect, test } from 'vitest';
import { Delays } from '../../src/client/delays.ts';
import { FakeClock } from '../support/fake-clock.ts';

function start() {
  const clock = new FakeClock();
  const due: string[] = [];
  return { clock, due, delays: new Delays(clock, (key) => due.push(key)) };
}

test('each key comes back once, at its time', () => {
  const { clock, due, delays } = start();
  delays.add('hour', 3_600_000);
  delays.add('second', 1000);
  delays.add('minute', 60_000);
  clock.advance(999);
  expect(due).toEqual([]);
  clock.advance(1);
  expect(due).toEqual(['second']);
  expect(clock.nextIn).toBe(59_000);
  clock.advance(10_000_000);
  expect(due).toEqual(['second', 'minute', 'hour']);
  expect(clock.nextIn).toBeUndefined();
});

test('the earlier of two times wins', () => {
  const { clock, due, delays } = start();
  delays.add('a', 5000);
  delays.add('a', 9000);
  delays.add('a', 1000);
  clock.advance(1000);
  expect(due).toEqual(['a']);
  clock.advance(10_000);
  expect(due).toEqual(['a']);
});

test('one that is forgotten does not come back, unless it is added again', () => {
  const { clock, due, delays } = start();
  delays.add('a', 1000);
  delays.add('b', 1000);
  delays.forget('a');
  delays.forget('c');
  clock.advance(1000);
  expect(due).toEqual(['b']);
  delays.add('a', 1000);
  clock.advance(1000);
  expect(due).toEqual(['b', 'a']);
});

test('what stays of thousands that are forgotten comes at its time', () => {
  const { clock, due, delays } = start();
  for (let index = 0; index < 5000; index++) delays.add(`${index}`, 1000 + index);
  for (let index = 0; index < 5000; index++) if (index % 1000 !== 7) delays.forget(`${index}`);
  clock.advance(1007);
  expect(due).toEqual(['7']);
  clock.advance(10_000);
  expect(due).toEqual(['7', '1007', '2007', '3007', '4007']);
});

test('one that is due may be added again', () => {
  const clock = new FakeClock();
  const times: number[] = [];
  const began = clock.now();
  const delays: Delays = new Delays(clock, (key) => {
    times.push(clock.now() - began);
    if (times.length < 3) delays.add(key, 1000);
  });
  delays.add('a', 1000);
  clock.advance(10_000);
  expect(times).toEqual([1000, 2000, 3000]);
});

test('a clock that is set back delays nothing', () => {
  const { clock, due, delays } = start();
  delays.add('a', 1000);
  clock.jump(-86_400_000);
  clock.advance(1000);
  expect(due).toEqual(['a']);
});

test('hurry brings all of them back, clear none', () => {
  const { clock, due, delays } = start();
  delays.add('a', 1000);
  delays.add('b', 2000);
  delays.hurry();
  expect(due).toEqual(['a', 'b']);
  delays.add('c', 1000);
  delays.clear();
  clock.advance(10_000);
  expect(due).toEqual(['a', 'b']);
});
