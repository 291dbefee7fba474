/** Waiting for a change in any of some folders, none of which needs to be there yet. */

import { type FSWatcher, watch } from 'node:fs';

export class FolderWatch {
  readonly #watchers = new Map<string, FSWatcher>();
  #changes = 0;
  #wake: (() => void) | undefined;

  /** Counts what has happened; to be read before looking, so that nothing falls between. */
  get changes(): number {
    return this.#changes;
  }

  /** Watches a folder from now on, when it is there. */
  add(folder: string): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, () => this.nudge());
      watcher.on('error', () => this.#drop(folder));
      this.#watchers.set(folder, watcher);
      this.#changes++;
    } catch {
      // Not there yet: the folder above it tells when it comes.
    }
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
    for (const folder of [...this.#watchers.keys()]) this.#drop(folder);
    this.nudge();
  }

  #drop(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }
}
