/** The node's folders, and who may look into them. */

import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import type { Layout } from './layout.ts';
import { ensureOwnDirectory } from './own-directory.ts';

/** Idempotent. */
export async function makeFolders(layout: Layout): Promise<void> {
  // In /dev/shm everybody may make folders.
  await ensureOwnDirectory(layout.volatile);
  // Closed to others but for passing through: root of a build's user namespace has to.
  await chmod(layout.volatile, 0o711);
  for (const path of [layout.pods, layout.exits, layout.runtime]) await mkdir(path, { recursive: true, mode: 0o700 });
  // Sources and output are not for everybody on this machine, wherever the data directory lies.
  for (const path of [
    layout.logs,
    layout.stacks,
    layout.builds,
    layout.buildCaches,
    layout.images,
    layout.layers,
    layout.volumes,
  ]) {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o700);
  }
}

/** A folder of ours in /dev/shm is there for what runs only. */
export async function removeIdleFolders(layout: Layout): Promise<void> {
  if (layout.volatile.startsWith('/dev/shm/') && (await readdir(layout.pods)).length === 0)
    await rm(layout.volatile, { recursive: true, force: true });
}
