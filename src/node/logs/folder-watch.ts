/** Waiting for a change in any of some folders, none of which needs to be there yet. */

import { type FSWatcher, watch } from 'node:fs';
import { type Clock, systemClock, type Timer } from '../../client/clock.ts';
import { errorCode } from '../../resources/errors.ts';

/** Milliseconds between two looks at what the kernel will not watch. */
const pollInterval = 1000;

export class FolderWatch {
  readonly #clock: Clock;
  readonly #watch: typeof watch;
  #poll: Timer | undefined;
  readonly #watchers = new Map<string, FSWatcher>();
  #changes = 0;
  #wake: (() => void) | undefined;

  /** @param watchFolder throws ENOENT for what is not there */
  constructor(clock: Clock = systemClock, watchFolder: typeof watch = watch) {
    this.#clock = clock;
    this.#watch = watchFolder;
  }

  /** Counts what has happened; to be read before looking, so that nothing falls between. */
  get changes(): number {
    return this.#changes;
  }

  /** Watches a folder from now on, when it is there. */
  add(folder: string): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = this.#watch(folder, () => this.nudge());
      watcher.on('error', () => this.#drop(folder));
      this.#watchers.set(folder, watcher);
      this.#changes++;
    } catch (error) {
      // Not there yet: the folder above it tells when it comes.
      if (errorCode(error) !== 'ENOENT') this.#pollSoon();
    }
  }

  /** The kernel has no watches left (fs.inotify.max_user_watches): whoever follows must not wait for ever. */
  #pollSoon(): void {
    this.#poll ??= this.#clock.after(pollInterval, () => {
      this.#poll = undefined;
      this.nudge();
    });
  }

  nudge(): void {
    this.#changes++;
    this.#wake?.();
  }

  /** Resolves once more has happened than `seen`. */
  async after(seen: number): Promise<void> {
    if (this.#changes !== seen) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  close(): void {
    this.#poll?.cancel();
    for (const folder of [...this.#watchers.keys()]) this.#drop(folder);
    this.nudge();
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
