/** `kf server backup`: one file that a server on this or another machine can go on from. */

import { existsSync } from 'node:fs';
import { chmod, open, readdir, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { renameDurably, syncPath } from '../../files/durable.ts';
import { mountsBelow } from '../../node/disk/loop-image.ts';
import { PersistentVolume } from '../../resources/core/volumes.ts';
import { kindKeyOf } from '../../store/object-store.ts';
import { copyStore, objectByName } from '../../store/offline.ts';
import { type BackupManifest, backedUp, backupFormat, manifestFile, storeFile, volumesFolder } from './contents.ts';
import { completeInterrupted } from './exchange.ts';
import { hold } from './hold.ts';
import { withRoom } from './room.ts';
import { openStaging } from './staging.ts';
import { packTar } from './tar.ts';

export interface BackupOptions {
  readonly dataDir: string;
  /** Absolute. Compressed when it ends with `gz`. */
  readonly file: string;
  readonly version: string;
  readonly volumes: boolean;
  /** Whether a file that is there is replaced. */
  readonly force: boolean;
  readonly now: Date;
  /** Bytes that stay free on the server's disk. Default: 5 %, at least 1 GiB. */
  readonly reserveBytes?: number;
  /** Gives it up. */
  readonly signal?: AbortSignal;
}

export interface MadeBackup extends BackupManifest {
  readonly file: string;
  readonly bytes: number;
  /** Volumes that are not in it. */
  readonly volumesLeftOut: number;
}

/** Works while a server runs. @throws Error; then there is no file that was not there before */
export async function makeBackup(options: BackupOptions): Promise<MadeBackup> {
  const { dataDir, file, force, signal } = options;
  await completeInterrupted(dataDir);
  if (!existsSync(join(dataDir, storeFile))) throw new Error(`there is no server's data in ${dataDir}`);
  if (!force && existsSync(file)) throw new Error(`${file} is there already; --force replaces it`);
  const names = await volumeNames(dataDir);
  const volumes = options.volumes ? await requireUnchangedVolumes(dataDir, names) : undefined;
  const staging = await openStaging(dirname(file)).catch((error: NodeJS.ErrnoException) => {
    throw new Error(refusalOf(dirname(file), error));
  });
  const part = join(staging.folder, basename(file));
  // Before the store is copied: what it names stays until all is read.
  const release = hold(dataDir);
  try {
    const facts = copyStore(join(dataDir, storeFile), join(staging.folder, storeFile));
    const manifest: BackupManifest = {
      format: backupFormat,
      version: options.version,
      ...facts,
      createdAt: options.now.toISOString(),
      volumes: volumes !== undefined,
    };
    await writeFile(join(staging.folder, manifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`);
    await (await open(part, 'wx', 0o600)).close();
    const present = [...backedUp, ...(volumes === undefined ? [] : [volumesFolder])].filter((name) =>
      existsSync(join(dataDir, name)),
    );
    const parts = [
      { folder: staging.folder, names: [manifestFile, storeFile] },
      { folder: dataDir, names: present },
    ];
    const room = { folder: staging.folder, dataDir, reserveBytes: options.reserveBytes, signal };
    await withRoom(room, (given) => packTar(part, parts, { compress: /gz$/.test(file), signal: given }));
    await volumes?.check();
    await syncPath(part);
    await chmod(part, 0o600);
    const { size } = await stat(part);
    await renameDurably(part, file);
    return { ...manifest, file, bytes: size, volumesLeftOut: volumes === undefined ? names.length : 0 };
  } finally {
    release();
    await staging.remove();
  }
}

function refusalOf(folder: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return `there is no folder ${folder}: make it first, or write the backup to another one`;
  if (code === 'ENOTDIR') return `${folder} is no folder`;
  return `cannot write to ${folder}: ${code === 'ENOSPC' ? 'no space is left on its disk' : message}`;
}

const volumeNames = (dataDir: string): Promise<readonly string[]> =>
  readdir(join(dataDir, volumesFolder)).catch(() => []);

/**
 * A file system that is being written cannot be copied: none may be mounted before, in between or afterwards.
 * @throws Error naming a volume that is in use
 */
async function requireUnchangedVolumes(dataDir: string, names: readonly string[]): Promise<{ check(): Promise<void> }> {
  const before = await volumeTimes(dataDir, names);
  return {
    async check() {
      const after = await volumeTimes(dataDir, names);
      const changed = names.find((name) => before.get(name) !== after.get(name));
      if (changed !== undefined)
        throw new Error(`${volumeText(dataDir, changed)} was used while it was being copied; try again`);
    },
  };
}

async function volumeTimes(dataDir: string, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const folder = join(dataDir, volumesFolder);
  const mounts = await mountsBelow(folder);
  const used = names.find((name) => mounts.some((mount) => mount.startsWith(`${join(folder, name)}/`)));
  if (used !== undefined)
    throw new Error(
      `${volumeText(dataDir, used)} is in use: wait for the Tasks that use it, or leave --with-volumes out`,
    );
  const times = names.map(async (name) => {
    const path = ['disk.img', 'data'].map((inner) => join(folder, name, inner)).find((one) => existsSync(one));
    return [name, path === undefined ? 0 : (await stat(path)).mtimeMs] as const;
  });
  return new Map(await Promise.all(times));
}

/** A volume in the words of its users: by its service, whose claim has the same name. @param name of the volume, and of its folder */
function volumeText(dataDir: string, name: string): string {
  const path = join(dataDir, storeFile);
  const volume = objectByName(path, kindKeyOf(PersistentVolume), name) as PersistentVolume | undefined;
  const { claimRef } = volume?.spec ?? {};
  return claimRef === undefined ? `volume ${name}` : `volume "${claimRef.name}" of Space "${claimRef.namespace}"`;
}
