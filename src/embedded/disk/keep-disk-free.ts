/** Starts what removes from the disk what nothing uses any more, by itself and when somebody asks. */

import type { SourceStore } from '../../build/source-store.ts';
import type { Client } from '../../client/client.ts';
import { systemClock } from '../../client/clock.ts';
import type { BuildCaches } from '../../node/disk/build-caches.ts';
import type { LogForwarder } from '../../node/forward/log-forwarder.ts';
import type { LogStore } from '../../node/logs/log-store.ts';
import { isHeld } from '../backup/hold.ts';
import type { Machine } from '../machine.ts';
import type { NodeParts } from '../node-parts.ts';
import { loadServerConfig } from '../server-config.ts';
import { startCollector } from './collector.ts';
import { startDiskShare } from './disk-share.ts';
import { createDiskSpace } from './disk-space.ts';
import { oldLogs } from './old-logs.ts';
import { shrinkableImages, shrinkableStorage } from './shrinkable-images.ts';
import { isReplaced, removeUnused } from './stored-images.ts';

interface Options {
  readonly client: Client;
  readonly sources: SourceStore;
  readonly caches: BuildCaches;
  readonly logs: LogStore;
  readonly forwarder: LogForwarder;
  readonly log: (message: string, error?: unknown) => void;
}

export function keepDiskFree(
  { client, sources, caches, logs, forwarder, log }: Options,
  { layout, run, images: { store: images, storage, settings } }: Machine,
  parts: NodeParts,
): void {
  const { data: dataDir } = layout;
  const stored = { client, storage, store: images, settings };
  const share = async (): Promise<number | undefined> => (await loadServerConfig(dataDir)).diskShare;
  const held = (): boolean => isHeld(dataDir);
  const holds = (owner: string): Promise<boolean> => forwarder.holds(owner);
  const collector = startCollector({
    client,
    clock: systemClock,
    images,
    sources,
    caches,
    pruneStored: () => removeUnused(stored, { only: isReplaced }),
    isHeld: held,
    onError: log,
  });
  parts.collector = collector;
  parts.diskSpace = createDiskSpace({
    dataDir,
    client,
    images,
    sources,
    stored,
    collector,
    logs,
    run,
    share,
    holdsLog: holds,
    isHeld: held,
  });
  parts.diskShare = startDiskShare({
    dataDir,
    clock: systemClock,
    run,
    configured: share,
    isHeld: held,
    parts: [
      shrinkableImages({ collector, layout, run }),
      shrinkableStorage(stored, run),
      oldLogs({ client, clock: systemClock, logs, directory: layout.logs, run, holds }),
    ],
    log,
  });
}
