/** How a server is told to start nothing new before it is stopped. Pure. */

import { annotations } from '../labels.ts';

/** A merge patch of the Node. */
export const drainPatch = (on: boolean): object => ({
  metadata: { annotations: { [annotations.draining]: on ? 'true' : null } },
  spec: { unschedulable: on ? true : null },
});
