/** Images on this machine: `images/<hex>.json` name layers, `layers/<hex>/` hold their files, rooted at `/`. */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, watch } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncPath, writeDurably } from '../../files/durable.ts';
import { errorCode } from '../../resources/errors.ts';
import { hostStackRef } from '../../resources/image-reference.ts';
import {
  builderBase,
  builderStackRef,
  digestHex,
  digestOf,
  hostBase,
  type Image,
  type ImageManifest,
  ImageNotFound,
  imageRef,
} from './image.ts';

export interface ImageStoreOptions {
  readonly images: string;
  readonly layers: string;
}

export interface NewImage extends Omit<ImageManifest, 'schemaVersion'> {
  /** `space/app`. */
  readonly repository: string;
  /** Holds the image from before it is there. */
  readonly holder?: string;
}

export class ImageStore {
  readonly #options: ImageStoreOptions;
  /** Manifests never change, so they are read once. */
  readonly #known = new Map<string, Image>();
  /** Digests by holder. */
  readonly #held = new Map<string, Set<string>>();
  /** While a prune looks: what it has to leave alone. */
  #touched: Set<string> | undefined;

  constructor(options: ImageStoreOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await mkdir(this.#options.images, { recursive: true });
    await mkdir(this.#options.layers, { recursive: true });
  }

  /** @throws ImageNotFound naming what is missing */
  async resolve(ref: string): Promise<Image> {
    const builtIn = builtInImages.get(ref);
    if (builtIn !== undefined) return builtIn;
    const digest = digestOf(ref);
    if (digest === undefined)
      throw new ImageNotFound(
        `image ${ref} is not on this machine; there are those of Apps (kf app APP_NAME) and ${hostStackRef}`,
      );
    const image = this.#known.get(digest) ?? (await this.#read(ref, digest));
    for (const path of image.layerPaths)
      if (!existsSync(path)) throw new ImageNotFound(`image ${ref}: layer ${path} is gone; push the app again`);
    this.#known.set(digest, image);
    this.#touch([digest, ...image.manifest.layers]);
    return { ...image, ref };
  }

  /** What an image lacks, in one line; undefined when it is whole. Asks the disk, also for what was read before. */
  async lackOf(ref: string): Promise<string | undefined> {
    const digest = digestOf(ref);
    if (digest !== undefined) this.#known.delete(digest);
    try {
      const { layerPaths } = await this.resolve(ref);
      const empty = layerPaths.find((path) => readdirSync(path).length === 0);
      return empty === undefined ? undefined : `image ${ref}: layer ${empty} is empty; push the app again`;
    } catch (error) {
      if (error instanceof ImageNotFound) return error.message;
      throw error;
    }
  }

  /** Calls `changed` after images or layers came or went. */
  watch(changed: () => void): { close(): void } {
    const watchers = [this.#options.images, this.#options.layers].map((folder) => watch(folder, changed));
    // A folder that is removed altogether ends its watch; what was in it was told of before.
    for (const watcher of watchers) watcher.on('error', () => watcher.close());
    return {
      close: () => {
        for (const watcher of watchers) watcher.close();
      },
    };
  }

  async #read(ref: string, digest: string): Promise<Image> {
    let text: string;
    try {
      text = await readFile(this.#manifestPath(digest), 'utf8');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      throw new ImageNotFound(`image ${ref} is not on this machine; push the app again`);
    }
    if (digestOfText(text) !== digest) throw new ImageNotFound(`image ${ref} is damaged; push the app again`);
    const manifest = JSON.parse(text) as ImageManifest;
    return { ref, digest, manifest, layerPaths: manifest.layers.map((layer) => this.layerPath(layer)) };
  }

  /** Keeps an image whose layers are here already; durable. The same content gives the same digest. */
  async put({
    repository,
    base,
    layers,
    config,
    annotations,
    holder,
  }: NewImage): Promise<{ ref: string; digest: string }> {
    for (const layer of layers)
      if (!this.hasLayer(layer)) throw new ImageNotFound(`layer ${layer} is not on this machine`);
    const manifest: ImageManifest = {
      schemaVersion: 1,
      base,
      layers,
      config,
      ...(annotations === undefined ? {} : { annotations }),
    };
    const text = canonicalJson(manifest);
    const digest = digestOfText(text);
    this.#touch([digest, ...layers]);
    if (holder !== undefined) this.hold(holder, [digest]);
    if (!this.#isKept(digest)) await writeDurably(this.#manifestPath(digest), text);
    return { ref: imageRef(repository, digest), digest };
  }

  /**
   * Takes over a folder as a layer. It must lie on the same file system, and its files be flushed by the caller.
   * A layer that is here already wins, and the folder is removed.
   */
  async addLayer(stagingDir: string, digest: string): Promise<void> {
    const target = this.layerPath(digest);
    this.#touch([digest]);
    try {
      await rename(stagingDir, target);
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
      await rm(stagingDir, { recursive: true, force: true });
    }
    await syncPath(this.#options.layers);
  }

  /** Whether its manifest is here, undamaged. */
  #isKept(digest: string): boolean {
    try {
      return digestOfText(readFileSync(this.#manifestPath(digest), 'utf8')) === digest;
    } catch {
      return false;
    }
  }

  /** Whether a layer is here; an empty folder is what damage leaves. */
  hasLayer(digest: string): boolean {
    this.#touch([digest]);
    try {
      return readdirSync(this.layerPath(digest)).length > 0;
    } catch {
      return false;
    }
  }

  layerPath(digest: string): string {
    return join(this.#options.layers, digestHex(digest));
  }

  /** The images that are undamaged. */
  async list(): Promise<readonly Image[]> {
    const names = (await readdir(this.#options.images)).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
    const read = names.map(
      (name) => this.#read(name, `sha256:${name.slice(0, 64)}`).catch(undefinedIfMissing), // the digest is all there is of a name
    );
    return (await Promise.all(read)).filter((image) => image !== undefined);
  }

  /** Keeps layers and images that nothing names yet, until the same holder lets them go. */
  hold(holder: string, digests: readonly string[]): void {
    const held = this.#held.get(holder) ?? new Set();
    for (const digest of digests) held.add(digest);
    this.#held.set(holder, held);
    this.#touch(digests);
  }

  release(holder: string): void {
    this.#held.delete(holder);
  }

  /**
   * Removes images that nothing names, then the layers that no image names. Whatever is held, asked for or added while
   * it looks stays: whoever was told that a layer is here may rely on it.
   * @param named reads which digests are named; called after what is held was noted, so that nothing falls between
   */
  async prune(named: () => Promise<ReadonlySet<string>>): Promise<void> {
    if (this.#touched !== undefined) throw new Error('a prune is under way');
    const touched = new Set([...this.#held.values()].flatMap((digests) => [...digests]));
    this.#touched = touched;
    try {
      const images = await this.list();
      const keep = await named();
      await this.#remove(images, (digest) => keep.has(digest) || touched.has(digest));
    } finally {
      this.#touched = undefined;
    }
  }

  /** What a prune would remove. */
  async unused(
    named: () => Promise<ReadonlySet<string>>,
  ): Promise<{ readonly images: readonly string[]; readonly layers: readonly string[] }> {
    const held = new Set([...this.#held.values()].flatMap((digests) => [...digests]));
    const images = await this.list();
    const keep = await named();
    const isKept = (digest: string): boolean => keep.has(digest) || held.has(digest);
    const used = new Set(images.filter(({ digest }) => isKept(digest)).flatMap(({ manifest }) => manifest.layers));
    const layers = (await readdir(this.#options.layers)).filter((name) => /^[0-9a-f]{64}$/.test(name));
    return {
      images: images.map(({ digest }) => digest).filter((digest) => !isKept(digest)),
      layers: layers.map((name) => `sha256:${name}`).filter((digest) => !used.has(digest) && !isKept(digest)),
    };
  }

  /** From one question to its deletion nothing else gets to run. */
  async #remove(images: readonly Image[], isKept: (digest: string) => boolean): Promise<void> {
    const used = new Set<string>();
    for (const { digest, manifest } of images) {
      if (isKept(digest)) for (const layer of manifest.layers) used.add(layer);
      else {
        this.#known.delete(digest);
        rmSync(this.#manifestPath(digest), { force: true });
      }
    }
    for (const name of await readdir(this.#options.layers)) {
      const path = join(this.#options.layers, name);
      if (/^[0-9a-f]{64}$/.test(name)) {
        const digest = `sha256:${name}`;
        if (used.has(digest) || isKept(digest)) continue;
        // Renamed at once, so that its name is free; removing its thousands of files takes longer.
        renameSync(path, `${path}${goneSuffix}`);
        await rm(`${path}${goneSuffix}`, { recursive: true, force: true });
      } else if (name.endsWith(goneSuffix)) await rm(path, { recursive: true, force: true });
    }
  }

  #touch(digests: readonly string[]): void {
    for (const digest of digests) this.#touched?.add(digest);
  }

  #manifestPath(digest: string): string {
    return join(this.#options.images, `${digestHex(digest)}.json`);
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (!(error instanceof ImageNotFound)) throw error;
}

/** Stacks without layers: what lies below is all that there is. */
const builtInImages: ReadonlyMap<string, Image> = new Map(
  [
    [hostStackRef, hostBase],
    [builderStackRef, builderBase],
  ].map(([ref = '', base = '']) => [
    ref,
    { ref, digest: ref, manifest: { schemaVersion: 1, base, layers: [], config: {} }, layerPaths: [] },
  ]),
);

/** Ends the name of a layer that is being removed. */
const goneSuffix = '.gone';

const digestOfText = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** JSON with sorted keys, so that equal manifests have equal digests. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
