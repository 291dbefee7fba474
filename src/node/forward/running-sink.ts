/** One LogSink while it is served: its pending logs, its worker, its status. */

import { join } from 'node:path';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { type LogSink, usualHeldLimit } from '../../resources/kf/log-sink.ts';
import { quantityValue } from '../../resources/quantity.ts';
import { undelivered } from './batch.ts';
import { type Dropped, dropAbove } from './held-logs.ts';
import type { LogOwner } from './log-record.ts';
import { openTransport } from './open-transport.ts';
import { type PendingLog, PendingLogs } from './pending-logs.ts';
import { SinkStatus } from './sink-status.ts';
import { SinkWorker } from './sink-worker.ts';
import type { SinkSecret } from './transport.ts';

export interface RunningSinkOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Holds a folder of logs per owner. */
  readonly logs: string;
  /** Holds a folder per sink. */
  readonly directory: string;
  /** Throws for a file of the host that a sink may not write. */
  readonly checkFile: (path: string) => Promise<void>;
  /** No sink of this name needs the owner's log any more. */
  readonly onDelivered: (uid: string) => void;
  readonly onError: (message: string, error: unknown) => void;
}

export class RunningSink {
  #sink: LogSink;
  readonly #options: RunningSinkOptions;
  readonly #pending: PendingLogs;
  readonly #worker: SinkWorker;
  readonly #status: SinkStatus;
  /** Undelivered bytes of logs that have ended. */
  readonly #sizes = new WeakMap<PendingLog, number>();

  private constructor(sink: LogSink, options: RunningSinkOptions, pending: PendingLogs) {
    const { client, clock, logs, onError } = options;
    const { name, uid = '' } = sink.metadata;
    this.#sink = sink;
    this.#options = options;
    this.#pending = pending;
    this.#status = new SinkStatus({ client, clock, name, uid, pending, onError, backlog: () => this.#backlog() });
    this.#worker = new SinkWorker({
      clock,
      directory: logs,
      pending,
      open: async () => openTransport(this.#sink.spec.url, await this.#secret(), options.checkFile),
      onDelivered: (owner) => this.#delivered(owner),
      onReport: (report) => this.#status.report(report),
    });
  }

  /** @param adopt gives the logs that a sink begins with that has never been taken up */
  static async start(
    sink: LogSink,
    options: RunningSinkOptions,
    adopt: () => Promise<ReadonlyMap<string, PendingLog>>,
  ): Promise<RunningSink> {
    const directory = join(options.directory, sink.metadata.uid ?? '');
    let pending = await PendingLogs.open(directory);
    if (pending === undefined) {
      const begin = await adopt();
      pending = await PendingLogs.create(directory);
      const running = new RunningSink(sink, options, pending);
      for (const [uid, log] of begin) if (running.#wants(log.owner)) pending.set(uid, log);
      await pending.save();
      running.#worker.start();
      return running;
    }
    const running = new RunningSink(sink, options, pending);
    running.#worker.start();
    return running;
  }

  get damaged(): readonly string[] {
    return this.#pending.damaged;
  }

  /** The object has changed. */
  update(sink: LogSink): void {
    const changed = sink.metadata.generation !== this.#sink.metadata.generation;
    this.#sink = sink;
    if (changed) this.#worker.reopen();
  }

  /** A log that this sink is to have: new, known already, or at its end. */
  see(uid: string, owner: LogOwner, { ended, deleted }: { readonly ended: boolean; readonly deleted: boolean }): void {
    const known = this.#pending.get(uid);
    if (known === undefined && !this.#wants(owner)) return;
    this.#pending.set(uid, {
      offsets: known?.offsets ?? {},
      owner,
      ended: ended || known?.ended === true,
      deleted: deleted || known?.deleted === true,
    });
    this.look(uid);
  }

  /** There may be something new in the log. */
  look(uid: string): void {
    if (this.#pending.get(uid) === undefined) return;
    this.#worker.look(uid);
    this.#status.publish();
  }

  has(uid: string): boolean {
    return this.#pending.get(uid) !== undefined;
  }

  uids(): readonly string[] {
    return [...this.#pending.entries()].map(([uid]) => uid);
  }

  isEnded(uid: string): boolean {
    return this.#pending.get(uid)?.ended === true;
  }

  isDeleted(uid: string): boolean {
    return this.#pending.get(uid)?.deleted === true;
  }

  get name(): string {
    return this.#sink.metadata.name;
  }

  /** The others of these are gone: nothing more comes. @returns the others */
  endAllBut(uids: ReadonlySet<string>, isOf: (owner: LogOwner) => boolean): readonly string[] {
    const gone = [...this.#pending.entries()].filter(([uid, { owner }]) => isOf(owner) && !uids.has(uid));
    for (const [uid, { owner }] of gone) this.see(uid, owner, { ended: true, deleted: true });
    return gone.map(([uid]) => uid);
  }

  /** Drops what it holds above its bound. */
  async bound(): Promise<readonly Dropped[]> {
    const limit = quantityValue(this.#sink.spec.heldLimit ?? usualHeldLimit);
    const dropped = await dropAbove(limit, this.#pending, (uid, log) => this.#sizeOf(uid, log));
    if (dropped.length > 0) this.#status.publish();
    return dropped;
  }

  save(): Promise<void> {
    return this.#pending.save();
  }

  async stop(): Promise<void> {
    await this.#worker.stop();
    await this.#status.stop();
    await this.#pending.save();
  }

  /** The LogSink was deleted. */
  async remove(): Promise<void> {
    await this.#worker.stop();
    await this.#status.stop();
    await this.#pending.remove();
  }

  #wants({ space }: LogOwner): boolean {
    const { spaces } = this.#sink.spec;
    return spaces === undefined || spaces.length === 0 || spaces.includes(space);
  }

  #delivered(uid: string): void {
    this.#pending.delete(uid);
    this.#options.onDelivered(uid);
  }

  async #backlog(): Promise<number> {
    let sum = 0;
    for (const [uid, log] of [...this.#pending.entries()]) sum += await this.#sizeOf(uid, log);
    return sum;
  }

  /** Bytes not delivered. A log that has ended does not grow: thousands that wait are not measured again and again. */
  async #sizeOf(uid: string, log: PendingLog): Promise<number> {
    const bytes = this.#sizes.get(log) ?? (await undelivered(this.#options.logs, uid, log));
    if (log.ended) this.#sizes.set(log, bytes);
    return bytes;
  }

  /** @throws Error when the Secret is missing */
  async #secret(): Promise<SinkSecret> {
    const ref = this.#sink.spec.secretRef;
    if (ref === undefined) return {};
    const secret = await getIfExists(this.#options.client, Secret, ref);
    if (secret === undefined) throw new Error(`there is no Secret ${ref.namespace}/${ref.name}`);
    return Object.fromEntries(
      Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  }
}
