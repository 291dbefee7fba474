/** How much of a disk may still be promised. A sparse image on a full disk loses writes in silence. Pure. */

import { DiskReserveError, DiskTooSmallError } from './disk.ts';

export interface FreeSpace {
  readonly totalBytes: number;
  /** What may be written by somebody without privileges. */
  readonly freeBytes: number;
}

const gibibyte = 2 ** 30;

/** 5 %, at least 1 GiB. */
export const defaultReserve = (totalBytes: number): number => Math.max(0.05 * totalBytes, gibibyte);

/** The most that one task could be promised, were the disk empty. */
export const mostOf = (totalBytes: number, reserveBytes = defaultReserve(totalBytes)): number =>
  Math.max(0, totalBytes - reserveBytes);

const show = (bytes: number): string =>
  bytes >= gibibyte / 10 ? `${(bytes / gibibyte).toFixed(1)} GiB` : `${Math.ceil(bytes / 2 ** 20)} MiB`;

/**
 * `promisedBytes` is what others may still write of their limits.
 * @throws DiskReserveError when `wantedBytes` does not fit beside it and the reserve
 * @throws DiskTooSmallError when it would not even if the disk were empty
 */
export function checkReserve(space: FreeSpace, reserveBytes: number, promisedBytes: number, wantedBytes: number): void {
  const available = Math.max(0, space.freeBytes - reserveBytes - promisedBytes);
  if (wantedBytes <= available) return;
  const most = mostOf(space.totalBytes, reserveBytes);
  if (wantedBytes > most)
    throw new DiskTooSmallError(`needs ${show(wantedBytes)} of disk, this machine has ${show(most)} for tasks`);
  throw new DiskReserveError(
    `needs ${show(wantedBytes)} of disk, ${show(available)} available ` +
      `(${show(space.freeBytes)} free, ${show(reserveBytes)} kept free, ${show(promisedBytes)} promised to running tasks)`,
  );
}
