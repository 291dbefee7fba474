/**
 * Which logs a sink has not had to their end, and how far it has had them; on disk, one small file per log, so that a
 * long backlog costs nothing while it waits. What is delivered between two saves never touches the disk.
 */

import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../files/durable.ts';
import type { LogOwner } from './log-record.ts';

export interface PendingLog {
  readonly owner: LogOwner;
  /** Nothing will be added to the log. */
  readonly ended: boolean;
  /** The Task is gone: the log goes once it is delivered. */
  readonly deleted: boolean;
  /** Bytes delivered, by path of the file below the owner's folder. */
  readonly offsets: Readonly<Record<string, number>>;
}

export interface SinkCounters {
  readonly deliveredLines: number;
  readonly refusedLines: number;
  readonly droppedBytes: number;
  readonly droppedTasks: number;
}

const none: SinkCounters = { deliveredLines: 0, refusedLines: 0, droppedBytes: 0, droppedTasks: 0 };
/** Its presence says that the sink has been taken up; the name is no uid. */
const countersFile = 'sink.json';

export class PendingLogs {
  readonly #directory: string;
  /** By the owner's uid, oldest first. */
  readonly #logs = new Map<string, PendingLog>();
  readonly #changed = new Set<string>();
  #counters = none;
  #countersChanged = false;
  /** Owners whose file cannot be read: their logs begin anew. */
  readonly damaged: string[] = [];

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined for a sink that has not been taken up yet. */
  static async open(directory: string): Promise<PendingLogs | undefined> {
    const pending = new PendingLogs(directory);
    const names = await readdir(directory).catch((): string[] => []);
    if (!names.includes(countersFile)) return undefined;
    for (const name of names) {
      if (!name.endsWith('.json')) continue;
      const content = parse(await readFile(join(directory, name), 'utf8'));
      const uid = name.slice(0, -'.json'.length);
      if (name === countersFile) pending.#counters = { ...none, ...(content as Partial<SinkCounters>) };
      else if (content === undefined) {
        pending.damaged.push(uid);
        pending.#changed.add(uid);
      } else pending.#logs.set(uid, content as PendingLog);
    }
    return pending;
  }

  static async create(directory: string): Promise<PendingLogs> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const pending = new PendingLogs(directory);
    pending.#countersChanged = true;
    return pending;
  }

  get counters(): SinkCounters {
    return this.#counters;
  }

  get size(): number {
    return this.#logs.size;
  }

  count(change: Partial<SinkCounters>): void {
    const sums = Object.entries(change).map(([name, more]) => [
      name,
      this.#counters[name as keyof SinkCounters] + more,
    ]);
    this.#counters = { ...this.#counters, ...Object.fromEntries(sums) };
    this.#countersChanged = true;
  }

  entries(): IterableIterator<[string, PendingLog]> {
    return this.#logs.entries();
  }

  get(uid: string): PendingLog | undefined {
    return this.#logs.get(uid);
  }

  set(uid: string, log: PendingLog): void {
    this.#logs.set(uid, log);
    this.#changed.add(uid);
  }

  /** Delivered to its end, or let go. */
  delete(uid: string): void {
    if (this.#logs.delete(uid)) this.#changed.add(uid);
  }

  /** Everything up to now is on disk when it resolves. */
  async save(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    try {
      for (const uid of changed) await this.#saveOne(uid);
      if (this.#countersChanged) {
        this.#countersChanged = false;
        await writeDurably(join(this.#directory, countersFile), JSON.stringify(this.#counters));
      }
    } catch (error) {
      for (const uid of changed) this.#changed.add(uid);
      this.#countersChanged = true;
      throw error;
    }
  }

  async #saveOne(uid: string): Promise<void> {
    const path = join(this.#directory, `${uid}.json`);
    const log = this.#logs.get(uid);
    if (log === undefined) await rm(path, { force: true });
    else await writeDurably(path, JSON.stringify(log), 0o600);
  }

  /** The sink is gone. */
  async remove(): Promise<void> {
    this.#logs.clear();
    this.#changed.clear();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
