/** Since when this process has been awake without a break: not down, not asleep, and the clock not set ahead. */

import type { Clock, Timer } from '../../client/clock.ts';

/** Milliseconds between two looks at the clock, and the difference that counts as a break. */
const interval = 10_000;
const longestBreak = 30_000;

export class Awake {
  readonly #clock: Clock;
  #since: number;
  #lastLook: number;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
    this.#lastLook = this.#since;
    this.#tick();
  }

  /** Milliseconds since the epoch. */
  since(): number {
    const now = this.#clock.now();
    if (now - this.#lastLook > longestBreak) this.#since = now;
    // Set back: what was on time stays so.
    if (now < this.#since) this.#since = now;
    this.#lastLook = now;
    return this.#since;
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #tick(): void {
    this.#timer = this.#clock.after(interval, () => {
      this.since();
      this.#tick();
    });
  }
}
