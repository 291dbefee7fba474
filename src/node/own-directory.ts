/** Folders where others may make folders, too. */

import { lstat, mkdir } from 'node:fs/promises';

/**
 * Makes a folder for us alone, or takes ours again.
 * @throws Error when somebody else has put something there: what lies in it would be theirs to exchange
 */
export async function ensureOwnDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0)
    throw new Error(`${path} belongs to somebody else (user ${found.uid}) or may be changed by others: remove it`);
}
