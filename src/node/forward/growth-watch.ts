/** Tells when logs of running Tasks have grown; several times within a moment count once. */

import { join } from 'node:path';
import { type Clock, pause } from '../../client/clock.ts';
import { FolderWatch } from '../logs/folder-watch.ts';
import { names } from '../logs/log-files.ts';

/** Milliseconds in which lines gather to a batch. */
const gathering = 100;

export class GrowthWatch {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #onGrowth: (uid: string) => void;
  readonly #watches = new Map<string, FolderWatch>();

  /** @param directory holds a folder per owner */
  constructor(directory: string, clock: Clock, onGrowth: (uid: string) => void) {
    this.#directory = directory;
    this.#clock = clock;
    this.#onGrowth = onGrowth;
  }

  /** Watches an owner's log; when it is watched already, looks whether folders have come. */
  watch(uid: string): void {
    const known = this.#watches.get(uid);
    const watch = known ?? new FolderWatch();
    if (known !== undefined) known.nudge();
    else {
      this.#watches.set(uid, watch);
      void this.#run(uid, watch);
    }
  }

  unwatch(uid: string): void {
    this.#watches.get(uid)?.close();
    this.#watches.delete(uid);
  }

  close(): void {
    for (const uid of [...this.#watches.keys()]) this.unwatch(uid);
  }

  async #run(uid: string, watch: FolderWatch): Promise<void> {
    const folder = join(this.#directory, uid);
    while (this.#watches.get(uid) === watch) {
      watch.add(folder);
      for (const name of await names(folder)) watch.add(join(folder, name));
      const seen = watch.changes;
      this.#onGrowth(uid);
      await watch.after(seen);
      await pause(this.#clock, gathering);
    }
  }
}
