/** Keeps a sink's undelivered logs of deleted Tasks within their bound: the oldest go first. */

import type { PendingLog, PendingLogs } from './pending-logs.ts';

export interface Dropped {
  readonly uid: string;
  readonly task: string;
  readonly bytes: number;
}

/**
 * Lets go of what is too much.
 * @param limit bytes
 * @param sizeOf bytes of a log that have not been delivered
 */
export async function dropAbove(
  limit: number,
  pending: PendingLogs,
  sizeOf: (uid: string, log: PendingLog) => number | Promise<number>,
): Promise<readonly Dropped[]> {
  const held: Dropped[] = [];
  for (const [uid, log] of pending.entries())
    if (log.deleted)
      held.push({
        uid,
        task: `${log.owner.build === undefined ? 'Task' : 'Build'} ${log.owner.space}/${log.owner.task ?? log.owner.build}`,
        bytes: await sizeOf(uid, log),
      });
  let sum = held.reduce((total, { bytes }) => total + bytes, 0);
  const dropped: Dropped[] = [];
  for (const log of held) {
    if (sum <= limit) break;
    sum -= log.bytes;
    pending.delete(log.uid);
    pending.count({ droppedBytes: log.bytes, droppedTasks: 1 });
    dropped.push(log);
  }
  return dropped;
}
