/** Waiting for a while, cut short by a signal. */

import type { Clock } from '../../client/clock.ts';

/** Resolves after `milliseconds` or when the signal fires; keeps the process alive meanwhile. */
export function pause(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    // The clock's own timers let the process end.
    const alive = setInterval(() => undefined, 2 ** 30);
    const timer = clock.after(milliseconds, () => done());
    const done = (): void => {
      clearInterval(alive);
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    signal?.addEventListener('abort', done, { once: true });
  });
}
