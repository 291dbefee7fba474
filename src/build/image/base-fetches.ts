/** Has the images ready that Builds start from: fetching may take minutes, so it goes on beside the controller. */

import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { buildCredentials } from '../../client/pull-credentials.ts';
import { exists } from '../../files/exists.ts';
import { type Build, noCacheParam, paramOf } from '../../resources/kf/build.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { removeTree } from '../remove-tree.ts';
import { FetchProgress } from './fetch-progress.ts';
import type { HowToFetch } from './image-tools.ts';

export interface Want {
  /** The image. */
  readonly ref: string;
  /** What is made of it, a file or a folder: its name within the Build's own folder. */
  readonly file: string;
  /** @param target does not exist yet. @throws BaseImageError */
  fetch(target: string, how: HowToFetch): Promise<void>;
}

interface Fetch {
  readonly ref: string;
  readonly abort: AbortController;
  readonly progress: FetchProgress;
  error?: unknown;
}

interface Options {
  readonly client: Client;
  readonly clock: Clock;
  /** Has a Build looked at again. */
  readonly wake: (build: ObjectRef) => void;
}

export class BaseFetches {
  readonly #options: Options;
  /** Under way, or failed, by the Build's uid. */
  readonly #fetches = new Map<string, Fetch>();

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * The image that is being fetched, and how far it is; undefined once all that is wanted is in `folder`.
   * @throws BaseImageError when one cannot be had
   */
  async next(build: Build, folder: string, wants: readonly Want[]): Promise<string | undefined> {
    const uid = build.metadata.uid ?? '';
    const known = this.#fetches.get(uid);
    if (known?.error !== undefined) {
      this.#fetches.delete(uid);
      throw known.error;
    }
    if (known !== undefined) return known.progress.words(known.ref);
    await mkdir(folder, { recursive: true });
    for (const want of wants) {
      const target = join(folder, want.file);
      if (await exists(target)) continue;
      this.#start(build, want, target);
      return want.ref;
    }
    return undefined;
  }

  /** The Build is over. */
  stop(uid: string): void {
    this.#fetches.get(uid)?.abort.abort();
    this.#fetches.delete(uid);
  }

  #start(build: Build, want: Want, target: string): void {
    const uid = build.metadata.uid ?? '';
    const { clock, wake } = this.#options;
    const again = (): void => {
      if (!fetch.abort.signal.aborted) wake(refOf(build));
    };
    const fetch: Fetch = { ref: want.ref, abort: new AbortController(), progress: new FetchProgress(clock, again) };
    this.#fetches.set(uid, fetch);
    void this.#fetch(build, want, target, fetch)
      .then(
        () => {
          if (this.#fetches.get(uid) === fetch) this.#fetches.delete(uid);
        },
        (error: unknown) => {
          fetch.error = error;
        },
      )
      .finally(again);
  }

  async #fetch(build: Build, want: Want, target: string, { abort, progress }: Fetch): Promise<void> {
    const staging = `${target}.part`;
    await removeTree(staging);
    const credentials = await buildCredentials(this.#options.client, build);
    await want.fetch(staging, {
      signal: abort.signal,
      onProgress: progress.onProgress,
      onTrouble: progress.onTrouble,
      anew: paramOf(build.spec, noCacheParam) === 'true',
      ...(credentials === undefined ? {} : { credentials }),
    });
    await rename(staging, target);
  }
}
