/** Empties a folder that a task could write anything into. Nothing runs in it any more. */

import { lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../resources/errors.ts';
import type { RunCommand } from '../host/run-command.ts';

/** Up to here it is done in this process, at once: what a task leaves is in memory still. Above, a program does it. */
const entriesByHand = 200;

class TooMuch extends Error {}

/**
 * Follows no link and leaves no file system: whatever is mounted below is an error.
 * @throws Error when something could not be removed
 */
export async function wipe(run: RunCommand, folder: string): Promise<void> {
  const { dev } = lstatSync(folder);
  const budget = { left: entriesByHand };
  try {
    emptyFolder(folder, dev, budget);
  } catch (error) {
    if (!(error instanceof TooMuch) && errorCode(error) !== 'ENAMETOOLONG') throw error;
    // find walks by file descriptor: no path is too long for it.
    await run('find', [folder, '-xdev', '-mindepth', '1', '-delete']);
  }
}

function emptyFolder(folder: string, device: number, budget: { left: number }): void {
  const entries = readdirSync(folder, { withFileTypes: true });
  budget.left -= entries.length;
  if (budget.left < 0) throw new TooMuch();
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) {
      unlinkSync(path);
      continue;
    }
    if (lstatSync(path).dev !== device) throw new Error(`${path} is mounted`);
    emptyFolder(path, device, budget);
    rmdirSync(path);
  }
}
