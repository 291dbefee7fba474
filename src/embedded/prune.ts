/** Removes images, layers, source packages and builds' folders that nothing names any more. Runs before builds start, so none is in the making. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../build/remove-tree.ts';
import type { SourceStore } from '../build/source-store.ts';
import type { Client } from '../client/client.ts';
import { digestOf } from '../node/images/image.ts';
import type { ImageStore } from '../node/images/image-store.ts';
import { isFinal } from '../resources/condition.ts';
import { Pod } from '../resources/core/pod.ts';
import { App } from '../resources/kf/app.ts';
import { Build } from '../resources/kf/build.ts';
import { SourcePackage } from '../resources/kf/source-package.ts';

export async function prune(client: Client, dataDir: string, images: ImageStore, sources: SourceStore): Promise<void> {
  await images.prune(await imagesInUse(client));
  await pruneBuilds(client, join(dataDir, 'builds'));
  // Files first: a package is announced before it is uploaded, so what is here has been.
  const present = await readdir(join(dataDir, 'sources'));
  const { items } = await client.list(SourcePackage);
  const kept = new Set(items.map((source) => `${source.spec.checksum.value}.tar`));
  for (const name of present) if (!kept.has(name)) await sources.delete(name.replace(/\.tar$/, ''));
}

/** Working folders of Builds that were deleted, or ended just before a crash. */
async function pruneBuilds(client: Client, folder: string): Promise<void> {
  const present = await readdir(folder).catch(() => []);
  const { items } = await client.list(Build, { unfinishedOnly: true });
  const kept = new Set(items.filter((build) => !isFinal(build)).map((build) => build.metadata.uid));
  for (const uid of present) if (!kept.has(uid)) await removeTree(join(folder, uid));
}

/** Digests that an App, a kept Build or an unfinished Pod names. */
async function imagesInUse(client: Client): Promise<ReadonlySet<string>> {
  const [apps, builds, pods] = await Promise.all([
    client.list(App),
    client.list(Build),
    client.list(Pod, { unfinishedOnly: true }),
  ]);
  const refs = [
    ...apps.items.map((app) => app.status?.image),
    ...builds.items.map((build) => build.status?.image),
    ...pods.items.flatMap((pod) => pod.spec.containers.map((container) => container.image)),
  ];
  return new Set(refs.map((ref) => digestOf(ref ?? '')).filter((digest) => digest !== undefined));
}
