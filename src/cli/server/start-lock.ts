/** The lock by which commands that start at once start one server. The server's own lock is the last word. */

import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './server-file.ts';

export interface StartLock {
  release(): Promise<void>;
}

/** The lock, or undefined while a living process holds it, or another one is taking it over from the dead. */
export async function tryLock(home: string): Promise<StartLock | undefined> {
  const path = join(home, 'start.lock');
  const mine = `${path}.${randomUUID()}`;
  await writeFile(mine, `${process.pid}\n`);
  try {
    const isTaken = (await linked(mine, path)) || ((await removeStale(path, mine)) && (await linked(mine, path)));
    return isTaken ? { release: () => rm(path, { force: true }) } : undefined;
  } finally {
    await rm(mine, { force: true });
  }
}

/** Whether a living process starts or restarts the server. */
export async function isLocked(home: string): Promise<boolean> {
  const holder = await holderOf(join(home, 'start.lock'));
  return holder !== undefined && isAlive(holder);
}

/** A link appears with its content, and not at all where there is one. */
async function linked(file: string, path: string): Promise<boolean> {
  try {
    await link(file, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes away the lock of a process that is gone. Only who holds the claim on that process's lock may remove it,
 * so that nobody removes the lock of one who was faster.
 */
async function removeStale(path: string, mine: string): Promise<boolean> {
  const holder = await holderOf(path);
  if (holder === undefined) return true;
  if (isAlive(holder)) return false;
  const claim = `${path}.claim-${holder}`;
  if (!(await linked(mine, claim))) {
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

/** Of no process: what holds no number is nobody's lock. */
const nobody = 2 ** 30;

/** The process that holds a lock; undefined when there is none. */
async function holderOf(path: string): Promise<number | undefined> {
  const content = await readFile(path, 'utf8').catch(() => undefined);
  if (content === undefined) return undefined;
  const pid = Number(content);
  return Number.isInteger(pid) && pid > 0 ? pid : nobody;
}
