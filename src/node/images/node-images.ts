/** All images of this machine behind one door: those built on the host stack, and those of containers/storage. */

import type { ContainerStorage, UsableImage } from './container-storage.ts';
import { digestOf, type Image, scratchBase } from './image.ts';
import type { ImageStore } from './image-store.ts';

/** What the node asks of images. */
export interface Images {
  /** Reads no storage and runs no program for an image that was asked for before. @throws ImageNotFound naming what is missing */
  resolve(ref: string): Promise<Image>;
}

export class NodeImages implements Images {
  constructor(
    readonly store: ImageStore,
    readonly storage: ContainerStorage,
  ) {}

  async open(): Promise<void> {
    await Promise.all([this.store.open(), this.storage.open()]);
  }

  async resolve(ref: string): Promise<Image> {
    const stored = this.#stored(ref);
    return stored === undefined ? this.store.resolve(ref) : imageOf(ref, stored);
  }

  /** What an image lacks, in one line; undefined when it is whole. */
  async lackOf(ref: string): Promise<string | undefined> {
    return this.#stored(ref) === undefined ? this.store.lackOf(ref) : undefined;
  }

  /** Calls `changed` after images came or went. */
  watch(changed: () => void): { close(): void } {
    return this.store.watch(changed);
  }

  #stored(ref: string): UsableImage | undefined {
    return this.storage.find(digestOf(ref) ?? ref);
  }
}

const imageOf = (ref: string, { id, layerPaths, config }: UsableImage): Image => ({
  ref,
  digest: `sha256:${id}`,
  manifest: { schemaVersion: 1, base: scratchBase, layers: [], config },
  layerPaths,
});
