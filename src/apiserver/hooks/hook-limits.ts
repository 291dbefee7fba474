/** How much hooks may ask for: requests per hook, and bodies that are being read. */

import type { Clock } from '../../client/clock.ts';
import { statusError } from '../../resources/status.ts';

/** Requests of one hook at once, and milliseconds until one more is allowed. */
const burst = 60;
const refill = 1_000;
/** Bodies read at a time, of up to 1 MiB each: of those who have shown a token, and of those whose signature is to be seen. */
const mostBodies = 16;

export class HookLimits {
  readonly #clock: Clock;
  readonly #used = new Map<string, { spent: number; at: number }>();
  readonly #bodies = { known: 0, unknown: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a request of a hook. @throws StatusError TooManyRequests */
  count(hook: string): void {
    const now = this.#clock.now();
    const left = ({ spent, at }: { spent: number; at: number }): number =>
      Math.max(0, spent - Math.max(0, now - at) / refill);
    for (const [key, use] of this.#used) if (left(use) === 0) this.#used.delete(key);
    const use = this.#used.get(hook);
    const spent = use === undefined ? 0 : left(use);
    if (spent > burst - 1)
      throw statusError('TooManyRequests', `this hook takes ${burst} requests at once, then one a second`, {
        retryAfterSeconds: Math.max(1, Math.ceil(((spent - burst + 1) * refill) / 1000)),
      });
    this.#used.set(hook, { spent: spent + 1, at: now });
  }

  /** @param who strangers keep only one another waiting. @throws StatusError ServiceUnavailable */
  async whileReading<T>(who: 'known' | 'unknown', read: () => Promise<T>): Promise<T> {
    if (this.#bodies[who] >= mostBodies)
      throw statusError('ServiceUnavailable', 'too many requests are being read: try again', { retryAfterSeconds: 1 });
    this.#bodies[who]++;
    try {
      return await read();
    } finally {
      this.#bodies[who]--;
    }
  }
}
