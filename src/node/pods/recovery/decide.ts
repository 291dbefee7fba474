/** What a restarted server does with a container that an earlier one had begun with. Pure. */

import type { RuntimeStatus } from '../../runtime/oci-runtime.ts';
import type { Stage } from './state-file.ts';

export interface Facts {
  readonly stage: Stage;
  /** Undefined: the runtime does not know it. */
  readonly status: RuntimeStatus | undefined;
  /** Its exit code is on file. */
  readonly exited: boolean;
  readonly monitorAlive: boolean;
  /** Its volume mounts have to be checked before it starts (`checkMounts`), and may not have been. */
  readonly unchecked: boolean;
}

export type Found =
  /** Its end is on file. */
  | { readonly decision: 'ended' }
  /** It runs, watched over. */
  | { readonly decision: 'adopt' }
  /** It is ready and was not started. */
  | { readonly decision: 'start' }
  /** It certainly never began: whatever there is of it goes, and it is made again. */
  | { readonly decision: 'anew' }
  | { readonly decision: 'unknown'; readonly why: string };

export function decide({ stage, status, exited, monitorAlive, unchecked }: Facts): Found {
  // Whatever ended it then, a server that was removing it for one, its command has not begun.
  if (stage === 'creating')
    return status === 'created' && monitorAlive && !exited && !unchecked ? { decision: 'start' } : { decision: 'anew' };
  if (stage === 'ended' || exited) return { decision: 'ended' };
  // From here on it may have been told to start.
  if (!monitorAlive)
    return {
      decision: 'unknown',
      why: 'its monitor (conmon) ended while the server was down, so its exit code is not known',
    };
  return status === 'created' ? { decision: 'start' } : { decision: 'adopt' };
}
