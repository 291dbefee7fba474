/**
 * Where image builds work: per App a file system of limited size, kept between builds for the layers in it, mounted while
 * one Build has it; where this machine cannot mount those, a plain folder, whose size nothing enforces.
 *
 *     build-caches/NAME.img    the file system
 *     build-caches/NAME/       where it is mounted, or the plain folder
 *     build-caches/NAME.user   the Build that has it; with what a Build left in the middle nobody goes on
 */

import {
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  statfs,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { KeyedMutex } from '../../client/keyed-mutex.ts';
import { syncPath } from '../../files/durable.ts';
import { exists } from '../../files/exists.ts';
import { ignoring } from '../../resources/errors.ts';
import type { RunCommand } from '../host/run-command.ts';
import { type DiskProvider, DiskReserveError, DiskTooSmallError } from './disk.ts';
import { detachLoops, type LoopImage, loopImage, makeLoopImage, mountsBelow, removeLoopImage } from './loop-image.ts';

export interface BuildCachesOptions {
  readonly folder: string;
  readonly disk: Pick<DiskProvider, 'kind' | 'reserve'>;
  /** Who writes to one, unless something else is said: root of the builds' user namespace. */
  readonly owner: number;
  /** Bytes of one; less where the disk has less. Default 8 GiB. */
  readonly limitBytes?: number;
  readonly run: RunCommand;
}

const gibibyte = 2 ** 30;

/** In a cache while somebody writes to it. */
export const dirtyMarker = 'unfinished';

/** Follows the user's name in the file that says who has a cache: it was unmounted in good order. */
const suspended = ' suspended';

/** Share of a cache above which the next build begins with an empty one: old layers are never removed singly. */
const mostUsed = 0.5;

export class BuildCaches {
  readonly #options: BuildCachesOptions;
  #folder = '';
  /** Ends what is promised to an open cache, by name. */
  readonly #reservations = new Map<string, () => void>();
  /** Per cache: changes of one happen one at a time. */
  readonly #mutex = new KeyedMutex();

  constructor(options: BuildCachesOptions) {
    this.#options = options;
  }

  /** Before anything else. @param users Builds that may still be writing; what others had open is let go */
  async start(users: ReadonlySet<string>): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true, mode: 0o700 });
    // The kernel names mounts and loop devices by their real path.
    this.#folder = await realpath(this.#options.folder);
    for (const name of await this.#names()) {
      const user = await this.#userOf(name);
      if (user !== undefined && users.has(user)) continue;
      if (user === undefined) await this.#unmount(name);
      else await this.#remove(name);
    }
    await this.#detachUnmounted();
  }

  /**
   * The cache's folder, which belongs to `owner`, for this user alone until it closes it. Idempotent. One that was left in the middle, is half full
   * or of an earlier boot is made anew.
   * @throws DiskReserveError, DiskTooSmallError
   */
  open(name: string, user: string, owner = this.#options.owner): Promise<string> {
    return this.#mutex.run(name, async () => {
      const path = this.#path(name);
      const present = await this.#userOf(name);
      if (present === user && (await this.#goOn(name))) return path;
      if (present !== undefined || !(await this.#reopen(name))) await this.#makeNew(name, owner);
      await writeFile(`${path}.user`, user, { mode: 0o600 });
      return path;
    });
  }

  /** The user writes to his no more, which an earlier server may have opened. Idempotent. */
  async close(user: string): Promise<void> {
    for (const name of await this.#names())
      await this.#mutex.run(name, async () => {
        if ((await this.#userOf(name)) !== user) return;
        await this.#unmount(name);
        await syncPath(this.#image(name).file).catch(ifMissing);
        await rm(`${this.#path(name)}.user`, { force: true });
        this.#release(name);
      });
  }

  /** Unmounts all, for a server that ends while nothing runs; whoever has one finds it again as it was. */
  async suspend(): Promise<void> {
    for (const name of await this.#names())
      await this.#mutex.run(name, async () => {
        const user = await this.#userOf(name);
        if (user === undefined) return;
        await this.#unmount(name);
        await syncPath(this.#image(name).file).catch(ifMissing);
        await writeFile(`${this.#path(name)}.user`, user + suspended, { mode: 0o600 });
        this.#release(name);
      });
  }

  /** Removes the caches of those that are not named, unless they are open. */
  async prune(named: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#names())
      if (!named.has(name))
        await this.#mutex.run(name, async () => {
          if ((await this.#userOf(name)) === undefined) await this.#remove(name);
        });
  }

  async #names(): Promise<ReadonlySet<string>> {
    return new Set((await readdir(this.#folder)).map((entry) => entry.replace(/\.(img|user)$/, '')));
  }

  #path(name: string): string {
    if (!/^[a-z0-9-]+$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name of a build cache`);
    return join(this.#folder, name);
  }

  #image(name: string, limitBytes = 0): LoopImage {
    return loopImage(this.#folder, name, limitBytes);
  }

  async #userOf(name: string): Promise<string | undefined> {
    return (await this.#noteOf(name))?.replace(suspended, '');
  }

  #noteOf(name: string): Promise<string | undefined> {
    return readFile(`${this.#path(name)}.user`, 'utf8').catch(() => undefined);
  }

  /** Whether its user finds it as he left it. */
  async #goOn(name: string): Promise<boolean> {
    if (await this.#isReady(this.#path(name))) return true;
    const note = await this.#noteOf(name);
    if (note?.endsWith(suspended) !== true) return false;
    await this.#mount(name);
    await writeFile(`${this.#path(name)}.user`, note.replace(suspended, ''), { mode: 0o600 });
    return true;
  }

  get #isPlain(): boolean {
    return this.#options.disk.kind !== 'loop-pool';
  }

  async #isReady(path: string): Promise<boolean> {
    if (this.#isPlain) return exists(path);
    return (await mountsBelow(path)).includes(path);
  }

  /** Whether what an earlier build left can be gone on with; it is mounted then. */
  async #reopen(name: string): Promise<boolean> {
    const path = this.#path(name);
    if (!(await exists(this.#isPlain ? path : this.#image(name).file))) return false;
    try {
      await this.#mount(name);
      const { blocks, bfree } = await statfs(path);
      if (await exists(join(path, dirtyMarker))) return false;
      if (this.#isPlain) return true;
      if ((blocks - bfree) / blocks > mostUsed) return false;
      const { size, blocks: written } = await lstat(this.#image(name).file);
      await this.#reserve(name, Math.max(0, size - written * 512));
      return true;
    } catch {
      // Damaged, or the disk has become too full for its size: a smaller one may do.
      return false;
    }
  }

  async #makeNew(name: string, owner: number): Promise<void> {
    const { run, limitBytes = 8 * gibibyte } = this.#options;
    await this.#remove(name);
    const path = this.#path(name);
    const bytes = await this.#reserveMost(name, limitBytes);
    try {
      if (this.#isPlain) await mkdir(path, { mode: 0o700 });
      else await makeLoopImage(run, this.#image(name, bytes));
      await chown(path, owner, owner);
    } catch (error) {
      this.#release(name);
      throw error;
    }
  }

  /** Makes it as large as the disk has room for, halving down to a gibibyte. @throws DiskReserveError, DiskTooSmallError */
  async #reserveMost(name: string, bytes: number): Promise<number> {
    try {
      await this.#reserve(name, bytes);
      return bytes;
    } catch (error) {
      const isFull = error instanceof DiskReserveError || error instanceof DiskTooSmallError;
      if (!isFull || bytes / 2 < gibibyte / 4) throw error;
      return this.#reserveMost(name, bytes / 2);
    }
  }

  async #reserve(name: string, bytes: number): Promise<void> {
    this.#release(name);
    this.#reservations.set(name, await this.#options.disk.reserve(bytes));
  }

  #release(name: string): void {
    this.#reservations.get(name)?.();
    this.#reservations.delete(name);
  }

  async #mount(name: string): Promise<void> {
    if (this.#isPlain) return;
    const { path, file } = this.#image(name);
    if (await this.#isReady(path)) return;
    await mkdir(path, { recursive: true, mode: 0o700 });
    await this.#options.run('mount', ['-t', 'ext4', '-o', 'loop,nosuid,nodev,noatime', file, path]);
  }

  /** Lazily: processes of a Build that was deleted may take a moment to end. */
  async #unmount(name: string): Promise<void> {
    const path = this.#path(name);
    if (this.#isPlain) return;
    for (const mount of (await mountsBelow(path)).reverse()) await this.#options.run('umount', ['--lazy', mount]);
    await rmdir(path).catch(ifMissing);
  }

  async #remove(name: string): Promise<void> {
    const { run } = this.#options;
    const path = this.#path(name);
    await rm(`${path}.user`, { force: true });
    this.#release(name);
    if (!this.#isPlain) return removeLoopImage(run, this.#image(name));
    if (!(await exists(path))) return;
    // Renamed at once, so that its name is free; removing its thousands of files takes longer.
    const gone = `${path}-gone`;
    await run('rm', ['-rf', '--one-file-system', '--', gone]);
    await rename(path, gone);
    await run('rm', ['-rf', '--one-file-system', '--', gone]);
  }

  /** Devices of caches whose mount has gone. */
  async #detachUnmounted(): Promise<void> {
    const mounted = new Set(await mountsBelow(this.#folder));
    await detachLoops(
      this.#options.run,
      (file) => file.startsWith(`${this.#folder}/`) && !mounted.has(file.replace(/\.img$/, '')),
    );
  }
}

const ifMissing = ignoring('ENOENT', 'ENOTDIR');
