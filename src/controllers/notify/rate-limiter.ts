/** Limits the posts to one URL: a burst of 20, then one a second, at most two at the same time. */

import type { Clock } from '../../client/clock.ts';

const burst = 20;
/** Milliseconds. */
const perPost = 1_000;
const mostUnderWay = 2;
/** Milliseconds between two retries: however many wait, asking again costs the same. */
const betweenAsking = 250;
/** Milliseconds; 500 wait at most. */
const longestLine = 500 * betweenAsking;

interface Lane {
  underWay: number;
  /** Posts that may still go at once. */
  tokens: number;
  /** When `tokens` was right. */
  at: number;
  /** When the last one that waits asks again. */
  lastAsking: number;
}

export class RateLimiter {
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A function to call when the post has ended; or how many milliseconds to wait before asking again. */
  enter(url: string): (() => void) | number {
    const now = this.#clock.now();
    for (const [other, lane] of this.#lanes)
      if (lane.underWay === 0 && lane.lastAsking < now && refilled(lane, now) >= burst) this.#lanes.delete(other);
    const lane = this.#lanes.get(url) ?? { underWay: 0, tokens: burst, at: now, lastAsking: now };
    const tokens = refilled(lane, now);
    if (lane.underWay >= mostUnderWay || tokens < 1) return lineUp(lane, now);
    Object.assign(lane, { underWay: lane.underWay + 1, tokens: tokens - 1, at: now });
    this.#lanes.set(url, lane);
    return () => {
      lane.underWay--;
    };
  }
}

/** Milliseconds until it is this one's turn to ask again. */
function lineUp(lane: Lane, now: number): number {
  // None waits; or the clock was set back.
  if (lane.lastAsking < now || lane.lastAsking - now > longestLine) lane.lastAsking = now;
  lane.lastAsking += betweenAsking;
  return lane.lastAsking - now;
}

/** A clock that was set back refills nothing. */
const refilled = ({ tokens, at }: Lane, now: number): number =>
  Math.min(burst, tokens + Math.max(0, now - at) / perPost);
