/** Waiting for a while, cut short by a signal. */

import { type Clock, pause as pauseOf } from '../../client/clock.ts';

/** Resolves after `milliseconds` or when the signal fires; keeps the process alive meanwhile. */
export async function pause(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  // The clock's own timers let the process end.
  const alive = setInterval(() => undefined, 2 ** 30);
  await pauseOf(clock, milliseconds, signal);
  clearInterval(alive);
}
