/**
 * Which images of containers/storage nothing names any more. Those of registries stay all the same, for the next who wants
 * them, until their room is wanted; those that were built here and replaced go.
 */

import type { Client } from '../../client/client.ts';
import { type ContainerStorage, useInterval } from '../../node/images/container-storage.ts';
import type { ImageStore } from '../../node/images/image-store.ts';
import type { StoredImage } from '../../node/images/stored-image.ts';
import { isFinal } from '../../resources/condition.ts';
import { resolveAlias } from '../../resources/image-alias.ts';
import { fullReference, isOwnImage, ownRegistry } from '../../resources/image-reference.ts';
import type { ImageSettings } from '../../resources/image-settings.ts';
import { Build } from '../../resources/kf/build.ts';
import { labels } from '../../resources/labels.ts';
import { namedImages, namesInRuns } from './named.ts';

export interface StoredImagesOptions {
  readonly client: Client;
  readonly storage: Pick<ContainerStorage, 'list' | 'isKept' | 'lastUsed' | 'remove' | 'folders'>;
  /** Its images may stand on stored ones. */
  readonly store: ImageStore;
  readonly settings: () => Promise<ImageSettings>;
  /** Milliseconds after its last use for which an image stays: whoever has just found it may not have named it yet. Default: a minute. */
  readonly grace?: number;
}

/** Milliseconds after which what nobody kept is nothing in the making any more. */
const longestMaking = 3_600_000;

/** What was not used for the longest time comes first. */
export async function unusedImages(options: StoredImagesOptions): Promise<readonly StoredImage[]> {
  const { client, storage, store, grace = 60_000 } = options;
  const images = storage.list();
  if (images.length === 0) return [];
  // What is named is read after what is there: whoever names an image later has found it by then.
  const digests = new Set([...(await namedImages(client)), ...(await basesOf(store))]);
  const names = await namedInFull(options);
  const { repositories, since } = await inTheMaking(client);
  const now = Date.now();
  const isUsed = (image: StoredImage): boolean =>
    [`sha256:${image.id}`, ...image.digests].some((digest) => digests.has(digest)) ||
    image.names.some((name) => names.has(name) || repositories.some((one) => name.startsWith(one))) ||
    storage.lastUsed(image) >= since ||
    now - storage.lastUsed(image) < (storage.isKept(image.id) ? grace : longestMaking);
  return images.filter((image) => !isUsed(image)).sort((a, b) => storage.lastUsed(a) - storage.lastUsed(b));
}

/** Whether it was built here, or another image has taken its name. */
export const isReplaced = ({ names }: StoredImage): boolean => names.every(isOwnImage);

/** Removes unused images until about so many bytes are free. @returns bytes that went, as the images count them */
export async function removeUnused(
  options: StoredImagesOptions,
  {
    bytes = Number.POSITIVE_INFINITY,
    only = () => true,
  }: { readonly bytes?: number; readonly only?: (image: StoredImage) => boolean } = {},
): Promise<number> {
  const since = Date.now();
  let freed = 0;
  for (const image of await unusedImages(options)) {
    if (freed >= bytes) break;
    // Removing takes its time: somebody may have found one meanwhile.
    if (!only(image) || options.storage.lastUsed(image) >= since) continue;
    await options.storage.remove(image.id);
    freed += image.sizeBytes;
  }
  return freed;
}

/** Names that unfinished runs and Builds have for images, in full. */
async function namedInFull({ client, settings }: StoredImagesOptions): Promise<ReadonlySet<string>> {
  const { aliases } = await settings();
  const found = new Set<string>();
  for (const name of await namesInRuns(client))
    try {
      found.add(isOwnImage(name) ? name : fullReference(resolveAlias(name, aliases)));
    } catch {
      // What is no image names none.
    }
  return found;
}

/** Images of the host stack's store that stand on stored ones. */
async function basesOf(store: ImageStore): Promise<readonly string[]> {
  const bases = (await store.list()).map(({ manifest }) => /sha256:[0-9a-f]{64}$/.exec(manifest.base)?.[0]);
  return bases.filter((digest) => digest !== undefined);
}

/**
 * What Builds that go on have put, or will put, their image under; and since when, in milliseconds since the epoch, they
 * may have found images that they start from, which they name nowhere.
 */
async function inTheMaking(
  client: Client,
): Promise<{ readonly repositories: readonly string[]; readonly since: number }> {
  const { items } = await client.list(Build, { unfinishedOnly: true });
  const unfinished = items.filter((build) => !isFinal(build));
  return {
    repositories: unfinished.map(
      ({ metadata }) => `${ownRegistry}/${metadata.namespace}/${metadata.labels?.[labels.appName] ?? metadata.name}:`,
    ),
    // The note of a use that outlives the server may be that much older.
    since: Math.min(...unfinished.map(({ metadata }) => Date.parse(metadata.creationTimestamp ?? ''))) - useInterval,
  };
}
