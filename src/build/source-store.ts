/** Keeps uploaded source packages, by checksum: `sources/<sha256>.tar`. */

import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

export class SourceStore {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'sources');
  }

  /** Removes what a crash left of unfinished uploads. */
  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.#folder)) if (name.endsWith('.part')) await rm(join(this.#folder, name));
  }

  pathOf(sha256: string): string {
    return join(this.#folder, `${sha256}.tar`);
  }

  async has(sha256: string): Promise<boolean> {
    return access(this.pathOf(sha256)).then(
      () => true,
      () => false,
    );
  }

  /**
   * Keeps the bytes under their checksum, durably, or nothing at all.
   * @throws Error `expected N bytes, got M` or `checksum does not match expected`
   */
  async receive(
    body: AsyncIterable<Buffer>,
    expected: { readonly size: number; readonly sha256: string },
  ): Promise<{ readonly image: string }> {
    const part = join(this.#folder, `${randomUUID()}.part`);
    try {
      await this.#write(part, body, expected);
      await rename(part, this.pathOf(expected.sha256));
      await syncFolder(this.#folder);
    } finally {
      await rm(part, { force: true });
    }
    return { image: `source://sha256:${expected.sha256}` };
  }

  async #write(
    part: string,
    body: AsyncIterable<Buffer>,
    expected: { readonly size: number; readonly sha256: string },
  ): Promise<void> {
    const hash = createHash('sha256');
    let size = 0;
    const file = await open(part, 'wx', 0o600);
    try {
      for await (const chunk of body) {
        size += chunk.length;
        // The announced size bounds what an upload can fill.
        if (size > expected.size) throw new Error(`expected ${expected.size} bytes, got more`);
        hash.update(chunk);
        await file.write(chunk);
      }
      if (size !== expected.size) throw new Error(`expected ${expected.size} bytes, got ${size}`);
      if (hash.digest('hex') !== expected.sha256) throw new Error('checksum does not match expected');
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** Removes a package that no Build needs any more. */
  async delete(sha256: string): Promise<void> {
    await rm(this.pathOf(sha256), { force: true });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
