/** Removing a folder in which somebody else may still be writing. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Removes a file, a link or a whole folder; what is not there is no error. By rm(1), which walks by open folders: Node
 * walks by path, and whoever owns a folder below could lead it elsewhere by putting a link there at the right moment.
 */
export async function removeTree(path: string): Promise<void> {
  await run('rm', ['-rf', '--one-file-system', '--', path]);
}
