/** Waiting until the disk has it, however long that takes. */

import { pause } from '../../../client/clock.ts';
import type { NodeContext } from '../../context.ts';

type Patience = Pick<NodeContext, 'clock' | 'stopping' | 'onError'>;

/** Milliseconds between two tries. */
const retryDelay = 1000;

/** A disk that refuses (full, broken) is asked again until it takes what was written, or the agent stops. */
export const flush = (context: Patience & Pick<NodeContext, 'barrier'>): Promise<void> =>
  untilDone(context, context.barrier);

/** Tries a write again until the disk takes it, or the agent stops. */
export async function untilDone({ clock, stopping, onError }: Patience, write: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await write();
    } catch (error) {
      if (stopping.aborted) throw error;
      onError('waiting for the disk', error);
      await pause(clock, retryDelay);
    }
  }
}
