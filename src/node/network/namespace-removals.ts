/** Removes network namespaces that are not needed any more, several at a time: each removal starts a program. */

import type { Clock } from '../../client/clock.ts';
import type { Namespace } from './namespaces.ts';

export interface NamespaceRemovalsOptions {
  readonly clock: Clock;
  readonly remove: (namespaces: readonly Namespace[]) => Promise<void>;
  /** How many namespaces Pods have, including those that wait here: when no other is left, removal begins at once. */
  readonly inUse: () => number;
}

/** So many are removed at once, without waiting for more. */
const enough = 4;
/** Milliseconds that a removal waits for others, at most. */
const patience = 200;

export class NamespaceRemovals {
  readonly #options: NamespaceRemovalsOptions;
  #waiting: Namespace[] = [];
  #removal: Promise<void> | undefined;
  #closed = false;
  /** Ends the waiting for others. */
  #leave: () => void = () => {};

  constructor(options: NamespaceRemovalsOptions) {
    this.#options = options;
  }

  /** Resolves when it is gone. @throws what `remove` throws */
  async add(namespace: Namespace): Promise<void> {
    this.#waiting.push(namespace);
    if (this.#isEnough()) this.#leave();
    while (this.#waiting.includes(namespace)) {
      this.#removal ??= this.#removeAll().finally(() => {
        this.#removal = undefined;
      });
      await this.#removal;
    }
  }

  /** Resolves when what waits is gone; nothing waits for others any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#leave();
    await this.#removal;
  }

  async #removeAll(): Promise<void> {
    // A tick later: what ends together goes together.
    await new Promise(setImmediate);
    if (!this.#isEnough()) await this.#others();
    const batch = this.#waiting;
    this.#waiting = [];
    await this.#options.remove(batch);
  }

  #others(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(patience, resolve);
      this.#leave = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #isEnough(): boolean {
    const { length } = this.#waiting;
    return this.#closed || length >= enough || length >= this.#options.inUse();
  }
}
