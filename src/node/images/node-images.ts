/** All images of this machine behind one door: those built on the host stack, and those of containers/storage. */

import { type Clock, pause } from '../../client/clock.ts';
import { resolveAlias } from '../../resources/image-alias.ts';
import {
  fullReference,
  type ImageReference,
  isOwnImage,
  parseImageReference,
  usualPullPolicy,
  withDigest,
} from '../../resources/image-reference.ts';
import type { ImageSettings } from '../../resources/image-settings.ts';
import type { ContainerStorage, UsableImage } from './container-storage.ts';
import { digestOf, type Image, ImageNotFound, scratchBase } from './image.ts';
import type { ImagePuller, PullOptions } from './image-puller.ts';
import type { ImageStore } from './image-store.ts';
import { PullError } from './pull-error.ts';
import { ImageToolsMissing } from './skopeo.ts';

/** What the node asks of images. */
export interface Images {
  /** Reads no storage and runs no program for an image that was asked for before. @throws ImageNotFound naming what is missing */
  resolve(ref: string): Promise<Image>;
  /** Whether an image needs no pull, as far as can be told at once. */
  isHere(ref: string): boolean;
  /**
   * Whether an image has to be pulled before it is used.
   * @param policy as `imagePullPolicy`; Kubernetes' default when absent
   * @throws PullError for what is no image
   */
  wants(ref: string, policy?: string): Promise<boolean>;
  /** @throws PullError, ImageToolsMissing */
  pull(ref: string, options?: PullOptions): Promise<{ readonly ref: string }>;
}

/** Milliseconds between attempts for somebody who waits; after the last one it is given up. */
const retryDelays = [2000, 8000, undefined];

/** For somebody who waits. */
export interface HaveOptions extends PullOptions {
  /** As `imagePullPolicy`. */
  readonly policy?: string;
  /** Why nobody has answered; it is tried again. */
  readonly onTrouble?: (why: string) => void;
}

/** An image of the storage, and a reference that names it. */
export interface HadImage {
  readonly ref: string;
  readonly image: UsableImage;
}

export interface NodeImagesOptions {
  readonly clock: Clock;
  readonly store: ImageStore;
  readonly storage: ContainerStorage;
  readonly puller: ImagePuller;
  /** The administrator's, as they are now. */
  readonly settings: () => Promise<ImageSettings>;
}

export class NodeImages implements Images {
  readonly #options: NodeImagesOptions;

  constructor(options: NodeImagesOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { store, storage, puller } = this.#options;
    await Promise.all([store.open(), storage.open()]);
    await puller.open();
  }

  async resolve(ref: string): Promise<Image> {
    const { store } = this.#options;
    const stored = await this.#stored(ref);
    if (stored !== undefined) return { ...imageOf(ref, stored), byDigest: await this.#byDigest(ref, stored) };
    if (isOwnImage(ref)) return this.#onBase(await store.resolve(ref));
    throw new ImageNotFound(`image ${ref} is not on this machine`);
  }

  /** The layers of an App's image come upon those of its stack, where that is an image, too; it may have to be pulled again. */
  async #onBase(image: Image): Promise<Image> {
    const { base } = image.manifest;
    if (digestOf(base) === undefined) return image;
    try {
      const below = (await this.have(base)).image.layerPaths;
      return { ...image, layerPaths: [...below, ...image.layerPaths] };
    } catch (error) {
      if (!(error instanceof PullError || error instanceof ImageToolsMissing)) throw error;
      throw new ImageNotFound(`image ${image.ref}: its stack ${base} is not on this machine: ${error.message}`);
    }
  }

  isHere(ref: string): boolean {
    if (isOwnImage(ref)) return true;
    const digest = digestOf(ref);
    return digest !== undefined && this.#options.storage.find(digest) !== undefined;
  }

  async wants(ref: string, policy?: string): Promise<boolean> {
    if (isOwnImage(ref) || policy === 'Never') return false;
    const reference = await this.#resolveAlias(ref);
    if ((policy ?? usualPullPolicy(reference)) === 'Always') return true;
    return this.#options.storage.find(reference.digest ?? fullReference(reference)) === undefined;
  }

  async pull(ref: string, options?: PullOptions): Promise<{ readonly ref: string }> {
    return this.#options.puller.pull(await this.#resolveAlias(ref), options);
  }

  /**
   * An image for somebody who waits for it: pulled if it has to be, a few times where nobody answers.
   * @throws PullError, ImageToolsMissing; ImageNotFound for one of this server
   */
  async have(ref: string, { policy, onTrouble, ...options }: HaveOptions = {}): Promise<HadImage> {
    const found = await this.#stored(ref);
    // A reference by digest cannot have changed.
    const isSure = found !== undefined && (digestOf(ref) !== undefined || !(await this.wants(ref, policy)));
    if (isOwnImage(ref) || isSure) {
      if (found === undefined) throw new ImageNotFound(`image ${ref} is not on this machine`);
      return { ref: await this.#byDigest(ref, found), image: found };
    }
    for (const delay of retryDelays) {
      try {
        return await this.#options.puller.pull(await this.#resolveAlias(ref), options);
      } catch (error) {
        if (!(error instanceof PullError) || error.kind === 'fact' || delay === undefined) throw error;
        onTrouble?.(error.message);
        await pause(this.#options.clock, delay);
      }
    }
    throw new Error('unreachable');
  }

  async #byDigest(ref: string, { digests, id }: UsableImage): Promise<string> {
    const digest = digestOf(ref);
    // An alias may stand for a digest.
    if (digest !== undefined && (isOwnImage(ref) || digests.includes(digest))) return ref;
    const reference = isOwnImage(ref) ? parseImageReference(ref) : await this.#resolveAlias(ref);
    return withDigest(reference, digests[0] ?? `sha256:${id}`);
  }

  /** Out of a file on this machine; see ImagePuller. @throws PullError, ImageToolsMissing */
  load(source: string, repository: string, options?: PullOptions): Promise<HadImage> {
    return this.#options.puller.load(source, repository, options);
  }

  async #stored(ref: string): Promise<UsableImage | undefined> {
    const { storage } = this.#options;
    const digest = digestOf(ref);
    const found = digest === undefined ? undefined : storage.find(digest);
    if (found !== undefined || (digest !== undefined && isOwnImage(ref))) return found;
    if (isOwnImage(ref)) return storage.find(ref);
    const meant = await this.#resolveAlias(ref);
    return storage.find(meant.digest ?? fullReference(meant));
  }

  /** What an image lacks, in one line; undefined when it is whole, or can be had again. */
  async lackOf(ref: string): Promise<string | undefined> {
    if (!isOwnImage(ref) || this.isInStorage(ref)) return undefined;
    return this.#options.store.lackOf(ref);
  }

  isInStorage(ref: string): boolean {
    return this.#options.storage.find(digestOf(ref) ?? ref) !== undefined;
  }

  /** Calls `changed` after images came or went. */
  watch(changed: () => void): { close(): void } {
    return this.#options.store.watch(changed);
  }

  async #resolveAlias(ref: string): Promise<ImageReference> {
    const { aliases } = await this.#options.settings();
    try {
      return resolveAlias(ref, aliases);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new PullError(error.message, 'fact', 'InvalidImageName');
    }
  }
}

const imageOf = (ref: string, { id, layerPaths, config }: UsableImage): Image => ({
  ref,
  digest: `sha256:${id}`,
  manifest: { schemaVersion: 1, base: scratchBase, layers: [], config },
  layerPaths,
});
