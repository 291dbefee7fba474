/** Room that files take. */

import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Bytes on the disk of a file, or of a folder with all in it: holes take none, what has several names counts once, and
 * what is mounted there is not looked into. What goes meanwhile counts as nothing.
 * @param seen files with several names that were counted already
 */
export async function bytesOf(path: string, seen = new Set<string>()): Promise<number> {
  const found = await statOf(path);
  return found === undefined ? 0 : measure(path, found, found.dev, seen);
}

async function measure(path: string, found: Stats, device: number, seen: Set<string>): Promise<number> {
  if (found.dev !== device) return 0;
  if (!found.isDirectory() && found.nlink > 1) {
    const key = `${found.dev}:${found.ino}`;
    if (seen.has(key)) return 0;
    seen.add(key);
  }
  let bytes = found.blocks * 512;
  if (!found.isDirectory()) return bytes;
  // One after the other: a folder of ten thousand files must not open them all.
  for (const name of await readdir(path).catch(() => [])) {
    const inner = join(path, name);
    const stats = await statOf(inner);
    if (stats !== undefined) bytes += await measure(inner, stats, device, seen);
  }
  return bytes;
}

const statOf = (path: string): Promise<Stats | undefined> => lstat(path).catch(() => undefined);
