/**
 * Watches the file system that logs and disks lie on while Pods run. Nothing may fill it: a monitor that cannot write
 * a log line drops it in silence. So the largest writer is stopped while there is still room, and if the file system was
 * full all the same, the logs of that time say so.
 */

import { statfs } from 'node:fs/promises';
import type { Clock, Timer } from '../../client/clock.ts';
import { formatBytes } from '../../resources/quantity.ts';

export interface Writer {
  /** Bytes of log and disk so far. */
  footprint(): Promise<number>;
  /** Stops it for good. */
  evict(message: string): void;
  /** Its log may lack lines from now on. */
  logMayLack(): void;
}

export interface DiskPressureOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly writers: () => Iterable<Writer>;
  /** Bytes below which the largest writer is stopped. Default: a quarter of the reserve, which is 5 %, at least 1 GiB. */
  readonly thresholdBytes?: number;
  readonly onError: (message: string, error: unknown) => void;
  /** Replaced by tests. */
  readonly space?: (path: string) => Promise<{ readonly freeBytes: number; readonly totalBytes: number }>;
}

/** Milliseconds between two looks; the kernel tells nobody that a file system fills. */
const interval = 1000;
/** Bytes; who wrote less since the last look is not what fills the disk. */
const leastGrowth = 2 ** 20;
/** Below this much a write of a log line may fail. */
const fullBytes = 64 * 1024;

export class DiskPressure {
  readonly #options: DiskPressureOptions;
  #timer: Timer | undefined;
  #stopped = false;
  /** Bytes at the last look. */
  #written = new Map<Writer, number>();

  constructor(options: DiskPressureOptions) {
    this.#options = options;
  }

  /** Called when a Pod begins: looks until none runs. */
  watch(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = this.#options.clock.after(interval, () => {
      this.look()
        .catch((error: unknown) => this.#options.onError('looking for disk pressure', error))
        .finally(() => {
          this.#timer = undefined;
          if (![...this.#options.writers()].length) return;
          this.watch();
        });
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async look(): Promise<void> {
    const { path, writers, space = spaceOf } = this.#options;
    const { freeBytes, totalBytes } = await space(path);
    const threshold = this.#options.thresholdBytes ?? Math.max(totalBytes * 0.05, 2 ** 30) / 4;
    if (freeBytes < fullBytes) for (const writer of writers()) writer.logMayLack();
    // Close to it, so that there is something to compare with when it comes.
    if (freeBytes >= 2 * threshold) {
      this.#written.clear();
      return;
    }
    const largest = await this.#largestWriter();
    if (freeBytes >= threshold) return;
    largest?.writer.evict(
      `the disk is nearly full (${formatBytes(freeBytes)} left) and this task was writing most (${formatBytes(largest.bytes)})`,
    );
  }

  /** Who has written most since the last look; nobody when all of them hold still. */
  async #largestWriter(): Promise<{ readonly writer: Writer; readonly bytes: number } | undefined> {
    const before = this.#written;
    this.#written = new Map();
    let largest: { writer: Writer; bytes: number; grown: number } | undefined;
    for (const writer of this.#options.writers()) {
      const bytes = await writer.footprint();
      const grown = bytes - (before.get(writer) ?? 0);
      this.#written.set(writer, bytes);
      if (grown >= leastGrowth && grown > (largest?.grown ?? 0)) largest = { writer, bytes, grown };
    }
    return largest;
  }
}

/** Whether a write to the file system may fail at this moment. */
export async function isFull(path: string): Promise<boolean> {
  return (await spaceOf(path)).freeBytes < fullBytes;
}

async function spaceOf(path: string): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(path);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
