/** The lock by which commands that start at once start one server. The server's own lock is the last word. */

import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './server-file.ts';

export interface StartLock {
  release(): Promise<void>;
}

const lockFile = (home: string): string => join(home, 'start.lock');

/** The lock, or undefined while a living process holds it. */
export async function tryLock(home: string): Promise<StartLock | undefined> {
  const path = lockFile(home);
  const mine = `${path}.${randomUUID()}`;
  await writeFile(mine, `${process.pid}\n`);
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        // A link appears with its content, and not at all where there is one.
        await link(mine, path);
        return { release: () => rm(path, { force: true }) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      if (!(await removeStale(path))) return undefined;
    }
    return undefined;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Takes away the lock of a process that is gone. */
async function removeStale(path: string): Promise<boolean> {
  const holder = await readFile(path, 'utf8').catch(() => undefined);
  if (holder === undefined) return true;
  const pid = Number(holder);
  if (pid > 0 && isAlive(pid)) return false;
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return true;
  }
  const moved = await readFile(aside, 'utf8').catch(() => '');
  // Someone was faster and this is his new lock: he gets it back.
  if (moved !== holder) await rename(aside, path).catch(() => undefined);
  else await rm(aside, { force: true });
  return moved === holder;
}
