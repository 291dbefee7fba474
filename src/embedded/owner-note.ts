/**
 * Beside what a server keeps in memory stands whose it is: somebody may remove the data directory, which names the instance,
 * while mounts, links and containers are still there.
 */

import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processBeginning } from '../node/host/process-beginning.ts';
import type { Layout } from '../node/layout.ts';
import { ensureOwnDirectory } from '../node/own-directory.ts';

export interface OwnerNote {
  readonly dataDir: string;
  readonly instance: string;
  /** The server's process; its number may be another's by now. */
  readonly pid: number;
  readonly beginning?: string;
}

const noteFile = 'owner.json';

/** Writes the note of this process. */
export async function noteOwner({ data, volatile }: Layout, instance: string): Promise<void> {
  const beginning = processBeginning(process.pid);
  const note: OwnerNote = { dataDir: data, instance, pid: process.pid, ...(beginning && { beginning }) };
  await writeFile(join(volatile, noteFile), JSON.stringify(note), { mode: 0o600 });
}

/** The note of the server that has, or had, this data directory. @param folders that may hold it; what is not ours there is not read */
export async function ownerOf(dataDir: string, folders: readonly string[]): Promise<OwnerNote | undefined> {
  for (const folder of folders) {
    const note = await read(folder).catch(() => undefined);
    if (note?.dataDir === dataDir) return note;
  }
  return undefined;
}

/** Where instances keep what is in memory. */
export async function volatileFolders(runDir: string): Promise<readonly string[]> {
  const shared = await readdir('/dev/shm').catch(() => []);
  return [runDir, ...shared.filter((name) => /^kf-[0-9a-f]{6}$/.test(name)).map((name) => join('/dev/shm', name))];
}

async function read(folder: string): Promise<OwnerNote> {
  const text = await readFile(join(folder, noteFile), 'utf8');
  // Anybody may make folders in /dev/shm.
  await ensureOwnDirectory(folder);
  return JSON.parse(text) as OwnerNote;
}
