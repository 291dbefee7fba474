/**
 * The volumes that the node makes: each a file system of its size in a file, mounted while Pods use it; where this
 * machine cannot mount those, a plain folder, whose size nothing enforces.
 *
 *     volumes/NAME/disk.img   the file system, its room reserved on the disk
 *     volumes/NAME/mnt        where it is mounted
 *     volumes/NAME/data       instead of both: a plain folder
 */

import { chmod, chown, mkdir, open, readdir, rename, rm, rmdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { KeyedMutex } from '../../client/keyed-mutex.ts';
import { syncPath } from '../../files/durable.ts';
import { exists } from '../../files/exists.ts';
import { ignoring } from '../../resources/errors.ts';
import type { DiskProvider } from '../disk/disk.ts';
import { detachLoops, mountsBelow } from '../disk/loop-image.ts';
import { CommandError, longWork, type RunCommand } from '../host/run-command.ts';

export interface VolumeStoreOptions {
  /** Absolute and real, as the kernel names mounts. */
  readonly folder: string;
  /** Undefined: file systems of their own; else why this machine has none. */
  readonly notEnforced: string | undefined;
  /** Where room on the disk is promised. */
  readonly disk: Pick<DiskProvider, 'reserve'>;
  /** Who writes to volumes. */
  readonly owner: { readonly uid: number; readonly gid: number };
  readonly run: RunCommand;
}

/** Who may enter and write to a new volume: binding decides who gets it. */
const everybody = 0o777;

const stagingSuffix = '.tmp';

export class VolumeStore {
  readonly #options: VolumeStoreOptions;
  /** Pods that use a volume, by its name. */
  readonly #users = new Map<string, Set<string>>();
  /** Mounting and unmounting of one volume happen one after the other. */
  readonly #mutex = new KeyedMutex();

  constructor(options: VolumeStoreOptions) {
    this.#options = options;
  }

  /** Why sizes are not enforced on this machine; undefined where they are. */
  get notEnforced(): string | undefined {
    return this.#options.notEnforced;
  }

  /** Idempotent. @throws DiskReserveError, DiskTooSmallError */
  create(name: string, bytes: number): Promise<void> {
    return this.#mutex.run(name, async () => {
      const { folder, notEnforced, disk } = this.#options;
      const path = this.#path(name);
      if (await exists(path)) return;
      const staging = path + stagingSuffix;
      await rm(staging, { recursive: true, force: true });
      const kept = await disk.reserve(bytes);
      try {
        await mkdir(staging, { recursive: true, mode: 0o700 });
        if (notEnforced === undefined) await this.#makeImage(staging, bytes);
        else await this.#makeFolder(join(staging, 'data'));
        await syncPath(staging);
      } catch (error) {
        await rm(staging, { recursive: true, force: true });
        throw error;
      } finally {
        kept();
      }
      await rename(staging, path);
      await syncPath(folder);
    });
  }

  /** Makes the volume ready for a Pod; gives its folder. @throws Error when it does not exist */
  acquire(name: string, user: string): Promise<string> {
    // Counted at once, so that nobody unmounts it meanwhile.
    this.#usersOf(name).add(user);
    return this.#mutex
      .run(name, () => this.#mount(name))
      .catch(async (error: unknown) => {
        await this.release(name, user);
        throw error;
      });
  }

  /** The Pod is gone. The last one has the file system unmounted, and so flushed. */
  release(name: string, user: string): Promise<void> {
    this.#users.get(name)?.delete(user);
    return this.#mutex.run(name, async () => {
      if (this.#isUsed(name)) return;
      this.#users.delete(name);
      await this.#unmount(name);
    });
  }

  /** A Pod of an earlier server uses the volume, which is mounted. */
  adopt(name: string, user: string): void {
    this.#usersOf(name).add(user);
  }

  /** Idempotent; everything in it goes. @throws Error while a Pod uses it */
  remove(name: string): Promise<void> {
    return this.#mutex.run(name, async () => {
      if (this.#isUsed(name)) throw new Error(`volume ${name} is in use`);
      await this.#unmount(name);
      const path = this.#path(name);
      // Half of a removal must not look like a volume.
      await rename(path, path + stagingSuffix).catch(ignoring('ENOENT', 'ENOTEMPTY'));
      await rm(path + stagingSuffix, { recursive: true, force: true });
    });
  }

  /** After a start: unmounts what nobody uses, and removes what was half made. */
  async sweep(): Promise<void> {
    const { folder, run } = this.#options;
    for (const name of await readdir(folder)) {
      if (name.endsWith(stagingSuffix)) await rm(join(folder, name), { recursive: true, force: true });
      // `lost+found`, where the folder is a disk of its own.
      else if (isName(name) && !this.#isUsed(name)) await this.#mutex.run(name, () => this.#unmount(name));
    }
    const nameOf = (file: string): string => file.slice(folder.length + 1).split('/')[0] ?? '';
    await detachLoops(run, (file) => file.startsWith(`${folder}/`) && !this.#isUsed(nameOf(file)));
  }

  #path(name: string): string {
    if (!isName(name)) throw new Error(`${JSON.stringify(name)} is no name of a volume`);
    return join(this.#options.folder, name);
  }

  #usersOf(name: string): Set<string> {
    const users = this.#users.get(name) ?? new Set();
    this.#users.set(name, users);
    return users;
  }

  #isUsed(name: string): boolean {
    return (this.#users.get(name)?.size ?? 0) > 0;
  }

  async #makeImage(staging: string, bytes: number): Promise<void> {
    const { run, owner } = this.#options;
    const file = join(staging, 'disk.img');
    const size = Math.ceil(bytes / 4096) * 4096;
    await (await open(file, 'wx', 0o600)).close();
    // Reserved, not sparse: a sparse image on a full disk loses writes in silence.
    await run('fallocate', ['--length', String(size), file], { timeout: longWork }).catch(async (error: unknown) => {
      // File systems that copy on write know no reservation.
      if (!(error instanceof CommandError) || !/not supported/i.test(error.reason)) throw error;
      await truncate(file, size);
    });
    const user = `root_owner=${owner.uid}:${owner.gid}`;
    const options = ['-q', '-F', '-m', '0', '-b', '4096', '-E', `nodiscard,lazy_itable_init=1,${user}`];
    await run('mkfs.ext4', [...options, file], { timeout: longWork });
    await mkdir(join(staging, 'mnt'), { mode: 0o700 });
    await syncPath(file);
  }

  async #makeFolder(path: string): Promise<void> {
    const { owner } = this.#options;
    await mkdir(path);
    await chown(path, owner.uid, owner.gid);
    await chmod(path, everybody);
  }

  async #mount(name: string): Promise<string> {
    const path = this.#path(name);
    const data = join(path, 'data');
    if (await exists(data)) return data;
    const [file, target] = [join(path, 'disk.img'), join(path, 'mnt')];
    if (!(await exists(file))) throw new Error(`volume ${name} is not on this machine`);
    if ((await mountsBelow(target)).includes(target)) return target;
    await this.#options.run('mount', ['-t', 'ext4', '-o', 'loop,nosuid,nodev,noatime', file, target]);
    // The first time: everybody who is given the volume may write to it, whatever user an image has.
    const isNew = await rmdir(join(target, 'lost+found')).then(
      () => true,
      (error) => ignoring('ENOENT', 'ENOTEMPTY')(error) ?? false,
    );
    if (isNew) await chmod(target, everybody);
    return target;
  }

  async #unmount(name: string): Promise<void> {
    const { run } = this.#options;
    const path = this.#path(name);
    for (const mount of (await mountsBelow(join(path, 'mnt'))).reverse())
      await run('umount', [mount]).catch(async (error: unknown) => {
        if (!(error instanceof CommandError)) throw error;
        // A process that still has a file open must not keep the rest from going.
        await run('umount', ['--lazy', mount]);
      });
    await detachLoops(run, (file) => file === join(path, 'disk.img'));
  }
}

const isName = (name: string): boolean => /^[a-z0-9][-.a-z0-9]*$/.test(name) && !name.endsWith(stagingSuffix);
