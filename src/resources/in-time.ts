/** Bounds how long a piece of work may keep the event loop: what strangers wrote may be made to take for ever. */

import { runInThisContext } from 'node:vm';

export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

const slot = Symbol.for('kf.in-time');

/**
 * The work's result. Node bounds the time of a script only, so the call is made by one.
 * @param work synchronous
 * @throws TookTooLong, and what the work throws
 */
export function inTime<T>(milliseconds: number, work: () => T): T {
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
