/** How many seconds containers have between the request to end and the kill. */

import type { Pod } from '../../../resources/core/pod.ts';
import { annotations } from '../../../resources/labels.ts';

export const usualGrace = 10;
/** Whoever fills the disk may not go on for long. */
export const evictionGrace = 1;

/** Seconds, where somebody wants the Pod's containers to end: it is deleted, or is to end and stay. */
export function wantedEnd(pod: Pod): number | undefined {
  if (pod.metadata.deletionTimestamp !== undefined) return deletionGrace(pod);
  const text = pod.metadata.annotations?.[annotations.endWithin] ?? '';
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** None where the Pod says so itself, for the API would not let it be told as its deletion's. */
const deletionGrace = ({ metadata }: Pod): number =>
  metadata.annotations?.[annotations.gracePeriod] === '0' ? 0 : (metadata.deletionGracePeriodSeconds ?? usualGrace);
