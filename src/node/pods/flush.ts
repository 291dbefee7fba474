/** Waiting until the disk has it, however long that takes. */

import type { NodeContext } from '../context.ts';

/** Milliseconds between two tries. */
const retryDelay = 1000;

/** A disk that refuses (full, broken) is asked again until it takes what was written, or the agent stops. */
export const flush = (context: NodeContext): Promise<void> => untilDone(context, context.barrier);

/** Tries a write again until the disk takes it, or the agent stops. */
export async function untilDone({ clock, stopping, onError }: NodeContext, write: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (stopping.aborted) throw error;
      onError('waiting for the disk', error);
      await new Promise<void>((resolve) => clock.after(retryDelay, resolve));
    }
  }
}
