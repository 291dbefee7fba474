/**
 * Keeps the server to its share of the disk. Measuring reads thousands of folders; so it is measured only where the free
 * space of the disk has shrunk by what was left of the share, and once in a while.
 */

import { readdir, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../../client/clock.ts';
import type { RunCommand } from '../../node/host/run-command.ts';
import { formatBytes } from '../../resources/quantity.ts';
import { sizesOf } from './du.ts';
import { isInShare, shareOf } from './share.ts';
import type { Shrinkable } from './shrinkable.ts';

export interface DiskShareOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly run: RunCommand;
  /** Bytes, as they were set. */
  readonly configured: () => Promise<number | undefined>;
  /** Whether nothing may go for now. Default: never. */
  readonly isHeld?: () => boolean;
  /** In the order in which they are to give. */
  readonly parts: readonly Shrinkable[];
  readonly log: (message: string, error?: unknown) => void;
}

export interface DiskShare {
  /** Looks at once; resolves afterwards. */
  now(): Promise<void>;
  stop(): Promise<void>;
}

/** Milliseconds after a start, which has better things to do, and between two looks at the free space. */
const firstLook = 20_000;
const interval = 10_000;
/** Milliseconds after which it is measured in any case: others may free what we fill. */
const longest = 3_600_000;
/** Milliseconds between two measurements while nothing is left that may go. */
const patience = 60_000;
/** Once it is above its share it gives way to this part of it, so that it need not at every look. */
const target = 0.95;

interface Measured {
  readonly at: number;
  readonly kept: number;
  readonly free: number;
  readonly share: number;
  /** Whether it is above the share, and nothing that may go was left. */
  readonly stuck: boolean;
}

export function startDiskShare(options: DiskShareOptions): DiskShare {
  const { clock, log } = options;
  let measured: Measured | undefined;
  let looking: Promise<void> = Promise.resolve();
  let timer: Timer | undefined;
  let stopped = false;
  const look = (forced: boolean): Promise<void> => {
    looking = looking.then(async () => {
      if (stopped || options.isHeld?.() || (!forced && !(await isDue(options, measured)))) return;
      const before = measured;
      measured = await keepTo(options);
      if (measured.stuck && before?.stuck !== true)
        log(
          `the server keeps ${formatBytes(measured.kept)}, its share of the disk is ${formatBytes(measured.share)}, and nothing is left that may go`,
        );
    });
    looking = looking.catch((error: unknown) => log('keeping to the share of the disk', error));
    return looking;
  };
  const again = (delay: number): void => {
    if (stopped) return;
    timer = clock.after(delay, () => void look(false).then(() => again(interval)));
  };
  again(firstLook);
  return {
    now: () => look(true),
    async stop() {
      stopped = true;
      timer?.cancel();
      await looking;
    },
  };
}

/** Whether the server may have come above its share since it was measured. */
async function isDue({ dataDir, clock, configured }: DiskShareOptions, last: Measured | undefined): Promise<boolean> {
  if (last === undefined) return true;
  const age = clock.now() - last.at;
  if (age < 0 || age >= longest) return true;
  const { bsize, blocks, bavail } = await statfs(dataDir);
  const share = shareOf(await configured(), blocks * bsize);
  if (share !== last.share) return true;
  if (last.stuck) return age >= patience;
  return last.kept + (last.free - bavail * bsize) > share;
}

async function keepTo(options: DiskShareOptions): Promise<Measured> {
  const { dataDir, clock, run, configured, parts } = options;
  const { bsize, blocks, bavail } = await statfs(dataDir);
  const share = shareOf(await configured(), blocks * bsize);
  const names = (await readdir(dataDir)).filter(isInShare);
  const sizes = await sizesOf(
    run,
    names.map((name) => join(dataDir, name)),
  );
  let kept = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const excess = kept - share;
  if (excess > 0) {
    const wanted = kept - target * share;
    let freed = 0;
    for (const part of parts) if (freed < wanted) freed += await part.shrink(wanted - freed);
    kept -= freed;
    if (freed > 0) options.log(`removed ${formatBytes(freed)} to keep to the share of the disk, ${formatBytes(share)}`);
  }
  return { at: clock.now(), kept, free: bavail * bsize, share, stuck: kept > share };
}
