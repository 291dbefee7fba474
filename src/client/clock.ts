/** Time, injected, so that tests decide what it is. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall time in milliseconds since the epoch. */
  now(): number;
  /** Calls `fire` once after `milliseconds`, however long that is; never keeps the process alive. */
  after(milliseconds: number, fire: () => void): Timer;
}

/** Node's timers overflow above this many milliseconds. */
const longestTimeout = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, fire) {
    let timeout: NodeJS.Timeout;
    const arm = (left: number): void => {
      const step = Math.min(left, longestTimeout);
      timeout = setTimeout(() => (left > step ? arm(left - step) : fire()), Math.max(0, step)).unref();
    };
    arm(milliseconds);
    return { cancel: () => clearTimeout(timeout) };
  },
};

/** Resolves after so many milliseconds, or as soon as the signal fires; never keeps the process alive. */
export function pause(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(milliseconds, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** RFC 3339 in whole seconds, as Kubernetes writes times. */
export const rfc3339 = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/, 'Z');
