/** Keys that come back after a time each. One timer for all of them: thousands may wait for an hour. */

import TinyQueue from 'tinyqueue';
import type { Clock, Timer } from './clock.ts';

interface Due {
  readonly key: string;
  /** Clock time in milliseconds. */
  readonly at: number;
}

const soonest = (a: Due, b: Due): number => a.at - b.at;

/** So many that say nothing may stay in the queue, and as many as there are others. */
const mostStale = 100;

export class Delays {
  readonly #clock: Clock;
  readonly #onDue: (key: string) => void;
  /** When each key comes back. */
  readonly #times = new Map<string, number>();
  /** Soonest first. One whose time is not its key's any more says nothing. */
  #queue = new TinyQueue<Due>([], soonest);
  #timer: Timer | undefined;
  #timerAt = Infinity;

  /** @param onDue may add the key again */
  constructor(clock: Clock, onDue: (key: string) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** @param milliseconds from now; the earlier of two times wins */
  add(key: string, milliseconds: number): void {
    const at = this.#clock.now() + milliseconds;
    if ((this.#times.get(key) ?? Infinity) <= at) return;
    this.#times.set(key, at);
    this.#queue.push({ key, at });
    if (at < this.#timerAt) this.#arm();
  }

  /** The key need not come back. */
  forget(key: string): void {
    if (!this.#times.delete(key) || this.#queue.length <= 2 * this.#times.size + mostStale) return;
    const left = [...this.#times].map(([each, at]) => ({ key: each, at }));
    this.#queue = new TinyQueue(left, soonest);
  }

  /** All of them are due now. */
  hurry(): void {
    const keys = [...this.#times.keys()];
    this.clear();
    for (const key of keys) this.#onDue(key);
  }

  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerAt = Infinity;
    this.#times.clear();
    while (this.#queue.pop() !== undefined);
  }

  #arm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const at = this.#queue.peek()?.at ?? Infinity;
    this.#timerAt = at;
    if (at < Infinity) this.#timer = this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.#fire(at));
  }

  /** @param at also where the clock was set back meanwhile: so much time has passed */
  #fire(at: number): void {
    this.#timerAt = Infinity;
    const until = Math.max(at, this.#clock.now());
    for (let next = this.#queue.peek(); next !== undefined && next.at <= until; next = this.#queue.peek()) {
      this.#queue.pop();
      if (this.#times.get(next.key) !== next.at) continue;
      this.#times.delete(next.key);
      this.#onDue(next.key);
    }
    this.#arm();
  }
}
