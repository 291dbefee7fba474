/** The lock by which commands that start at once start one server. The server's own lock is the last word. */

import { readFile, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../../resources/errors.ts';
import { isAlive } from './server-file.ts';

export interface StartLock {
  release(): Promise<void>;
}

/** The lock, or undefined while a living process holds it, or another one is taking it over from the dead. */
export async function tryLock(home: string): Promise<StartLock | undefined> {
  const path = join(home, 'start.lock');
  const isTaken = (await take(path)) || ((await removeStale(path)) && (await take(path)));
  return isTaken ? { release: () => rm(path, { force: true }) } : undefined;
}

/** Whether a living process starts or restarts the server. */
export async function isLocked(home: string): Promise<boolean> {
  const holder = await holderOf(join(home, 'start.lock'));
  return holder !== undefined && isAlive(holder);
}

/** A link that leads nowhere, named after us: there with its content or not at all, and on a full disk, too. */
async function take(path: string): Promise<boolean> {
  try {
    await symlink(String(process.pid), path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes away the lock of a process that is gone. Only who holds the claim on that process's lock may remove it,
 * so that nobody removes the lock of one who was faster.
 */
async function removeStale(path: string): Promise<boolean> {
  const holder = await holderOf(path);
  if (holder === undefined) return true;
  if (isAlive(holder)) return false;
  const claim = `${path}.claim-${holder}`;
  if (!(await take(claim))) {
    const claimant = await holderOf(claim);
    if (claimant !== undefined && !isAlive(claimant)) await rm(claim, { force: true });
    return false;
  }
  try {
    if ((await holderOf(path)) !== holder) return false;
    await rm(path, { force: true });
    return true;
  } finally {
    await rm(claim, { force: true });
  }
}

/** A PID that no process has, for a lock that names none. */
const nobody = 2 ** 30;

/** The process that holds a lock; undefined when there is none. */
async function holderOf(path: string): Promise<number | undefined> {
  // Older versions have made files.
  const content = await readlink(path).catch(() => readFile(path, 'utf8').catch(() => undefined));
  if (content === undefined) return undefined;
  const pid = Number(content);
  return Number.isInteger(pid) && pid > 0 ? pid : nobody;
}
