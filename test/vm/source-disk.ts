/** A disk with the work tree as it is, changes and all: its files that git knows or would add, `node_modules`, `dist`. */

import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { succeed } from './processes.ts';

const size = '4G';

/** @returns what is on it, in words */
export async function makeSourceDisk(root: string, folder: string, disk: string): Promise<string> {
  const stage = join(folder, 'source');
  try {
    await mkdir(stage, { recursive: true });
    const list = await succeed('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
    // With their times: the set-up tells by them that dist was built from these sources.
    await succeed('xargs', ['-0', 'cp', '--archive', '--parents', '-t', stage], { cwd: root, input: list });
    for (const name of ['node_modules', 'dist'])
      await cp(join(root, name), join(stage, name), {
        recursive: true,
        preserveTimestamps: true,
        verbatimSymlinks: true,
      });
    await rm(disk, { force: true });
    await succeed('mkfs.ext4', ['-q', '-F', '-L', 'kf-source', '-d', stage, disk, size]);
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
  const [commit, changes] = await Promise.all([
    succeed('git', ['rev-parse', '--short', 'HEAD'], { cwd: root }),
    succeed('git', ['status', '--porcelain'], { cwd: root }),
  ]);
  return `${commit.trim()}${changes === '' ? '' : ' with changes that are not committed'}`;
}
