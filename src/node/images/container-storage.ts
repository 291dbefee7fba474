/**
 * Images that containers/storage keeps, in a storage of our own under the data directory: those of registries, archives and
 * Dockerfiles. skopeo writes it; here it is read, so that a task's start runs no program. Nothing of it is mounted: a
 * container's overlay takes the layers' folders themselves.
 *
 * An image counts once it was *kept*: flushed to the disk, and noted in a file of its own. What a crash left half-written
 * was not.
 */

import { existsSync, readFileSync, renameSync, statfsSync, statSync, utimesSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../files/durable.ts';
import { errorCode } from '../../resources/errors.ts';
import type { RunCommand } from '../host/run-command.ts';
import type { ImageConfig } from './image.ts';
import { Skopeo, type SkopeoOptions } from './skopeo.ts';
import type { StorageDriver, StorageFolders } from './storage-config.ts';
import {
  bigDataFile,
  type ImageRecord,
  imageConfigOf,
  type LayerRecord,
  type StoredImage,
  storedImage,
  withDistrusted,
} from './stored-image.ts';

export interface ContainerStorageOptions extends SkopeoOptions {
  /** Holds a file per kept image, `ID.stored`; its time is that of the last use. */
  readonly keptDirectory: string;
  /** Names this boot of the machine: what an earlier one left without keeping it is not trusted. */
  readonly bootId: string;
}

/** A kept image, ready to be run. */
export interface UsableImage extends StoredImage {
  readonly config: ImageConfig;
}

/** In the folder of notes about kept images: the boot of the machine in which the storage was opened. */
export const bootFile = 'storage.boot';

/** Begins the names of folders in which programs work that are to be ended with their server. */
export const pullPrefix = 'pull-';

/** Milliseconds between two notes of an image's use. */
export const useInterval = 600_000;

export class ContainerStorage {
  readonly #options: ContainerStorageOptions;
  readonly #skopeo: Skopeo;
  #driver: StorageDriver = 'overlay';
  /** Usable images by identifier or digest (`sha256:…`): what is in a storage never changes under its digest. */
  readonly #known = new Map<string, UsableImage>();
  #records: { readonly stamp: string; readonly images: readonly StoredImage[] } | undefined;
  readonly #noted = new Map<string, number>();
  /** When an image was last found, by identifier. */
  readonly #found = new Map<string, number>();

  constructor(options: ContainerStorageOptions) {
    this.#options = options;
    this.#skopeo = new Skopeo(options);
  }

  get driver(): StorageDriver {
    return this.#driver;
  }

  get folders(): StorageFolders {
    return this.#options;
  }

  /** Holds what is on its way into the storage; emptied by the next server. */
  get pulls(): string {
    return join(this.#options.graphRoot, 'pulls');
  }

  async open(): Promise<void> {
    const { graphRoot, keptDirectory } = this.#options;
    await mkdir(keptDirectory, { recursive: true });
    await mkdir(graphRoot, { recursive: true, mode: 0o700 });
    await chmod(graphRoot, 0o700);
    this.#driver = usualDriver(graphRoot);
    await this.#configure();
    await this.#discardUnflushed();
  }

  /** Falls back to whole copies of each layer, where the kernel or the file system does without overlays. @returns whether that is a change */
  async useVfs(): Promise<boolean> {
    if (this.#driver === 'vfs' || this.list().length > 0) return false;
    this.#driver = 'vfs';
    await this.#configure();
    return true;
  }

  async #configure(): Promise<void> {
    this.#setDamagedAside();
    await this.#skopeo.configure(this.#driver);
  }

  /** skopeo refuses a storage with records that it cannot read. */
  #setDamagedAside(): void {
    for (const kind of ['images', 'layers']) {
      const file = this.#recordsFile(kind);
      if (readRecords(file) === undefined) renameSync(file, `${file}.damaged`);
    }
  }

  /**
   * A kept image by its identifier or digest (`sha256:…`), or by its full name.
   * Reads nothing for a digest that was found before, but asks whether its layers are there.
   */
  find(wanted: string): UsableImage | undefined {
    const known = this.#known.get(wanted);
    if (known?.layerPaths.every((path) => existsSync(path))) return this.#used(known);
    this.#known.delete(wanted);
    const image = this.list().find(
      ({ id, digests, names }) => `sha256:${id}` === wanted || digests.includes(wanted) || names.includes(wanted),
    );
    if (image === undefined || !this.isKept(image.id)) return undefined;
    if (!image.layerPaths.every((path) => existsSync(path))) return undefined;
    const usable = { ...image, config: this.#configOf(image.id) };
    // A name may be another image's tomorrow.
    if (wanted.startsWith('sha256:')) this.#known.set(wanted, usable);
    return this.#used(usable);
  }

  /** What is in the storage, kept or not: the steps of builds, too. */
  list(): readonly StoredImage[] {
    const { graphRoot } = this.#options;
    const files = ['images', 'layers'].map((kind) => this.#recordsFile(kind));
    const stamp = files.map(stampOf).join();
    if (this.#records?.stamp !== stamp) {
      const [images, layers] = files.map((file) => readRecords(file) ?? []) as [
        readonly ImageRecord[],
        readonly LayerRecord[],
      ];
      const byId = new Map(layers.map((layer) => [layer.id, layer]));
      const where = { graphRoot, driver: this.#driver };
      this.#records = {
        stamp,
        images: images.map((record) => storedImage(record, byId, where)).filter((image) => image !== undefined),
      };
    }
    return this.#records.images;
  }

  isKept(id: string): boolean {
    return existsSync(this.#keptFile(id));
  }

  /**
   * Flushes an image and counts it from now on. For whoever has just had a program write it.
   * @param wanted identifier, digest or name
   * @throws Error when it is not in the storage
   */
  async keep(wanted: string): Promise<UsableImage> {
    const image = this.list().find(
      ({ id, digests, names }) =>
        id === wanted || `sha256:${id}` === wanted || digests.includes(wanted) || names.includes(wanted),
    );
    if (image === undefined) throw new Error(`image ${wanted} is not in the storage ${this.#options.graphRoot}`);
    if (!this.isKept(image.id)) {
      await this.#options.run('sync', ['--file-system', this.#options.graphRoot]);
      await writeDurably(this.#keptFile(image.id), this.#options.bootId);
    }
    return this.find(`sha256:${image.id}`)!;
  }

  /** When an image was last used, or else came; milliseconds since the epoch. */
  lastUsed({ id, created }: StoredImage): number {
    const noted = statSync(this.#keptFile(id), { throwIfNoEntry: false })?.mtimeMs;
    return Math.max(noted ?? (Date.parse(created ?? '') || 0), this.#found.get(id) ?? 0);
  }

  /** Removes an image and the layers that no other one has. Whether anything uses it is for the caller to know. */
  async remove(id: string): Promise<void> {
    for (const [key, image] of this.#known) if (image.id === id) this.#known.delete(key);
    await rm(this.#keptFile(id), { force: true });
    if (this.list().every((image) => image.id !== id)) return;
    await this.skopeo(['delete', `containers-storage:@${id}`]);
  }

  /** Takes out images whose layers are not all there, as a person or damage left them: a pull would take them for granted. */
  async mend(): Promise<void> {
    for (const { id, layerPaths } of this.list())
      if (!layerPaths.every((path) => existsSync(path))) await this.remove(id);
  }

  /** Runs skopeo on this storage. @throws ImageToolsMissing, CommandError */
  async skopeo(args: readonly string[], options?: Parameters<RunCommand>[2]): Promise<string> {
    this.#setDamagedAside();
    // Else whole layers pass through /var/tmp, where nothing removes what a killed skopeo leaves.
    const temporary = args[0] === '--tmpdir' ? [] : ['--tmpdir', await this.#temporaryFolder()];
    return this.#skopeo.run(this.#driver, [...temporary, ...args], options);
  }

  async #temporaryFolder(): Promise<string> {
    const folder = join(this.pulls, `${pullPrefix}other`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }

  #recordsFile(kind: string): string {
    return join(this.#options.graphRoot, `${this.#driver}-${kind}`, `${kind}.json`);
  }

  #keptFile(id: string): string {
    return join(this.#options.keptDirectory, `${id}.stored`);
  }

  #used(image: UsableImage): UsableImage {
    const now = Date.now();
    this.#found.set(image.id, now);
    if (now - (this.#noted.get(image.id) ?? 0) > useInterval) {
      this.#noted.set(image.id, now);
      try {
        utimesSync(this.#keptFile(image.id), now / 1000, now / 1000);
      } catch {
        // Being removed, or the disk is read-only: what it is used for goes on.
      }
    }
    return image;
  }

  #configOf(id: string): ImageConfig {
    const { graphRoot } = this.#options;
    const file = join(graphRoot, `${this.#driver}-images`, id, bigDataFile(`sha256:${id}`));
    return imageConfigOf(readFileSync(file, 'utf8'));
  }

  /** After an unclean end of the machine: what had not been flushed may be shorter or empty. */
  async #discardUnflushed(): Promise<void> {
    const { keptDirectory, bootId } = this.#options;
    const file = join(keptDirectory, bootFile);
    const boot = await readFile(file, 'utf8').catch(() => undefined);
    if (boot === bootId) return;
    if (boot !== undefined) {
      for (const { id } of this.list()) if (!this.isKept(id)) await this.remove(id).catch(() => undefined);
      await this.#markIncompleteLayers();
    }
    const ids = new Set(this.list().map(({ id }) => id));
    for (const name of await readdir(keptDirectory))
      if (name.endsWith('.stored') && !ids.has(name.slice(0, -'.stored'.length)))
        await rm(join(keptDirectory, name), { force: true });
    await writeDurably(file, bootId);
  }

  /**
   * Layers of pulls that were cut off: the next one would take them for whole. Marked as incomplete, they are removed by
   * whoever opens the storage next.
   */
  async #markIncompleteLayers(): Promise<void> {
    const file = this.#recordsFile('layers');
    const records = (readRecords(file) ?? []) as readonly LayerRecord[];
    const marked = withDistrusted(records, (readRecords(this.#recordsFile('images')) ?? []) as readonly ImageRecord[]);
    if (marked !== undefined) await writeDurably(file, JSON.stringify(marked), 0o600);
  }
}

const overlayMagic = 0x794c7630;

/** What is there stays; else overlay, but upon an overlay, where the kernel refuses it. */
function usualDriver(graphRoot: string): StorageDriver {
  for (const driver of ['overlay', 'vfs'] as const) if (existsSync(join(graphRoot, `${driver}-images`))) return driver;
  return statfsSync(graphRoot).type === overlayMagic ? 'vfs' : 'overlay';
}

function stampOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.ino}:${stats.mtimeMs}:${stats.size}`;
}

/** Undefined for what a fault of the disk has left: its images count as gone, what runs without them goes on. */
function readRecords(file: string): readonly unknown[] | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as readonly unknown[];
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
