/** Empties a folder that a task could write anything into. Nothing runs in it any more. */

import { lstat, opendir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunCommand } from '../host/run-command.ts';

/** Up to here it is done in this process; above, a program does it. */
const entriesByHand = 200;

class TooMuch extends Error {}

/**
 * Follows no link and leaves no file system: whatever is mounted below is an error.
 * @throws Error when something could not be removed
 */
export async function wipe(run: RunCommand, folder: string): Promise<void> {
  const { dev } = await lstat(folder);
  const budget = { left: entriesByHand };
  try {
    await emptyFolder(folder, dev, budget);
  } catch (error) {
    if (!(error instanceof TooMuch) && (error as NodeJS.ErrnoException).code !== 'ENAMETOOLONG') throw error;
    // find walks by file descriptor: no path is too long for it.
    await run('find', [folder, '-xdev', '-mindepth', '1', '-delete']);
  }
}

async function emptyFolder(folder: string, device: number, budget: { left: number }): Promise<void> {
  for await (const entry of await opendir(folder)) {
    if (budget.left-- <= 0) throw new TooMuch();
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) {
      await unlink(path);
      continue;
    }
    if ((await lstat(path)).dev !== device) throw new Error(`${path} is mounted`);
    await emptyFolder(path, device, budget);
    await rmdir(path);
  }
}
