/** A small file system of its own, mounted where a test wants it, that can be filled and freed. Needs root. */

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export class SmallDisk {
  /** An ext4 file system of so many bytes in the file `image`, mounted at `path`. */
  constructor(
    readonly path: string,
    readonly image: string,
    bytes: number,
  ) {
    mkdirSync(path, { recursive: true });
    writeFileSync(image, '');
    truncateSync(image, bytes);
    execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', image]);
    execFileSync('mount', ['-o', 'loop', image, path]);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  get #ballast(): string {
    return join(this.path, 'ballast');
  }

  /** Takes all that is free. */
  fill(): void {
    const blocks = Math.max(0, this.freeBytes - 2 ** 20);
    if (blocks > 0) execFileSync('fallocate', ['-l', String(blocks), this.#ballast]);
    const chunk = Buffer.alloc(4096, 1);
    try {
      for (;;) appendFileSync(this.#ballast, chunk);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  remove(): void {
    this.free();
    // Lazily: a server that was killed a moment ago may still be going.
    execFileSync('umount', ['-l', this.path]);
    rmSync(this.image);
  }
}
