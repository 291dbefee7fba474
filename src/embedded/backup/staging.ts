/** The folder in which a backup is written, beside the file that it becomes; what a backup that was killed has left goes. */

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { acquireLock, LockedError } from '../../store/lock.ts';

export interface Staging {
  readonly folder: string;
  remove(): Promise<void>;
}

const prefix = '.kf-backup-';
/** Milliseconds after which somebody who has made a folder has locked it, too. */
const settling = 60_000;

const lockIn = (folder: string): string => join(folder, 'staging');

/** @param parent where the backup will be. @throws Error when nothing can be made there */
export async function openStaging(parent: string): Promise<Staging> {
  const folder = await mkdtemp(join(parent, prefix));
  // The kernel drops it with the process, however that ends; on a disk of the network for all machines.
  const lock = acquireLock(lockIn(folder));
  await removeAbandoned(parent, folder);
  return {
    folder,
    async remove() {
      await rm(folder, { recursive: true, force: true });
      lock.release();
    },
  };
}

async function removeAbandoned(parent: string, own: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const folder = join(parent, name);
    if (!name.startsWith(prefix) || folder === own) continue;
    const found = await stat(folder).catch(() => undefined);
    if (found === undefined || Date.now() - found.mtimeMs < settling || isLocked(folder)) continue;
    await rm(folder, { recursive: true, force: true });
  }
}

function isLocked(folder: string): boolean {
  try {
    acquireLock(lockIn(folder)).release();
    return false;
  } catch (error) {
    if (error instanceof LockedError) return true;
    throw error;
  }
}
