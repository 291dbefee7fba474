/** Disks as plain folders: nothing enforces their limits. For machines that cannot mount loop images. */

import { randomBytes } from 'node:crypto';
import { lstat, mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunCommand } from '../host/run-command.ts';
import type { DiskProvider, PodDisk } from './disk.ts';
import { DiskReservations } from './disk-reservations.ts';
import { diskNameOf, diskOfEntry, readLease, removeLease, writeLease } from './leases.ts';
import { mountsBelow } from './loop-image.ts';
import { wipe } from './wipe.ts';

export interface PlainDisksOptions {
  readonly folder: string;
  readonly reserveBytes: number | undefined;
  readonly run: RunCommand;
}

export class PlainDisks implements DiskProvider {
  readonly kind = 'not-enforced';
  readonly #options: PlainDisksOptions;
  readonly #reservations: DiskReservations;
  readonly #own = new Set<string>();

  constructor(options: PlainDisksOptions) {
    this.#options = options;
    this.#reservations = new DiskReservations(options.folder, options.reserveBytes);
  }

  async acquire(limitBytes: number): Promise<PodDisk> {
    const { folder } = this.#options;
    const name = `p-${randomBytes(5).toString('hex')}`;
    this.#reservations.add(name, { limitBytes });
    try {
      this.#own.add(name);
      await mkdir(join(folder, name), { mode: 0o755 });
      const { id } = writeLease(folder, name, limitBytes);
      return this.#handle(id, name, limitBytes);
    } catch (error) {
      this.#own.delete(name);
      this.#reservations.drop(name);
      throw error;
    }
  }

  reserve(bytes: number): Promise<() => void> {
    return this.#reservations.once(bytes);
  }

  async adopt(id: string): Promise<PodDisk | undefined> {
    const { folder } = this.#options;
    const lease = await readLease(folder, id);
    const name = diskNameOf(id);
    const found = lease && (await lstat(join(folder, name)).catch(() => undefined));
    if (lease === undefined || !found?.isDirectory()) return undefined;
    this.#own.add(name);
    this.#reservations.keep(name, { limitBytes: lease.limitBytes });
    return this.#handle(id, name, lease.limitBytes);
  }

  async sweep(inUse: ReadonlySet<string>): Promise<void> {
    const kept = new Set([...inUse].map(diskNameOf));
    for (const name of new Set((await readdir(this.#options.folder)).map(diskOfEntry))) {
      if (!kept.has(name) && !this.#own.has(name)) await this.#remove(name);
    }
  }

  async close(): Promise<void> {}

  #handle(id: string, name: string, limitBytes: number): PodDisk {
    const path = join(this.#options.folder, name);
    let released: Promise<void> | undefined;
    return {
      id,
      path,
      limitBytes,
      usage: async () => ({ usedBytes: await this.#usedBytes(path), totalBytes: limitBytes }),
      release: () => {
        released ??= this.#remove(name);
        return released;
      },
    };
  }

  async #usedBytes(path: string): Promise<number> {
    const out = await this.#options.run('du', ['-s', '-x', '--block-size=1', path]);
    return Number.parseInt(out, 10);
  }

  async #remove(name: string): Promise<void> {
    const { folder, run } = this.#options;
    const path = join(folder, name);
    for (const mount of (await mountsBelow(path)).reverse()) await run('umount', ['--lazy', mount]);
    const found = await lstat(path).catch(() => undefined);
    if (found?.isDirectory()) {
      await wipe(run, path);
      await rmdir(path);
    }
    // An image of a loop pool, which an earlier start had.
    await rm(`${path}.img`, { force: true });
    removeLease(folder, name);
    this.#own.delete(name);
    this.#reservations.drop(name);
  }
}
