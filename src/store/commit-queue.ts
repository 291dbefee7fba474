/**
 * Writes on their way to the disk. Whatever arrives while the worker is busy shares its next transaction.
 *
 * When the disk refuses (full, failing), nothing is undone: memory stays ahead of the disk, the refused batch stays at
 * the head of the queue and is tried again with back-off until it is taken, so memory and disk cannot diverge. Meanwhile
 * whoever waits for his write is told (507), and no new client's write is let in before an attempt that it hastens has
 * succeeded (`whenWritable`); what controllers derive queues up behind.
 */

import { Worker } from 'node:worker_threads';
import { type StatusError, statusError } from '../resources/status.ts';

export type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One revision, as the worker needs it. */
export interface Write {
  readonly revision: number;
  readonly type: EventType;
  readonly id: number;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** JSON: one uid, or an array. */
  readonly owners: string | null;
  /** JSON. */
  readonly labels: string | null;
  readonly flags: number;
  readonly body: string;
  /** JSON of what selectors see of the object before this revision. */
  readonly before: string | null;
}

export type WorkerRequest = { readonly number: number } & (
  | { readonly type: 'commit'; readonly writes: readonly Write[] }
  | { readonly type: 'compact'; readonly revision: number }
  | { readonly type: 'close'; readonly revision: number }
);
type Work = WorkerRequest extends infer R ? (R extends unknown ? Omit<R, 'number'> : never) : never;
type Answer = { readonly request: number; readonly error?: { readonly code?: string; readonly message: string } };

export interface CommitQueueOptions {
  readonly path: string;
  readonly flushedRevision: number;
  /** Milliseconds added to every flush; for benchmarks. */
  readonly flushDelayMs: number;
  /** The thread's file; for tests. Default: commit-worker.mjs beside this file. */
  readonly worker?: URL;
  /** A batch is on disk. */
  readonly onFlushed: (revision: number) => void;
}

/** Milliseconds between attempts while the disk refuses: first, and longest. */
const retry = { first: 50, longest: 2000 };

/** More than this many writes are split over several transactions. */
const largestBatch = 2000;

interface Waiter {
  readonly revision: number;
  resolve(): void;
  reject(error: Error): void;
}

export class CommitQueue {
  /** Transactions that reached the disk. */
  flushes = 0;
  #worker: Worker | undefined;
  #pending: Write[] = [];
  #batch: readonly Write[] = [];
  #waiters: Waiter[] = [];
  #failure: StatusError | undefined;
  #retryDelay = retry.first;
  /** Ends the pause before the next attempt, if there is one, but not before the shortest. */
  #hasten: () => void = () => {};
  #number = 0;
  #answer: ((answer: Answer) => void) | undefined;
  #running = false;
  /** The first transaction of a row, not yet begun. */
  #begin: NodeJS.Immediate | undefined;
  #flushed: number;
  #last: number;
  readonly #errands: (() => Promise<void>)[] = [];

  constructor(readonly options: CommitQueueOptions) {
    this.#flushed = options.flushedRevision;
    this.#last = options.flushedRevision;
    this.#startWorker();
  }

  get flushedRevision(): number {
    return this.#flushed;
  }

  /**
   * Undefined while the disk takes writes. Otherwise it is tried again at once: resolves when it takes them.
   * @throws StatusError InsufficientStorage when it still refuses
   */
  whenWritable(): Promise<void> | undefined {
    if (this.#failure === undefined) return undefined;
    const tried = this.#batch.at(-1)?.revision ?? this.#last;
    return new Promise((resolve, reject) => {
      this.#waiters.push({ revision: tried, resolve, reject });
      this.#hasten();
    });
  }

  add(write: Write): void {
    this.#pending.push(write);
    this.#last = write.revision;
    this.#wake();
  }

  /**
   * Resolves when `revision` is on disk.
   * @throws StatusError InsufficientStorage when the next attempt to write fails
   */
  whenFlushed(revision: number = this.#last): Promise<void> {
    if (revision <= this.#flushed) return Promise.resolve();
    this.#hurry();
    return new Promise((resolve, reject) => this.#waiters.push({ revision, resolve, reject }));
  }

  /** Drops the log up to a revision. A disk that refuses is no error: the next compaction takes it along. */
  compact(revision: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#errands.push(async () => resolve((await this.#ask({ type: 'compact', revision })).error === undefined));
      this.#wake();
    });
  }

  /** Flushes, marks the file as closed well, and ends the worker. @throws StatusError when the disk refuses */
  async close(): Promise<void> {
    try {
      await this.whenFlushed();
      while (this.#running) await new Promise(setImmediate);
      this.#worker?.ref();
      const { error } = await this.#ask({ type: 'close', revision: this.#last });
      if (error !== undefined) throw storageRefused(error);
    } finally {
      const worker = this.#worker;
      this.#worker = undefined;
      await worker?.terminate();
    }
  }

  #wake(): void {
    if (this.#running) return;
    this.#running = true;
    // After the current turn, so that writes of one turn share a transaction.
    this.#begin = setImmediate(() => void this.#run());
  }

  /** A client waits: the batch is sent without waiting for the rest of the turn. */
  #hurry(): void {
    if (this.#begin === undefined) return;
    clearImmediate(this.#begin);
    void this.#run();
  }

  async #run(): Promise<void> {
    this.#begin = undefined;
    this.#worker?.ref();
    while (this.#worker !== undefined && this.#pending.length + this.#batch.length + this.#errands.length > 0) {
      if (this.#pending.length + this.#batch.length > 0) await this.#flush();
      else await this.#errands.shift()?.();
    }
    this.#worker?.unref();
    this.#running = false;
  }

  async #flush(): Promise<void> {
    if (this.#batch.length === 0) this.#batch = this.#pending.splice(0, largestBatch);
    const { error } = await this.#ask({ type: 'commit', writes: this.#batch });
    if (error !== undefined) return this.#refuse(storageRefused(error));
    this.flushes++;
    this.#flushed = this.#batch.at(-1)?.revision ?? this.#flushed;
    this.#batch = [];
    this.#failure = undefined;
    this.#retryDelay = retry.first;
    this.options.onFlushed(this.#flushed);
    const ready = this.#waiters.filter((waiter) => waiter.revision <= this.#flushed);
    this.#waiters = this.#waiters.filter((waiter) => waiter.revision > this.#flushed);
    for (const waiter of ready) waiter.resolve();
  }

  async #refuse(failure: StatusError): Promise<void> {
    this.#failure = failure;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(failure);
    const delay = this.#retryDelay;
    const begun = Date.now();
    this.#retryDelay = Math.min(delay * 2, retry.longest);
    await new Promise<void>((resolve) => {
      let timer = setTimeout(resolve, delay);
      this.#hasten = () => {
        clearTimeout(timer);
        timer = setTimeout(resolve, Math.max(0, begun + retry.first - Date.now()));
      };
    });
    this.#hasten = () => {};
  }

  #ask(work: Work): Promise<Answer> {
    const number = ++this.#number;
    return new Promise((resolve) => {
      if (this.#worker === undefined) return resolve({ request: number, error: { message: 'the store is closed' } });
      this.#answer = (answer) => {
        if (answer.request === number) resolve(answer);
      };
      this.#worker.postMessage({ ...work, number });
    });
  }

  #startWorker(): void {
    const worker = new Worker(this.options.worker ?? new URL('./commit-worker.mjs', import.meta.url), {
      workerData: { path: this.options.path, flushDelayMs: this.options.flushDelayMs },
      // Flags of the main thread (a loader, an inspector) are not for this plain file.
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    worker.unref();
    worker.on('message', (answer: Answer) => this.#answer?.(answer));
    worker.on('error', (error) => this.#answer?.({ request: this.#number, error }));
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      // A worker that died has refused what it had; the next one gets it again.
      this.#startWorker();
      this.#answer?.({ request: this.#number, error: { message: 'the commit thread ended' } });
      if (this.#running) this.#worker?.ref();
    });
    this.#worker = worker;
  }
}

/** The error of a write that the disk did not take. */
export const storageRefused = ({ code, message }: { readonly code?: string; readonly message: string }): StatusError =>
  statusError(
    'InsufficientStorage',
    code === 'SQLITE_FULL'
      ? 'the disk of the data directory is full: free some space, writing goes on by itself'
      : `the data directory cannot be written: ${message}`,
  );
