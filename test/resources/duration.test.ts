import { describe, expect, test } from 'vitest';
import { durationFault, parseDuration } from '../../src/resources/duration.ts';

describe('durations are Go’s', () => {
  test.each([
    ['0', 0],
    ['-0', 0],
    ['1h30m', 5_400_000],
    ['-1.5s', -1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['1µs1μs', 0.002],
    ['0.29s', 290],
    ['0.1ns', 0],
    ['2562047h47m16.854775s', 9_223_372_036_854.775],
  ])('%s', (text, milliseconds) => expect(parseDuration(text)).toBeCloseTo(milliseconds, 3));

  test.each([
    ['', 'time: invalid duration ""'],
    ['5', 'time: missing unit in duration "5"'],
    ['1h5', 'time: missing unit in duration "1h5"'],
    ['1m2d', 'time: unknown unit "d" in duration "1m2d"'],
    ['1é', 'time: unknown unit "\\xc3\\xa9" in duration "1\\xc3\\xa9"'],
    ['.s', 'time: invalid duration ".s"'],
    ['1h -1m', 'time: unknown unit "h -" in duration "1h -1m"'],
    ['2562048h', 'time: invalid duration "2562048h"'],
  ])('%s is none', (text, fault) => {
    expect(parseDuration(text)).toBeUndefined();
    expect(durationFault(text)).toBe(fault);
  });
});
