/** Keeps account of what the disks in use may still write, and refuses what the machine cannot promise. */

import { stat, statfs } from 'node:fs/promises';
import { checkReserve, defaultReserve } from './reserve.ts';

interface Promised {
  readonly limitBytes: number;
  /** The file that holds what was written so far; without one, everything counts as still to come. */
  readonly file?: string;
}

export class DiskPromises {
  readonly #folder: string;
  readonly #reserveBytes: number | undefined;
  readonly #all = new Map<string, Promised>();

  constructor(folder: string, reserveBytes: number | undefined) {
    this.#folder = folder;
    this.#reserveBytes = reserveBytes;
  }

  /** Counts `key` from now on. @throws DiskReserveError */
  async add(key: string, promised: Promised): Promise<void> {
    const [space, written] = await Promise.all([statfs(this.#folder), this.#written()]);
    // From here on nothing waits, so two who ask at the same time do not get the same bytes.
    let open = 0;
    for (const [other, { limitBytes }] of this.#all) open += Math.max(0, limitBytes - (written.get(other) ?? 0));
    const totalBytes = space.blocks * space.bsize;
    const reserve = this.#reserveBytes ?? defaultReserve(totalBytes);
    checkReserve({ totalBytes, freeBytes: space.bavail * space.bsize }, reserve, open, promised.limitBytes);
    this.#all.set(key, promised);
  }

  /** Counts what was promised before this server started. */
  keep(key: string, promised: Promised): void {
    this.#all.set(key, promised);
  }

  drop(key: string): void {
    this.#all.delete(key);
  }

  async #written(): Promise<ReadonlyMap<string, number>> {
    const entries = await Promise.all(
      [...this.#all].map(async ([key, { file }]): Promise<[string, number]> => {
        const blocks =
          file === undefined
            ? 0
            : await stat(file).then(
                (found) => found.blocks,
                () => 0,
              );
        return [key, blocks * 512];
      }),
    );
    return new Map(entries);
  }
}
