/** The time limit of a run none of whose steps has started; from the first step's start on it is the node's business. Pure. */

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
