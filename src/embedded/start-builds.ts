/** Starts the builds on a node that is up, and what tells of their images. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startBuildController } from '../build/build-controller.ts';
import { startImagePresence } from '../build/image-presence.ts';
import { removeTree } from '../build/remove-tree.ts';
import type { SourceStore } from '../build/source-store.ts';
import type { Client } from '../client/client.ts';
import { systemClock } from '../client/clock.ts';
import { roomWithin } from '../node/agent-options.ts';
import { BuildCaches } from '../node/disk/build-caches.ts';
import { builderIds } from '../node/rootfs/builder-stack.ts';
import { stackFingerprint } from '../node/rootfs/fingerprint.ts';
import { isFinal } from '../resources/condition.ts';
import { hostStackRef } from '../resources/image-reference.ts';
import { Build } from '../resources/kf/build.ts';
import type { ServerConfig } from '../resources/server-config/settings.ts';
import { announceStack } from './announce-stack.ts';
import { givenImages } from './given-images.ts';
import { createImageTools } from './image-tools.ts';
import type { Machine } from './machine.ts';
import type { NodeParts } from './node-parts.ts';
import { buildLimits, nodeLimits } from './node-settings.ts';

interface Options {
  readonly client: Client;
  readonly sources: SourceStore;
  readonly config: ServerConfig;
  readonly log: (message: string, error?: unknown) => void;
}

/** @returns where the images of Apps are built */
export async function startBuilds(
  { client, sources, config, log }: Options,
  { layout, bootId, run, programs, images, disk, stack }: Machine,
  parts: NodeParts,
): Promise<BuildCaches> {
  // Before builds start: each has its folder to itself.
  const caches = new BuildCaches({
    folder: layout.buildCaches,
    disk,
    owner: builderIds.hostId,
    limitBytes: config['build.disk'],
    run,
  });
  parts.caches = caches;
  await caches.start(await pruneBuilds(client, layout.builds));
  const fingerprint = async (): Promise<string> => fingerprintText(await stackFingerprint());
  parts.announcement = announceStack({ client, fingerprint, onError: log });
  parts.builds = startBuildController({
    client,
    clock: systemClock,
    dataDir: layout.data,
    bootId,
    sources,
    images: images.store,
    given: givenImages(images.all),
    imageTools: createImageTools({ storage: images.storage, images: images.all, caches, runtime: programs.runtime }),
    limits: { ...buildLimits(config), machineMemory: roomWithin(nodeLimits(config)).memoryBytes },
    stack: {
      ref: hostStackRef,
      path: stack.path,
      interpreters: async () => (await stackFingerprint()).interpreters,
      fingerprint,
    },
    onError: log,
  });
  parts.presence = startImagePresence({ client, clock: systemClock, images: images.all, onError: log });
  return caches;
}

/** `debian 12; node v20.20.2; python3 Python 3.11.2` */
function fingerprintText({ distribution, interpreters }: Awaited<ReturnType<typeof stackFingerprint>>): string {
  return [distribution, ...Object.entries(interpreters).map(([name, version]) => `${name} ${version}`)].join('; ');
}

/**
 * Removes working folders of Builds that were deleted, or ended just before a crash. For before builds start.
 * @returns uids of the Builds that go on
 */
async function pruneBuilds(client: Client, folder: string): Promise<ReadonlySet<string>> {
  const present = await readdir(folder).catch(() => []);
  const { items } = await client.list(Build, { unfinishedOnly: true });
  const kept = new Set(items.filter((build) => !isFinal(build)).map((build) => build.metadata.uid ?? ''));
  for (const uid of present) if (!kept.has(uid)) await removeTree(join(folder, uid));
  return kept;
}
