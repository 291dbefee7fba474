/** Images on this machine: `images/<hex>.json` name layers, `layers/<hex>/` hold their files, rooted at `/`. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncPath, writeDurably } from '../durable.ts';
import { digestHex, digestOf, hostStackRef, type Image, type ImageManifest, ImageNotFound, imageRef } from './image.ts';

export interface ImageStoreOptions {
  readonly images: string;
  readonly layers: string;
}

export interface NewImage extends Omit<ImageManifest, 'schemaVersion'> {
  /** `space/app`. */
  readonly repository: string;
}

export class ImageStore {
  readonly #options: ImageStoreOptions;
  /** Manifests never change, so they are read once. */
  readonly #known = new Map<string, Image>();

  constructor(options: ImageStoreOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await mkdir(this.#options.images, { recursive: true });
    await mkdir(this.#options.layers, { recursive: true });
  }

  /** @throws ImageNotFound naming what is missing */
  async resolve(ref: string): Promise<Image> {
    if (ref === hostStackRef) return hostStackImage;
    const digest = digestOf(ref);
    if (digest === undefined) throw new ImageNotFound(`image ${ref} is not on this machine`);
    const image = this.#known.get(digest) ?? (await this.#read(ref, digest));
    for (const path of image.layerPaths)
      if (!existsSync(path)) throw new ImageNotFound(`image ${ref}: layer ${path} is gone; push the app again`);
    this.#known.set(digest, image);
    return { ...image, ref };
  }

  async #read(ref: string, digest: string): Promise<Image> {
    let text: string;
    try {
      text = await readFile(this.#manifestPath(digest), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw new ImageNotFound(`image ${ref} is not on this machine; push the app again`);
    }
    const manifest = JSON.parse(text) as ImageManifest;
    return { ref, digest, manifest, layerPaths: manifest.layers.map((layer) => this.layerPath(layer)) };
  }

  /** Keeps an image whose layers are here already; durable. The same content gives the same digest. */
  async put({ repository, base, layers, config, annotations }: NewImage): Promise<{ ref: string; digest: string }> {
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
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    if (!existsSync(this.#manifestPath(digest))) await writeDurably(this.#manifestPath(digest), text);
    return { ref: imageRef(repository, digest), digest };
  }

  /**
   * Takes over a folder as a layer. It must lie on the same file system, and its files be flushed by the caller.
   * A layer that is here already wins, and the folder is removed.
   */
  async addLayer(stagingDir: string, digest: string): Promise<void> {
    const target = this.layerPath(digest);
    try {
      await rename(stagingDir, target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
      await rm(stagingDir, { recursive: true, force: true });
    }
    await syncPath(this.#options.layers);
  }

  has(digest: string): boolean {
    return existsSync(this.#manifestPath(digest));
  }

  hasLayer(digest: string): boolean {
    return existsSync(this.layerPath(digest));
  }

  layerPath(digest: string): string {
    return join(this.#options.layers, digestHex(digest));
  }

  async list(): Promise<readonly Image[]> {
    const names = (await readdir(this.#options.images)).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
    return Promise.all(
      names.map((name) => this.#read(name, `sha256:${name.slice(0, 64)}`)), // the digest is all there is of a name
    );
  }

  /** Removes images that `keep` does not name, then the layers that no image names. */
  async prune(keep: ReadonlySet<string>): Promise<void> {
    const used = new Set<string>();
    for (const image of await this.list()) {
      if (keep.has(image.digest)) {
        for (const path of image.layerPaths) used.add(path);
        continue;
      }
      this.#known.delete(image.digest);
      await rm(this.#manifestPath(image.digest), { force: true });
    }
    for (const name of await readdir(this.#options.layers)) {
      const path = join(this.#options.layers, name);
      if (!used.has(path)) await rm(path, { recursive: true, force: true });
    }
  }

  #manifestPath(digest: string): string {
    return join(this.#options.images, `${digestHex(digest)}.json`);
  }
}

const hostStackImage: Image = {
  ref: hostStackRef,
  digest: hostStackRef,
  manifest: { schemaVersion: 1, base: 'host', layers: [], config: {} },
  layerPaths: [],
};

/** JSON with sorted keys, so that equal manifests have equal digests. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
