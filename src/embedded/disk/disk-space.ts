/** `kf server df` and `prune`: what takes room in the data directory, and what of it nothing uses. */

import { readdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { SourceStore } from '../../build/source-store.ts';
import type { Client } from '../../client/client.ts';
import type { DiskReport, DiskSpace, DiskUse } from '../../client/disk.ts';
import type { RunCommand } from '../../node/host/run-command.ts';
import { digestHex } from '../../node/images/image.ts';
import type { ImageStore } from '../../node/images/image-store.ts';
import { unownedLogs } from '../../node/logs/log-janitor.ts';
import type { LogStore } from '../../node/logs/log-store.ts';
import { isFinal } from '../../resources/condition.ts';
import { Build } from '../../resources/kf/build.ts';
import { statusError } from '../../resources/status.ts';
import type { Collector } from './collector.ts';
import { sizesIn, sizesOf } from './du.ts';
import { bytesOf } from './measure.ts';
import { namedImages, namedSources } from './named.ts';
import { isAside, isInShare, shareOf } from './share.ts';
import { removeUnused, type StoredImagesOptions, unusedImages } from './stored-images.ts';

export interface DiskSpaceOptions {
  readonly dataDir: string;
  readonly client: Client;
  readonly images: ImageStore;
  readonly sources: SourceStore;
  /** Images of registries and Dockerfiles. */
  readonly stored: StoredImagesOptions;
  readonly collector: Collector;
  readonly logs: LogStore;
  readonly run: RunCommand;
  /** Bytes of the server's share, as they were set. */
  readonly share: () => Promise<number | undefined>;
  /** Whether the log of an owner that is gone is still to be forwarded. */
  readonly holdsLog: (owner: string) => Promise<boolean>;
  /** Whether nothing may go for now. Default: never. */
  readonly isHeld?: () => boolean;
}

export function createDiskSpace(options: DiskSpaceOptions): DiskSpace {
  return {
    report: () => report(options),
    async prune({ aside }) {
      if (options.isHeld?.())
        throw statusError('Conflict', 'a backup is being made, which reads what would go: try again when it is done');
      const before = await report(options);
      await options.collector.now();
      await removeUnused(options.stored);
      for (const owner of await unusedLogs(options)) await options.logs.delete(owner);
      if (aside) await removeAside(options.dataDir);
      const after = await report(options);
      const removed = before.uses
        .filter(({ name, unusedCount }) => unusedCount > 0 && (aside || name !== 'aside'))
        .map(({ name, unusedCount, unusedBytes }) => {
          const left = after.uses.find((use) => use.name === name);
          return {
            name,
            count: unusedCount - (left?.unusedCount ?? 0),
            bytes: unusedBytes - (left?.unusedBytes ?? 0),
          };
        })
        .filter(({ count }) => count > 0);
      return { removed, freedBytes: removed.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
  };
}

async function removeAside(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir))
    if (isAside(name)) await rm(join(dataDir, name), { recursive: true, force: true });
}

async function report(options: DiskSpaceOptions): Promise<DiskReport> {
  const { dataDir } = options;
  const { bsize, blocks, bavail } = await statfs(dataDir);
  const names = await readdir(dataDir);
  const seen = new Set<string>();
  const uses: DiskUse[] = [await storeUse(dataDir, names)];
  uses.push(await logsUse(options));
  for (const folder of ['volumes', 'disks'] as const) uses.push(await whole(dataDir, folder, seen));
  uses.splice(2, 0, await imagesUse(options, seen), await storageUse(options), await sourcesUse(options));
  uses.push(await buildsUse(options));
  uses.push(await asideUse(dataDir, names.filter(isAside)));
  const counted = new Set([
    'logs',
    'volumes',
    'disks',
    'images',
    'layers',
    'storage',
    'sources',
    'builds',
    'build-caches',
  ]);
  const others = names.filter((name) => !counted.has(name) && !isAside(name) && !isStore(name));
  uses.push({ name: 'other', bytes: await sum(dataDir, others, seen), unusedCount: 0, unusedBytes: 0 });
  const totalBytes = blocks * bsize;
  const shareBytes = shareOf(await options.share(), totalBytes);
  const keptBytes = uses.filter(({ name }) => isInShare(name)).reduce((total, { bytes }) => total + bytes, 0);
  return { dataDir, totalBytes, freeBytes: bavail * bsize, shareBytes, keptBytes, uses };
}

const isStore = (name: string): boolean => /^store\.db(-wal|-shm)?$/.test(name);

const used = (name: string, count: number, bytes: number): DiskUse => ({
  name,
  count,
  bytes,
  unusedCount: 0,
  unusedBytes: 0,
});

async function storeUse(dataDir: string, names: readonly string[]): Promise<DiskUse> {
  return { name: 'store', bytes: await sum(dataDir, names.filter(isStore)), unusedCount: 0, unusedBytes: 0 };
}

async function whole(dataDir: string, folder: string, seen: Set<string>): Promise<DiskUse> {
  const { length } = await readdir(join(dataDir, folder)).catch(() => []);
  return used(folder, length, await bytesOf(join(dataDir, folder), seen));
}

/** Logs whose owner was deleted without the janitor seeing it, as before a crash of the machine. */
async function unusedLogs({ client, logs, holdsLog }: DiskSpaceOptions): Promise<readonly string[]> {
  const unused: string[] = [];
  for (const owner of await unownedLogs({ client, logs })) if (!(await holdsLog(owner))) unused.push(owner);
  return unused;
}

async function logsUse(options: DiskSpaceOptions): Promise<DiskUse> {
  const folder = join(options.dataDir, 'logs');
  const unused = await unusedLogs(options);
  const sizes = await sizesIn(options.run, folder);
  const unusedBytes = unused.reduce((total, owner) => total + (sizes.get(join(folder, owner)) ?? 0), 0);
  // Those that were discarded have no size.
  return { ...used('logs', sizes.size - 1, sizes.get(folder) ?? 0), unusedCount: unused.length, unusedBytes };
}

/** With their layers: a layer that no image in use has goes with the images. */
async function imagesUse({ dataDir, client, images }: DiskSpaceOptions, seen: Set<string>): Promise<DiskUse> {
  const unused = await images.unused(() => namedImages(client));
  const layers = join(dataDir, 'layers');
  const gone = new Set(unused.layers.map(digestHex));
  let bytes = await bytesOf(join(dataDir, 'images'), seen);
  let unusedBytes = 0;
  // Those in use first: a file that both have is not freed.
  const names = (await readdir(layers)).sort((a, b) => Number(gone.has(a)) - Number(gone.has(b)));
  for (const name of names) {
    const size = await bytesOf(join(layers, name), seen);
    bytes += size;
    if (gone.has(name)) unusedBytes += size;
  }
  const { length } = await images.list();
  return { name: 'images', count: length, bytes, unusedCount: unused.images.length, unusedBytes };
}

/** Images share layers: what is not used is not wholly freed. */
async function storageUse({ stored, run }: DiskSpaceOptions): Promise<DiskUse> {
  const { graphRoot } = stored.storage.folders;
  const unused = await unusedImages(stored);
  const kept = stored.storage.list().filter(({ id }) => stored.storage.isKept(id));
  const bytes = (await sizesOf(run, [graphRoot])).get(graphRoot) ?? 0;
  const unusedBytes = unused.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    name: 'image storage',
    count: kept.length,
    bytes,
    unusedCount: unused.length,
    unusedBytes: Math.min(unusedBytes, bytes),
  };
}

async function sourcesUse({ dataDir, client, sources }: DiskSpaceOptions): Promise<DiskUse> {
  const folder = join(dataDir, 'sources');
  const unused = await sources.unused(() => namedSources(client));
  const sizes = unused.map((sha256) => bytesOf(sources.pathOf(sha256)));
  const unusedBytes = (await Promise.all(sizes)).reduce((total, size) => total + size, 0);
  const { length } = await readdir(folder);
  return {
    name: 'sources',
    count: length,
    bytes: await bytesOf(folder),
    unusedCount: unused.length,
    unusedBytes,
  };
}

/** Working folders; those of Builds that have ended go at the next start. */
async function buildsUse({ dataDir, client }: DiskSpaceOptions): Promise<DiskUse> {
  const { items } = await client.list(Build, { unfinishedOnly: true });
  const count = items.filter((build) => !isFinal(build)).length;
  return used('builds', count, await sum(dataDir, ['builds', 'build-caches']));
}

async function asideUse(dataDir: string, names: readonly string[]): Promise<DiskUse> {
  const bytes = await sum(dataDir, names);
  return { name: 'aside', count: names.length, bytes, unusedCount: names.length, unusedBytes: bytes };
}

async function sum(dataDir: string, names: readonly string[], seen?: Set<string>): Promise<number> {
  let bytes = 0;
  for (const name of names) bytes += await bytesOf(join(dataDir, name), seen);
  return bytes;
}
