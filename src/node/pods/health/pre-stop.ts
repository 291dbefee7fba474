/** The time between the wish that a container ends and its SIGTERM: its `preStop` hook has a part of the grace period. */

import type { Clock, Timer } from '../../../client/clock.ts';

/** Seconds that are left for SIGTERM when the hook has taken all. Kubernetes'. */
const least = 2;

export interface PreStopOptions {
  readonly clock: Clock;
  /** Never rejects. */
  readonly hook: (signal: AbortSignal) => Promise<void>;
  /** @param graceSeconds from SIGTERM to SIGKILL */
  readonly stop: (graceSeconds: number) => void;
}

export class PreStop {
  readonly #options: PreStopOptions;
  readonly #abort = new AbortController();
  /** When the grace period is over; milliseconds since the epoch. */
  #until = Infinity;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(options: PreStopOptions) {
    this.#options = options;
    void options.hook(this.#abort.signal).then(() => this.#done());
  }

  /** Called again, the earlier end counts. 0 waits for nothing. */
  within(graceSeconds: number): void {
    const { clock, stop } = this.#options;
    if (this.#isOver) {
      stop(graceSeconds);
      return;
    }
    const until = clock.now() + graceSeconds * 1000;
    // At once is at once, also where the clock was put forward meanwhile.
    if (graceSeconds > 0 && until >= this.#until) return;
    this.#until = until;
    this.#timer?.cancel();
    if (graceSeconds > 0) {
      this.#timer = clock.after(graceSeconds * 1000, () => this.#abort.abort());
      return;
    }
    this.close();
    stop(graceSeconds);
  }

  /** The container has ended. */
  close(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    this.#abort.abort();
  }

  #done(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#options.stop(Math.max(least, (this.#until - this.#options.clock.now()) / 1000));
  }
}
