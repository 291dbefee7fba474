/** How long a container, or its Pod, may take. */

import type { Clock, Timer } from '../../../client/clock.ts';

/** Fires when something that began at `since` (milliseconds since the epoch) has taken so long; at once where it has. */
export const whenOver = (clock: Clock, since: number, seconds: number, fire: () => void): Timer =>
  clock.after(Math.max(0, since + seconds * 1000 - clock.now()), fire);
