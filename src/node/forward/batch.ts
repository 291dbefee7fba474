/** Collects what a sink has not had yet: bounded, and a little of each log in turn. */

import { join } from 'node:path';
import { ignoring } from '../../resources/errors.ts';
import { logFiles } from '../logs/log-files.ts';
import { openLog } from '../logs/open-log.ts';
import { chunkBytes, readLines } from './line-reader.ts';
import type { LogRecord } from './log-record.ts';
import type { PendingLog } from './pending-logs.ts';

/** Bytes and lines of a batch; memory is bounded by it, whatever a Task prints. */
const mostBytes = 4 * chunkBytes;
const mostLines = 5000;

export interface Batch {
  readonly records: readonly LogRecord[];
  /** Places after the batch, by owner, then by file. */
  readonly places: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** Owners whose log has been read: some of it, to its present end, or to its end for good. */
  readonly unread: readonly string[];
  readonly drained: readonly string[];
  readonly finished: readonly string[];
}

export interface BatchSource {
  /** Holds a folder per owner. */
  readonly directory: string;
  readonly get: (uid: string) => PendingLog | undefined;
  /** Stands in for the time of an entry that a full disk cut off. RFC 3339. */
  readonly now: () => string;
}

/** @param owners those that may have something, the longest waiting first */
export async function collect(owners: Iterable<string>, source: BatchSource): Promise<Batch> {
  const records: LogRecord[] = [];
  const places = new Map<string, Readonly<Record<string, number>>>();
  const drained: string[] = [];
  const unread: string[] = [];
  const finished: string[] = [];
  let bytes = 0;
  for (const uid of owners) {
    const log = source.get(uid);
    if (log === undefined) continue;
    if (bytes >= mostBytes || records.length >= mostLines) break;
    const read = await readOwner(uid, log, source);
    for (const record of read.records) records.push(record);
    bytes += read.bytes;
    places.set(uid, read.places);
    (read.more ? unread : log.ended ? finished : drained).push(uid);
  }
  return { records, places, unread, drained, finished };
}

/** One chunk of an owner's log. */
async function readOwner(uid: string, log: PendingLog, { directory, now }: BatchSource) {
  const folder = join(directory, uid);
  const files = await logFiles(folder, {});
  const pods = [...new Set(files.map(({ pod }) => pod))];
  const places: Record<string, number> = {};
  const records: LogRecord[] = [];
  const { attempts, ...owner } = log.owner;
  for (const [index, { path, pod }] of files.entries()) {
    const name = path.slice(folder.length + 1);
    const from = log.offsets[name] ?? 0;
    const isLast = index === files.length - 1;
    const read = await readLines(path, from, log.ended || !isLast).catch(ignoring('ENOENT'));
    if (read === undefined) continue;
    const attempt = attempts[pod] ?? pods.indexOf(pod) + 1;
    const origin = { ...owner, attempt };
    for (const { stream, time, message, partial } of read.lines)
      records.push({ origin, stream, time: utc(time) ?? now(), message, ...(partial ? { partial } : {}) });
    if (read.next === from) continue;
    places[name] = read.next;
    return { records, places, bytes: read.next - from, more: read.more || !isLast };
  }
  return { records, places, bytes: 0, more: false };
}

/** Bytes that have not been delivered. */
export async function undelivered(directory: string, uid: string, { offsets }: PendingLog): Promise<number> {
  const folder = join(directory, uid);
  let sum = 0;
  for (const { path } of await logFiles(folder, {})) {
    const size = await sizeOf(path).catch(() => 0);
    sum += Math.max(0, size - (offsets[path.slice(folder.length + 1)] ?? 0));
  }
  return sum;
}

/** Size of the log in bytes, also when it is compressed. */
async function sizeOf(path: string): Promise<number> {
  const file = await openLog(path);
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** The time that conmon wrote, with `Z`; undefined when an entry has none. */
const utc = (time: string): string | undefined =>
  time.endsWith('+00:00') ? `${time.slice(0, -6)}Z` : time === '' ? undefined : time;
