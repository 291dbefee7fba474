/** The time limit of a run none of whose steps has started; from the first step's start on it is the node's business. Pure. */

import type { Pod } from '../../resources/core/pod.ts';
import { parseDuration } from '../../resources/duration.ts';
import { isKfsOwn } from '../../resources/tekton/kfs-own.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';

/**
 * Milliseconds until such a run is over, 0 when it is; undefined when it may wait for ever. Kf's own Tasks may: for them time
 * in a queue counts for nothing.
 * @param now milliseconds since the epoch
 */
export function timeToStart(run: TaskRun, now: number): number | undefined {
  const timeout = parseDuration(run.spec.timeout ?? '0s') ?? 0;
  const { startTime } = run.status ?? {};
  if (timeout <= 0 || startTime === undefined || isKfsOwn(run)) return undefined;
  return Math.max(0, Date.parse(startTime) + timeout - now);
}

/**
 * Milliseconds for which a registry that does not answer is asked again before the run has failed; 0: none are left.
 * @param timeout in milliseconds, from when the first image was asked for; default: none @param now milliseconds since the epoch
 */
export function timeToPull({ status }: Pod, timeout: number | undefined, now: number): number {
  const isFailing = status?.containerStatuses?.some(({ state }) => state?.waiting?.reason === 'ImagePullBackOff');
  if (timeout === undefined || isFailing !== true || status?.startTime === undefined) return 0;
  return Math.max(0, Date.parse(status.startTime) + timeout - now);
}
