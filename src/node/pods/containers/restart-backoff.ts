/** When a container that is to run on is started again after its end: Kubernetes' crash-loop back-off. Pure. */

import type { EndedRecord } from '../recovery/state-file.ts';

/** Milliseconds; the first restart comes at once, each further one waits twice as long as the one before. */
const first = 10_000;
const longest = 300_000;
/** After so long without a restart it counts as a new one. */
const forgotten = 2 * longest;

export interface Restart {
  /** Restarts up to the one that comes. */
  readonly count: number;
  /** When that is due; milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds that were waited, or are. */
  readonly delay: number;
  readonly last: EndedRecord;
}

/** @param before the restart before; the end that it stands for itself gives the same again */
export function nextRestart(before: Restart | undefined, last: EndedRecord): Restart {
  if (before === undefined) return { count: 1, at: last.finishedAt, delay: 0, last };
  if (before.last.finishedAt === last.finishedAt) return before;
  const delay =
    last.finishedAt - before.at > forgotten ? 0 : before.delay === 0 ? first : Math.min(2 * before.delay, longest);
  return { count: before.count + 1, at: last.finishedAt + delay, delay, last };
}
