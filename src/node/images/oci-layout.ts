/** OCI image layouts that something we do not trust has written. */

import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What a build left is no OCI image layout. */
export class BadLayoutError extends Error {
  override readonly name = 'BadLayoutError';
}

/**
 * Whether a folder holds an OCI image layout and nothing that leads elsewhere: no links, no pipes. For a folder that
 * nobody writes to any more. @throws BadLayoutError
 */
export async function checkLayout(folder: string): Promise<void> {
  await requireFolder(folder);
  for (const name of await readdir(folder)) {
    if (name === 'index.json' || name === 'oci-layout') await requireFile(join(folder, name));
    else if (name === 'blobs') await checkBlobs(join(folder, name));
    else throw new BadLayoutError(`${name} does not belong into an OCI image layout`);
  }
}

async function checkBlobs(blobs: string): Promise<void> {
  await requireFolder(blobs);
  for (const algorithm of await readdir(blobs)) {
    await requireFolder(join(blobs, algorithm));
    for (const name of await readdir(join(blobs, algorithm))) await requireFile(join(blobs, algorithm, name));
  }
}

async function requireFolder(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isDirectory() !== true) throw new BadLayoutError(`${path} is no folder`);
}

async function requireFile(path: string): Promise<void> {
  if (!(await lstat(path)).isFile()) throw new BadLayoutError(`${path} is no file`);
}
