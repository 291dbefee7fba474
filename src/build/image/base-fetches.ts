/** Has the images ready that Builds start from: fetching may take minutes, so it goes on beside the controller. */

import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Build } from '../../resources/kf/build.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { removeTree } from '../remove-tree.ts';
import { containersConfig } from './containers-config.ts';
import type { ImageBench } from './image-bench.ts';

interface Fetch {
  readonly ref: string;
  readonly abort: AbortController;
  error?: unknown;
}

export class BaseFetches {
  readonly #bench: ImageBench;
  readonly #wake: (build: ObjectRef) => void;
  /** Under way, or failed, by the Build's uid. */
  readonly #fetches = new Map<string, Fetch>();

  constructor({ bench, wake }: { readonly bench: ImageBench; readonly wake: (build: ObjectRef) => void }) {
    this.#bench = bench;
    this.#wake = wake;
  }

  /**
   * The image that is being fetched; undefined once all are in `folder`, by their number.
   * @throws BaseImageError when one cannot be had
   */
  async next(build: Build, folder: string, refs: readonly string[]): Promise<string | undefined> {
    const uid = build.metadata.uid ?? '';
    const known = this.#fetches.get(uid);
    if (known?.error !== undefined) {
      this.#fetches.delete(uid);
      throw known.error;
    }
    if (known !== undefined) return known.ref;
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(containersConfig)) await writeFile(join(folder, name), text);
    for (const [index, ref] of refs.entries()) {
      const target = join(folder, String(index));
      if (await isThere(target)) continue;
      this.#start(build, ref, target);
      return ref;
    }
    return undefined;
  }

  /** The Build is over. */
  stop(uid: string): void {
    this.#fetches.get(uid)?.abort.abort();
    this.#fetches.delete(uid);
  }

  #start(build: Build, ref: string, target: string): void {
    const uid = build.metadata.uid ?? '';
    const fetch: Fetch = { ref, abort: new AbortController() };
    this.#fetches.set(uid, fetch);
    void this.#fetch(ref, target, fetch.abort.signal)
      .then(
        () => {
          if (this.#fetches.get(uid) === fetch) this.#fetches.delete(uid);
        },
        (error: unknown) => {
          fetch.error = error;
        },
      )
      .finally(() => {
        if (!fetch.abort.signal.aborted) this.#wake(refOf(build));
      });
  }

  async #fetch(ref: string, target: string, signal: AbortSignal): Promise<void> {
    const staging = `${target}.part`;
    await removeTree(staging);
    await this.#bench.provide(ref, staging, signal);
    await rename(staging, target);
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
