/**
 * A queue of keys to work on, as client-go's: a key that is added while it waits is worked on once, a key that is
 * added while it is worked on is worked on again afterwards, never twice at a time.
 */

import type { Clock } from './clock.ts';
import { Delays } from './delays.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Keys worked on at a time. Default 16. */
  readonly concurrency?: number;
  /** Works on one key. A rejection puts it back with exponential back-off. */
  readonly work: (key: string) => Promise<void>;
  /** Called for each rejection, for the log. */
  readonly onError?: (key: string, error: unknown, failures: number) => void;
}

/** First delay after a failure in milliseconds, doubled each time up to the longest. */
const firstBackoff = 5;
const longestBackoff = 60_000;

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #waiting = new Set<string>();
  readonly #working = new Set<string>();
  readonly #dirty = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #delays: Delays;
  readonly #idle: (() => void)[] = [];
  #stopped = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#delays = new Delays(options.clock, (key) => this.add(key));
  }

  add(key: string): void {
    if (this.#stopped) return;
    if (this.#working.has(key)) {
      this.#dirty.add(key);
      return;
    }
    this.#waiting.add(key);
    this.#next();
  }

  /** Adds the key after `milliseconds`; the earlier of two calls wins. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#stopped) return;
    if (milliseconds <= 0) {
      this.add(key);
      return;
    }
    this.#delays.add(key, milliseconds);
  }

  /** The key that was to be added later need not be. */
  forget(key: string): void {
    this.#delays.forget(key);
  }

  /** Adds every delayed key now. */
  hurry(): void {
    this.#delays.hurry();
  }

  /** Resolves when nothing waits and nothing is worked on; delayed keys do not count. */
  idle(): Promise<void> {
    if (this.#waiting.size === 0 && this.#working.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Takes no more keys and waits for those being worked on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    this.#dirty.clear();
    this.#delays.clear();
    await this.idle();
  }

  #next(): void {
    const limit = this.#options.concurrency ?? 16;
    for (const key of this.#waiting) {
      if (this.#working.size >= limit) return;
      this.#waiting.delete(key);
      this.#working.add(key);
      void this.#run(key);
    }
    if (this.#working.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(key: string): Promise<void> {
    try {
      await this.#options.work(key);
      this.#failures.delete(key);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      this.#options.onError?.(key, error, failures);
      this.addAfter(key, backoff(failures));
    }
    this.#working.delete(key);
    if (this.#dirty.delete(key)) this.#waiting.add(key);
    this.#next();
  }
}

/** Exponential, with jitter so that many failed keys do not come back together. */
function backoff(failures: number): number {
  const delay = Math.min(longestBackoff, firstBackoff * 2 ** Math.min(failures - 1, 20));
  return delay * (0.75 + Math.random() * 0.5);
}
