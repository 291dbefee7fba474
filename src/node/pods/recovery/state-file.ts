/**
 * `state.json` of a started Pod: what a restarted server needs to find its containers again. It lies in memory (or in
 * the runtime folder), so it is gone after a reboot; the intent that outlives one is in the Pod object.
 */

import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Restart } from '../containers/restart-backoff.ts';

/**
 * How far a container was brought:
 * `creating`: it may exist, but was never told to start; `starting`: it may have been told; `ended`: see its result.
 */
export type Stage = 'creating' | 'starting' | 'ended';

export interface ContainerRecord {
  readonly id: string;
  readonly stage: Stage;
  /** Milliseconds since the epoch, when known. */
  readonly startedAt?: number;
  /** The same moment on the monotonic clock, in milliseconds. */
  readonly startedMonotonic?: number;
  /** Which limits stopped it, so that a restarted server still knows the reason. */
  readonly stopReason?: string;
  readonly ended?: EndedRecord;
}

export interface EndedRecord {
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  readonly startedAt?: number;
  readonly finishedAt: number;
  readonly usage?: Readonly<Record<string, number>>;
}

export interface PodRecord {
  readonly version: 1;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly bootId: string;
  readonly networkId: string;
  readonly diskId: string;
  readonly containers: Readonly<Record<string, ContainerRecord>>;
  /** By container that was, or is to be, started again. */
  readonly restarts?: Readonly<Record<string, Restart>>;
}

const fileName = 'state.json';

/** Survives a kill of this process at any point; not flushed, since a reboot makes it meaningless. */
export function writeRecord(directory: string, record: PodRecord): void {
  const path = join(directory, fileName);
  writeFileSync(`${path}.tmp`, JSON.stringify(record), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

/** Records of every Pod below `pods`, by uid; undefined where a folder holds none that can be read. */
export function readRecords(pods: string): ReadonlyMap<string, PodRecord | undefined> {
  const found = new Map<string, PodRecord | undefined>();
  for (const entry of readdirSync(pods, { withFileTypes: true }))
    if (entry.isDirectory()) found.set(entry.name, recordOf(join(pods, entry.name)));
  return found;
}

/** The record in a Pod's folder; undefined where there is none that can be read. */
export function recordOf(directory: string): PodRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(join(directory, fileName), 'utf8')) as PodRecord;
    return record.version === 1 ? record : undefined;
  } catch {
    return undefined;
  }
}
