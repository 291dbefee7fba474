/** Disks as mounted loop images, some of each size held ready, wiped and used again. */

import { randomBytes } from 'node:crypto';
import { chmod, chown, readdir, stat, statfs } from 'node:fs/promises';
import { Pool } from '../host/pool.ts';
import type { RunCommand } from '../host/run-command.ts';
import type { DiskProvider, PodDisk } from './disk.ts';
import { DiskReservations } from './disk-reservations.ts';
import { diskNameOf, diskOfEntry, readLease, removeLease, writeLease } from './leases.ts';
import { detachLoops, type LoopImage, loopImage, makeLoopImage, mountsBelow, removeLoopImage } from './loop-image.ts';
import { wipe } from './wipe.ts';

export interface LoopPoolOptions {
  readonly folder: string;
  readonly poolSize: number;
  readonly reserveBytes: number | undefined;
  readonly onWarning: (text: string) => void;
  readonly run: RunCommand;
}

/** For so many sizes images are held ready: those used last. */
const sizesHeld = 4;
/** A used image whose file takes more on the machine's disk gives back what it no longer needs. */
const trimmedBytes = 4 * 2 ** 20;
/** An image that still takes so much (the machine's file system has no holes) is made anew rather than kept. */
const keptBytes = 64 * 2 ** 20;

const ownInodes = 10;

export class LoopPool implements DiskProvider {
  readonly kind = 'loop-pool';
  readonly #options: LoopPoolOptions;
  readonly #reservations: DiskReservations;
  /** By limit, the least recently used first. */
  readonly #pools = new Map<number, Pool<LoopImage>>();
  /** Every image of this process, being made, ready or in use: a sweep leaves them alone. */
  readonly #own = new Set<string>();
  readonly #background = new Set<Promise<void>>();

  constructor(options: LoopPoolOptions) {
    this.#options = options;
    this.#reservations = new DiskReservations(options.folder, options.reserveBytes);
  }

  /** @throws Error when this machine cannot mount loop images */
  async start(limits: readonly number[]): Promise<void> {
    for (const limit of limits) this.#poolOf(limit).fill();
    const pool = this.#poolOf(limits[0] ?? 2 ** 20);
    const probe = await pool.take();
    if (!pool.put(probe)) await this.#dispose(probe);
  }

  async acquire(limitBytes: number): Promise<PodDisk> {
    const key = randomBytes(6).toString('hex');
    this.#reservations.add(key, { limitBytes });
    try {
      const image = await this.#poolOf(limitBytes).take();
      const id = await this.#lease(image);
      this.#reservations.keep(image.name, { limitBytes, file: image.file });
      return this.#handle(id, image);
    } finally {
      this.#reservations.drop(key);
    }
  }

  /** On a disk without room for the note the image waits for the next one. */
  async #lease(image: LoopImage): Promise<string> {
    try {
      return writeLease(this.#options.folder, image.name, image.limitBytes).id;
    } catch (error) {
      removeLease(this.#options.folder, image.name);
      if (!this.#poolOf(image.limitBytes).put(image)) await this.#dispose(image);
      throw error;
    }
  }

  reserve(bytes: number): Promise<() => void> {
    return this.#reservations.once(bytes);
  }

  async adopt(id: string): Promise<PodDisk | undefined> {
    const { folder } = this.#options;
    const lease = await readLease(folder, id);
    if (lease === undefined) return undefined;
    const image = loopImage(folder, diskNameOf(id), lease.limitBytes);
    if (!(await mountsBelow(image.path)).includes(image.path)) return undefined;
    this.#own.add(image.name);
    this.#reservations.keep(image.name, { limitBytes: lease.limitBytes, file: image.file });
    return this.#handle(id, image);
  }

  async sweep(inUse: ReadonlySet<string>): Promise<void> {
    const { folder, run } = this.#options;
    const kept = new Set([...inUse].map(diskNameOf));
    const names = new Set((await readdir(folder)).map(diskOfEntry));
    for (const name of names) {
      if (kept.has(name) || this.#own.has(name)) continue;
      await this.#dispose(loopImage(folder, name, 0));
    }
    // Devices of images that are gone already.
    const nameOf = (file: string): string => diskOfEntry(file.slice(folder.length + 1));
    await detachLoops(
      run,
      (file) => file.startsWith(`${folder}/`) && !kept.has(nameOf(file)) && !this.#own.has(nameOf(file)),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close()));
    await Promise.all(this.#background);
  }

  #poolOf(limitBytes: number): Pool<LoopImage> {
    const { poolSize } = this.#options;
    const pool =
      this.#pools.get(limitBytes) ??
      new Pool<LoopImage>({
        size: poolSize,
        // While many run at a time, as many go round: nothing is made and removed for nothing.
        keep: poolSize + 16,
        make: async () => [await this.#make(limitBytes)],
        dispose: async (images) => {
          for (const image of images) await this.#dispose(image);
        },
      });
    this.#pools.delete(limitBytes);
    this.#pools.set(limitBytes, pool);
    const [oldest] = this.#pools;
    if (this.#pools.size > sizesHeld && oldest !== undefined) {
      this.#pools.delete(oldest[0]);
      this.#inBackground(oldest[1].close());
    }
    return pool;
  }

  async #make(limitBytes: number): Promise<LoopImage> {
    const { folder, run } = this.#options;
    const image = loopImage(folder, `d-${randomBytes(5).toString('hex')}`, limitBytes);
    this.#own.add(image.name);
    await makeLoopImage(run, image).catch((error: unknown) => {
      this.#own.delete(image.name);
      throw error;
    });
    return image;
  }

  async #dispose(image: LoopImage): Promise<void> {
    const { folder, run } = this.#options;
    await removeLoopImage(run, image);
    removeLease(folder, image.name);
    this.#own.delete(image.name);
  }

  #handle(id: string, image: LoopImage): PodDisk {
    let released: Promise<void> | undefined;
    return {
      id,
      path: image.path,
      limitBytes: image.limitBytes,
      usage: () => usageOf(image.path),
      release: () => {
        released ??= this.#release(image);
        return released;
      },
    };
  }

  async #release(image: LoopImage): Promise<void> {
    const { folder } = this.#options;
    removeLease(folder, image.name);
    const reusable = await this.#wipe(image);
    if (!reusable || !this.#pools.get(image.limitBytes)?.put(image)) await this.#dispose(image);
    this.#reservations.drop(image.name);
  }

  /** False when it is not like a new one, for whatever reason: something is mounted below, open, or cannot be removed. */
  async #wipe(image: LoopImage): Promise<boolean> {
    try {
      if ((await mountsBelow(image.path)).length !== 1) return false;
      await wipe(this.#options.run, image.path);
      await chown(image.path, 0, 0);
      await chmod(image.path, 0o755);
      const inside = await statfs(image.path);
      // What was deleted but is still open takes inodes, beside the ten that are ext4's own.
      if (inside.files - inside.ffree > ownInodes) return false;
      if ((await bytesOf(image.file)) <= trimmedBytes) return true;
      await this.#options.run('fstrim', [image.path]);
      return (await bytesOf(image.file)) <= keptBytes;
    } catch {
      return false;
    }
  }

  #inBackground(work: Promise<void>): void {
    const handled = work.then(
      () => {},
      (error: Error) => this.#options.onWarning(`disk: ${error.message}`),
    );
    this.#background.add(handled);
    void handled.finally(() => this.#background.delete(handled));
  }
}

/** What a sparse file takes on its disk. */
const bytesOf = async (file: string): Promise<number> => (await stat(file)).blocks * 512;

/** What ext4 keeps for itself counts neither as used nor as room. */
async function usageOf(path: string): Promise<{ usedBytes: number; totalBytes: number }> {
  const { blocks, bfree, bavail, bsize } = await statfs(path);
  const usedBytes = (blocks - bfree) * bsize;
  return { usedBytes, totalBytes: usedBytes + bavail * bsize };
}
