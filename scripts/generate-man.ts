/** Writes the manual into a folder. `node scripts/build.mjs` runs it. */

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { manPages } from './docs/man-pages.ts';

export function writeManual(folder: string, version: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const [path, content] of manPages(version)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}
