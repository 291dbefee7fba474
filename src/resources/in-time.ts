/** Bounds how long a piece of work may keep the event loop: what strangers wrote may be made to take for ever. */

import { runInThisContext } from 'node:vm';

export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

const slot = Symbol.for('kf.in-time');
/** How often work that got no processor time is tried again; each time it has twice as long. */
const mostTries = 5;

/** Milliseconds of processor time of the whole process since some moment. */
const processorTime = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * The work's result. What it takes of the processor counts, not what a clock shows: on a busy machine the simplest work
 * may have to wait for longer. It is begun anew then.
 * @param work synchronous, and may be cut short and called again
 * @param milliseconds about which it may take; on a quiet machine exactly so
 * @throws TookTooLong, and what the work throws
 */
export function inTime<T>(milliseconds: number, work: () => T, spent: () => number = processorTime): T {
  for (let tries = 1; ; tries++) {
    const before = spent();
    try {
      return cutShort(milliseconds * 2 ** (tries - 1), work);
    } catch (error) {
      const isStarved = error instanceof TookTooLong && spent() - before < milliseconds / 2;
      if (!isStarved || tries === mostTries) throw error;
    }
  }
}

/** Node bounds the time of a script only, so the call is made by one. @throws TookTooLong */
function cutShort<T>(milliseconds: number, work: () => T): T {
  const globals = globalThis as { [slot]?: () => unknown };
  globals[slot] = work;
  try {
    return runInThisContext("globalThis[Symbol.for('kf.in-time')]()", { timeout: milliseconds }) as T;
  } catch (error) {
    if ((error as { code?: string } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw new TookTooLong(`more than ${milliseconds} ms`);
    throw error;
  } finally {
    delete globals[slot];
  }
}
