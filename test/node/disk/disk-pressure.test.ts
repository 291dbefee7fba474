import { expect, test } from 'vitest';
import { DiskPressure, type Writer } from '../../../src/node/disk/disk-pressure.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const mib = 2 ** 20;

function writer(bytes: number): Writer & { evicted: string[]; lacks: boolean } {
  const self = {
    evicted: [] as string[],
    lacks: false,
    footprint: async () => bytes,
    evict: (message: string) => void self.evicted.push(message),
    logMayLack: () => {
      self.lacks = true;
    },
  };
  return self;
}

async function look(freeBytes: number, ...writers: readonly Writer[]): Promise<void> {
  const pressure = new DiskPressure({
    path: '/',
    clock: new FakeClock(),
    writers: () => writers,
    onError: () => {},
    thresholdBytes: 100 * mib,
    space: async () => ({ freeBytes, totalBytes: 1000 * mib }),
  });
  await pressure.look();
}

test('nothing happens while there is room', async () => {
  const one = writer(5 * mib);
  await look(101 * mib, one);
  expect(one.evicted).toEqual([]);
});

test('the largest writer is stopped before the disk is full', async () => {
  const [small, large] = [writer(5 * mib), writer(80 * mib)];
  await look(99 * mib, small, large);
  expect(small.evicted).toEqual([]);
  expect(large.evicted).toEqual(['the disk is nearly full (99Mi left) and this task was writing most (80Mi)']);
  expect(large.lacks).toBe(false);
});

test('who holds still is not stopped, however much there is of it', async () => {
  const [still, growing, tiny] = [writer(300 * mib), writer(10 * mib), writer(1000)];
  let freeBytes = 150 * mib;
  const pressure = new DiskPressure({
    path: '/',
    clock: new FakeClock(),
    writers: () => [still, growing, tiny],
    onError: () => {},
    thresholdBytes: 100 * mib,
    space: async () => ({ freeBytes, totalBytes: 1000 * mib }),
  });
  await pressure.look();
  freeBytes = 50 * mib;
  growing.footprint = async () => 110 * mib;
  await pressure.look();
  await pressure.look();
  expect([still, growing, tiny].map(({ evicted }) => evicted.length)).toEqual([0, 1, 0]);
});

test('on a full disk every log says that lines may be missing', async () => {
  const [one, other] = [writer(1), writer(2)];
  await look(0, one, other);
  expect([one.lacks, other.lacks]).toEqual([true, true]);
});
