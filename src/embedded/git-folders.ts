/** Where git works for the resolvers: reached by the user that it runs as, which the data directory is not. */

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

const parent = '/var/tmp';

/** What the folders' names begin with, in full. */
export const gitFolderPrefix = (instance: string): string => join(parent, `kf-${instance}-git-`);

/** Removes what a server that was killed left. */
export async function removeGitFolders(instance: string): Promise<void> {
  const all = (await readdir(parent).catch(() => [])).map((name) => join(parent, name));
  for (const folder of all)
    if (folder.startsWith(gitFolderPrefix(instance))) await rm(folder, { recursive: true, force: true });
}
