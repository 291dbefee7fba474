import { describe, expect, it } from 'vitest';
import { DiskReserveError, DiskTooSmallError } from '../../../src/node/disk/disk.ts';
import { checkReserve, defaultReserve } from '../../../src/node/disk/reserve.ts';

const GiB = 2 ** 30;

describe('defaultReserve', () => {
  it.each([
    [4 * GiB, GiB],
    [20 * GiB, GiB],
    [100 * GiB, 5 * GiB],
  ])('of %d bytes is %d', (total, expected) => expect(defaultReserve(total)).toBe(expected));
});

describe('checkReserve', () => {
  const space = { totalBytes: 100 * GiB, freeBytes: 10 * GiB };

  it('lets a limit fit exactly', () => {
    expect(() => checkReserve(space, 5 * GiB, 3 * GiB, 2 * GiB)).not.toThrow();
  });

  it('refuses one byte more, and says what is there', () => {
    const refused = () => checkReserve(space, 5 * GiB, 3 * GiB, 2 * GiB + 1);
    expect(refused).toThrow(DiskReserveError);
    expect(refused).toThrow(
      'needs 2.0 GiB of disk, 2.0 GiB available (10.0 GiB free, 5.0 GiB kept free, 3.0 GiB promised to running tasks)',
    );
  });

  it('tells what will never fit from what has to wait', () => {
    expect(() => checkReserve(space, 5 * GiB, 0, 95 * GiB)).toThrow(DiskReserveError);
    const refused = () => checkReserve(space, 5 * GiB, 0, 95 * GiB + 1);
    expect(refused).toThrow(DiskTooSmallError);
    expect(refused).toThrow('needs 95.0 GiB of disk, this machine has 95.0 GiB for tasks');
  });

  it('never speaks of less than nothing', () => {
    expect(() => checkReserve(space, 20 * GiB, 0, 2 ** 20)).toThrow('needs 1 MiB of disk, 0 MiB available');
  });
});
