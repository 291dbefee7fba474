/** Since when this process has run without interruption: no restart, no suspend, no jump of the clock. */

import type { Clock, Timer } from '../../client/clock.ts';

/** Milliseconds between two looks at the clock, and the difference that counts as a break. */
const interval = 10_000;
const longestBreak = 30_000;

export class Awake {
  readonly #clock: Clock;
  readonly #onBreak: () => void;
  #since: number;
  #lastLook: number;
  #timer: Timer | undefined;

  /** @param onBreak called after a sleep, or when the clock was set: timers stand still meanwhile, and are of no use */
  constructor(clock: Clock, onBreak: () => void = () => {}) {
    this.#clock = clock;
    this.#onBreak = onBreak;
    this.#since = clock.now();
    this.#lastLook = this.#since;
    this.#tick();
  }

  /** Milliseconds since the epoch. */
  since(): number {
    const now = this.#clock.now();
    const passed = now - this.#lastLook;
    this.#lastLook = now;
    if (passed > longestBreak) this.#since = now;
    // Set back: what was on time stays so.
    if (now < this.#since) this.#since = now;
    if (Math.abs(passed) > longestBreak) this.#onBreak();
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
