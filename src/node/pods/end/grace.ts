/** How many seconds containers have between the request to end and the kill. */

import type { Pod } from '../../../resources/core/pod.ts';
import { annotations } from '../../../resources/labels.ts';

export const usualGrace = 10;
/** Whoever fills the disk may not go on for long. */
export const evictionGrace = 1;

/** None where the Pod says so itself, for the API would not let it be told as its deletion's. */
export const deletionGrace = ({ metadata }: Pod): number =>
  metadata.annotations?.[annotations.gracePeriod] === '0' ? 0 : (metadata.deletionGracePeriodSeconds ?? usualGrace);
