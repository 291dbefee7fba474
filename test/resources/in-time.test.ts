import { expect, test } from 'vitest';
import { inTime, TookTooLong } from '../../src/resources/in-time.ts';

const forEver = (): never => {
  for (;;);
};

test('what ends gives its result, or throws what it throws', () => {
  expect(inTime(10_000, () => 'done')).toBe('done');
  expect(() =>
    inTime(10_000, () => {
      throw new RangeError('none');
    }),
  ).toThrow(RangeError);
});

test('what uses the processor for too long is cut short', () => {
  let time = 0;
  const began: number[] = [];
  const work = () => {
    began.push(time);
    time += 10;
    forEver();
  };
  expect(() => inTime(10, work, () => time)).toThrow(TookTooLong);
  expect(began).toHaveLength(1);
});

test('what the machine gave no processor is begun anew, a few times', () => {
  let calls = 0;
  expect(
    inTime(
      10,
      () => (++calls < 3 ? forEver() : 'done'),
      () => 0,
    ),
  ).toBe('done');
  expect(() => inTime(1, forEver, () => 0)).toThrow(TookTooLong);
});
