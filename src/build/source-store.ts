/** Keeps uploaded source packages, by checksum: `sources/<sha256>.tar`. */

import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../files/exists.ts';
import { formatBytes } from '../resources/quantity.ts';
import { statusError } from '../resources/status.ts';

/** 5 %, at least 1 GiB: below it no task starts either. */
const defaultReserve = (totalBytes: number): number => Math.max(totalBytes * 0.05, 2 ** 30);

export class SourceStore {
  readonly #folder: string;
  readonly #reserveBytes: number | undefined;
  /** Bytes of uploads under way. */
  #promised = 0;
  /** While a prune looks: what it has to leave alone. */
  #touched: Set<string> | undefined;

  /** @param reserveBytes of the file system that no upload may take. Default: 5 %, at least 1 GiB */
  constructor(dataDir: string, reserveBytes?: number) {
    this.#folder = join(dataDir, 'sources');
    this.#reserveBytes = reserveBytes;
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
    this.#touched?.add(sha256);
    return exists(this.pathOf(sha256));
  }

  /**
   * Keeps the bytes under their checksum, durably, or nothing at all.
   * @throws Error `expected N bytes, got M` or `checksum does not match expected`; StatusError InsufficientStorage when
   * it would leave too little of the disk to the tasks that run
   */
  async receive(
    body: AsyncIterable<Buffer>,
    expected: { readonly size: number; readonly sha256: string },
  ): Promise<{ readonly image: string }> {
    await this.#checkSpace(expected.size);
    const part = join(this.#folder, `${randomUUID()}.part`);
    this.#promised += expected.size;
    try {
      await this.#write(part, body, expected);
      this.#touched?.add(expected.sha256);
      await rename(part, this.pathOf(expected.sha256));
      await syncFolder(this.#folder);
    } finally {
      this.#promised -= expected.size;
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
        // Unlike write, it goes on after a short write.
        await file.writeFile(chunk);
      }
      if (size !== expected.size) throw new Error(`expected ${expected.size} bytes, got ${size}`);
      if (hash.digest('hex') !== expected.sha256) throw new Error('checksum does not match expected');
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #checkSpace(size: number): Promise<void> {
    const { bavail, blocks, bsize } = await statfs(this.#folder);
    const reserve = this.#reserveBytes ?? defaultReserve(blocks * bsize);
    const free = Math.max(0, bavail * bsize - reserve - this.#promised);
    if (size > free)
      throw statusError(
        'InsufficientStorage',
        `the source package has ${formatBytes(size)}, and the server's disk room for ${formatBytes(free)}`,
      );
  }

  /**
   * Removes the packages that nothing names. Whatever is asked for or received while it looks stays.
   * @param named reads the checksums that are named; called after the folder was read, because a package is announced
   * before it is uploaded
   */
  async prune(named: () => Promise<ReadonlySet<string>>): Promise<void> {
    const touched = new Set<string>();
    this.#touched = touched;
    try {
      for (const sha256 of await this.unused(named))
        if (!touched.has(sha256)) rmSync(this.pathOf(sha256), { force: true });
    } finally {
      this.#touched = undefined;
    }
  }

  /** Checksums of the packages that nothing names; `named` as for `prune`. */
  async unused(named: () => Promise<ReadonlySet<string>>): Promise<readonly string[]> {
    const present = (await readdir(this.#folder)).filter((name) => /^[0-9a-f]{64}\.tar$/.test(name));
    const keep = await named();
    return present.map((name) => name.slice(0, 64)).filter((sha256) => !keep.has(sha256));
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
