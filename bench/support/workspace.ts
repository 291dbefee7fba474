/** Folders of one run of the bench, and everything in them that must be ended when it is over. */

import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Workspace {
  /** On a disk, not in memory, wherever the machine's temporary folder is. `KF_BENCH_DIR` names another place. */
  readonly folder = realpathSync(mkdtempSync(join(process.env.KF_BENCH_DIR ?? tmpdir(), 'kf-bench-')));
  readonly #ends: (() => Promise<void> | void)[] = [];
  #count = 0;

  /** A new folder. */
  async make(name: string): Promise<string> {
    const path = join(this.folder, `${name}-${++this.#count}`);
    await mkdir(path, { recursive: true });
    return path;
  }

  /** To be called when the run is over, latest first; must be harmless when called twice. */
  onEnd(end: () => Promise<void> | void): void {
    this.#ends.push(end);
  }

  async close(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) {
      try {
        await end();
      } catch (error) {
        console.error(`tidying up: ${(error as Error).message}`);
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
