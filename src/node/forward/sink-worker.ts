/** Brings the lines of all pending logs to one sink, in batches, each again until the sink has taken it. */

import { type Clock, pause } from '../../client/clock.ts';
import { type Batch, collect } from './batch.ts';
import type { LogRecord } from './log-record.ts';
import type { PendingLogs } from './pending-logs.ts';
import { RefusedError, type Transport } from './transport.ts';

export interface SinkWorkerOptions {
  readonly clock: Clock;
  /** Holds a folder of logs per owner. */
  readonly directory: string;
  readonly pending: PendingLogs;
  /** Asked anew after every failure: address and Secret may have changed. */
  readonly open: () => Promise<Transport>;
  /** The log of this owner has been delivered to its end. */
  readonly onDelivered: (uid: string) => void;
  readonly onReport: (report: SinkReport) => void;
}

export type SinkReport =
  | { readonly kind: 'reached' }
  | { readonly kind: 'delivered'; readonly lines: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string };

/** Milliseconds between attempts: the first, and the longest. */
const firstPause = 250;
const longestPause = 5_000;
/** Milliseconds after which a batch under way is reported. */
const hanging = 30_000;

export class SinkWorker {
  readonly #options: SinkWorkerOptions;
  /** Owners whose log may have something new; in the order of their turns. */
  readonly #due = new Set<string>();
  readonly #stopping = new AbortController();
  #transport: Transport | undefined;
  /** Ends the waiting for something to do; ends any waiting. */
  #wake: (() => void) | undefined;
  #resume: (() => void) | undefined;
  #failures = 0;
  #running: Promise<void> | undefined;

  constructor(options: SinkWorkerOptions) {
    this.#options = options;
  }

  start(): void {
    for (const [uid] of this.#options.pending.entries()) this.#due.add(uid);
    this.#running = this.#run();
  }

  /** There may be something new in this owner's log, or it has ended. */
  look(uid: string): void {
    this.#due.add(uid);
    this.#wake?.();
  }

  /** Address or Secret have changed: connects anew, at once. */
  reopen(): void {
    this.#failures = 0;
    this.#transport?.close();
    this.#transport = undefined;
    this.#resume?.();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#transport?.close();
    this.#resume?.();
    // What a sink has not confirmed is sent again: nobody need wait for a connection that does not come about.
    await Promise.race([this.#running, pause(this.#options.clock, 1000)]);
  }

  async #run(): Promise<void> {
    await this.#untilDone(async (transport) => {
      await transport.probe();
      this.#options.onReport({ kind: 'reached' });
    });
    while (!this.#stopping.signal.aborted) {
      if (this.#due.size === 0) await this.#pause();
      else await this.#round().catch((error: Error) => this.#failed(error));
    }
    this.#transport?.close();
  }

  async #round(): Promise<void> {
    const { clock, directory, pending } = this.#options;
    const turn = [...this.#due];
    // What comes to be due from now on is looked at again.
    this.#due.clear();
    let batch: Batch;
    try {
      const now = () => new Date(clock.now()).toISOString();
      batch = await collect(turn, { directory, get: (uid) => pending.get(uid), now });
    } catch (error) {
      for (const uid of turn) this.#due.add(uid);
      throw error;
    }
    const had = new Set([...batch.drained, ...batch.finished, ...batch.unread]);
    for (const uid of turn) if (!had.has(uid) && pending.get(uid) !== undefined) this.#due.add(uid);
    for (const uid of batch.unread) this.#due.add(uid);
    if (!(await this.#deliver(batch.records))) return;
    for (const [uid, places] of batch.places) {
      const log = pending.get(uid);
      if (log === undefined || Object.keys(places).length === 0) continue;
      pending.set(uid, { ...log, offsets: { ...log.offsets, ...places } });
    }
    for (const uid of batch.finished) this.#options.onDelivered(uid);
  }

  /** False when the worker was stopped first. */
  async #deliver(records: readonly LogRecord[]): Promise<boolean> {
    if (records.length === 0) return !this.#stopping.signal.aborted;
    return this.#untilDone((transport) => this.#send(transport, records));
  }

  async #send(transport: Transport, records: readonly LogRecord[]): Promise<void> {
    const { pending, onReport } = this.#options;
    try {
      const { refused = 0 } = (await transport.send(records)) ?? {};
      pending.count({ deliveredLines: records.length - refused, refusedLines: refused });
      if (refused > 0) onReport({ kind: 'refused', message: `the sink has thrown away ${refused} lines` });
      onReport({ kind: 'delivered', lines: records.length - refused });
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (records.length > 1) return this.#sendBisected(transport, records);
      pending.count({ refusedLines: 1 });
      onReport({ kind: 'refused', message: error.message });
    }
  }

  /** Finds the line that the sink will not have: it must not hold up the others for ever. */
  async #sendBisected(transport: Transport, records: readonly LogRecord[]): Promise<void> {
    const middle = Math.ceil(records.length / 2);
    await this.#send(transport, records.slice(0, middle));
    await this.#send(transport, records.slice(middle));
  }

  /** Again and again, with longer and longer pauses; false when the worker was stopped first. */
  async #untilDone(attempt: (transport: Transport) => Promise<void>): Promise<boolean> {
    while (!this.#stopping.signal.aborted) {
      try {
        this.#transport ??= await this.#options.open();
        await this.#orReportHanging(attempt(this.#transport));
        this.#failures = 0;
        return true;
      } catch (error) {
        await this.#failed(error as Error);
      }
    }
    return false;
  }

  /** A sink that takes long is waited for, but does not count as one that works. */
  async #orReportHanging(attempt: Promise<void>): Promise<void> {
    const { clock, onReport } = this.#options;
    const message = `the sink has not confirmed a batch for ${hanging / 1000} s`;
    const timer = clock.after(hanging, () => onReport({ kind: 'failed', message }));
    try {
      await attempt;
    } finally {
      timer.cancel();
    }
  }

  async #failed(error: Error): Promise<void> {
    this.#transport?.close();
    this.#transport = undefined;
    if (this.#stopping.signal.aborted) return;
    this.#options.onReport({ kind: 'failed', message: error.message });
    const milliseconds = Math.min(longestPause, firstPause * 2 ** this.#failures++);
    // Not all sinks of a receiver that comes back at the same moment.
    await this.#pause(milliseconds * (0.8 + 0.2 * Math.random()));
  }

  /** @param milliseconds default: until there is something to do */
  #pause(milliseconds?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === undefined ? undefined : this.#options.clock.after(milliseconds, () => done());
      const done = (): void => {
        timer?.cancel();
        this.#wake = this.#resume = undefined;
        resolve();
      };
      // While a failed batch waits, new lines change nothing.
      if (milliseconds === undefined) this.#wake = done;
      this.#resume = done;
      if (this.#stopping.signal.aborted) done();
    });
  }
}
