/** Accounts for what the disks in use may still write, and refuses what does not fit into the free space. */

import { randomBytes } from 'node:crypto';
import { statfsSync, statSync } from 'node:fs';
import { checkReserve, defaultReserve } from './reserve.ts';

interface Promised {
  readonly limitBytes: number;
  /** The file that holds what was written so far; without one, everything counts as still to come. */
  readonly file?: string;
}

export class DiskReservations {
  readonly #folder: string;
  readonly #reserveBytes: number | undefined;
  readonly #all = new Map<string, Promised>();

  constructor(folder: string, reserveBytes: number | undefined) {
    this.#folder = folder;
    this.#reserveBytes = reserveBytes;
  }

  /** Counts `key` from now on. Nothing waits meanwhile, so two who ask do not get the same bytes. @throws DiskReserveError */
  add(key: string, promised: Promised): void {
    const { blocks, bavail, bsize } = statfsSync(this.#folder);
    let open = 0;
    for (const { limitBytes, file } of this.#all.values()) open += Math.max(0, limitBytes - writtenTo(file));
    const totalBytes = blocks * bsize;
    const reserve = this.#reserveBytes ?? defaultReserve(totalBytes);
    checkReserve({ totalBytes, freeBytes: bavail * bsize }, reserve, open, promised.limitBytes);
    this.#all.set(key, promised);
  }

  /** Counts so many bytes until the returned function is called. @throws DiskReserveError */
  async once(bytes: number): Promise<() => void> {
    const key = `once-${randomBytes(6).toString('hex')}`;
    this.add(key, { limitBytes: bytes });
    return () => this.drop(key);
  }

  /** Counts what was promised before this server started. */
  keep(key: string, promised: Promised): void {
    this.#all.set(key, promised);
  }

  drop(key: string): void {
    this.#all.delete(key);
  }
}

/** Bytes that a sparse file takes on its disk; 0 when there is none. */
function writtenTo(file: string | undefined): number {
  const found = file === undefined ? undefined : statSync(file, { throwIfNoEntry: false });
  return (found?.blocks ?? 0) * 512;
}
