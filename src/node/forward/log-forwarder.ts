/**
 * Forwards the output of Tasks and Builds to every LogSink. The log files are the buffer: what a sink has not had stays in
 * them, also when its owner is deleted meanwhile, within the sink's bound. Where there is no sink nothing is watched or kept.
 *
 * On disk: per sink its pending logs with their places, and the revisions up to which their owners have been seen. Pending
 * logs are saved before the revisions, so that a crash repeats lines and loses none.
 */

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { reflect } from '../../client/reflector.ts';
import { isFinal } from '../../resources/condition.ts';
import { LogSink } from '../../resources/kf/log-sink.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { GrowthWatch } from './growth-watch.ts';
import { placesAt } from './log-place.ts';
import type { LogOwner } from './log-record.ts';
import { endOf, type OwnerObject, ownerKinds, ownerOf } from './owner-kind.ts';
import { OwnerWatch } from './owner-watch.ts';
import type { PendingLog } from './pending-logs.ts';
import { RunningSink } from './running-sink.ts';

export interface LogForwarderOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Holds a folder of logs per owner. */
  readonly logs: string;
  /** Holds what is remembered of sinks. */
  readonly directory: string;
  /** Throws for a file of the host that a sink may not write. */
  readonly checkFile: (path: string) => Promise<void>;
  /** Removes the log of a deleted owner once nobody waits for it. */
  readonly deleteLog: (uid: string) => Promise<void>;
  readonly onError: (message: string, error?: unknown) => void;
}

/** Milliseconds between two saves: what was delivered since the last one is repeated after a crash. */
const saveInterval = 1000;
const sinkRetryDelay = 2000;

export class LogForwarder {
  readonly #options: LogForwarderOptions;
  readonly #stopping = new AbortController();
  readonly #sinks = new Map<string, RunningSink>();
  /** By UID, as last seen. */
  readonly #wanted = new Map<string, LogSink>();
  readonly #growth: GrowthWatch;
  /** Owners that are gone. */
  readonly #deleted = new Set<string>();
  readonly #owners: readonly OwnerWatch[];
  /** One change at a time: owners and sinks are seen in order. */
  #queue: Promise<void> = Promise.resolve();
  #started: Promise<void> = Promise.resolve();
  #saveDue = false;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: LogForwarderOptions) {
    this.#options = options;
    this.#growth = new GrowthWatch(options.logs, options.clock, (uid) => {
      for (const sink of this.#sinks.values()) sink.look(uid);
    });
    this.#owners = ownerKinds.map(
      (kind) =>
        new OwnerWatch({
          ...options,
          kind,
          damaged: () => [...this.#sinks.values()].flatMap((sink) => sink.damaged),
          isPending: (uid) => this.#isPending(uid),
          enqueue: (change) => this.#enqueue(change),
          onLive: (object) => this.#register(object),
          onEnd: (object, gone) => this.#end(object, gone),
          onList: (alive) => this.#endAllBut(alive, kind.isOf),
          onProgress: () => this.#saveSoon(),
        }),
    );
  }

  start(): void {
    this.#started = this.#start().catch((error) => this.#options.onError('starting to forward logs', error));
  }

  async #start(): Promise<void> {
    const { client, clock, directory, onError } = this.#options;
    const { resourceVersion } = await client.list(LogSink);
    for (const owners of this.#owners) await owners.load(resourceVersion);
    await reflect({
      client,
      kind: LogSink,
      clock,
      signal: this.#stopping.signal,
      onObject: (sink, gone) => this.#want(sink, gone),
      onError: (error) => onError('watching log sinks', error),
    });
    await this.#queue;
    for (const name of await readdir(directory).catch((): string[] => []))
      if (!ownerKinds.some(({ file }) => file === name) && !this.#sinks.has(name))
        await rm(join(directory, name), { recursive: true });
  }

  /**
   * Whether the log of this deleted object is still needed; then it is removed once it has been delivered, or let go.
   */
  async keeps(object: KubeObject): Promise<boolean> {
    const { uid = '', resourceVersion = '0' } = object.metadata;
    await this.#started;
    const owners = this.#owners.find(({ kind }) => kind.kind.kind === object.kind);
    // A new sink gets the logs of what has ended since it was created.
    if (this.#wanted.size > this.#sinks.size) await this.#queue;
    if (owners === undefined || this.#sinks.size === 0) return false;
    await owners.hasSeen(resourceVersion);
    if (owners.isBlind(resourceVersion))
      for (const sink of this.#sinks.values())
        sink.see(uid, ownerOf(object as OwnerObject), { ended: true, deleted: true });
    if (!this.#isPending(uid)) return false;
    this.#deleted.add(uid);
    return true;
  }

  /** Whether a sink still waits for the log of this owner. */
  async holds(uid: string): Promise<boolean> {
    await this.#started;
    return this.#isPending(uid);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#started;
    for (const owners of this.#owners) await owners.stop();
    await this.#queue;
    this.#growth.close();
    await this.#saving;
    await Promise.all([...this.#sinks.values()].map((sink) => sink.stop()));
    if (this.#sinks.size > 0) for (const owners of this.#owners) await owners.save(owners.revision);
  }

  /** What it throws is reported; later changes are handled. */
  #enqueue(change: () => Promise<void> | void): Promise<void> {
    this.#queue = this.#queue
      .then(() => change())
      .catch((error: unknown) => this.#options.onError('forwarding logs', error));
    return this.#queue;
  }

  /** A sink that cannot be taken up, as on a full disk, is tried again for as long as it is the latest word. */
  #want(sink: LogSink, gone: boolean): void {
    const { uid = '' } = sink.metadata;
    const { clock, onError } = this.#options;
    this.#wanted.set(uid, sink);
    if (gone) this.#wanted.delete(uid);
    void this.#enqueue(() =>
      this.#change(sink, gone).catch((error: unknown) => {
        onError(`log sink ${sink.metadata.name}`, error);
        clock.after(sinkRetryDelay, () => {
          const isLatest = this.#wanted.get(uid) === (gone ? undefined : sink);
          if (isLatest && !this.#stopping.signal.aborted) this.#want(sink, gone);
        });
      }),
    );
  }

  async #change(sink: LogSink, gone: boolean): Promise<void> {
    const { uid = '' } = sink.metadata;
    const running = this.#sinks.get(uid);
    if (gone) {
      this.#sinks.delete(uid);
      const had = running?.uids() ?? [];
      await running?.remove();
      for (const owner of had) this.#release(owner);
      if (this.#sinks.size === 0) await this.#unfollow();
    } else if (running !== undefined) running.update(sink);
    else if (!this.#stopping.signal.aborted) {
      const options = { ...this.#options, onDelivered: (owner: string) => this.#release(owner) };
      const started = await RunningSink.start(sink, options, () => this.#adopt(sink));
      this.#sinks.set(uid, started);
      for (const owner of started.uids()) {
        if (started.isDeleted(owner)) this.#deleted.add(owner);
        if (!started.isEnded(owner)) this.#growth.watch(owner);
      }
      for (const owners of this.#owners) owners.follow();
    }
  }

  /** A new sink begins with what is written from its creation on. */
  async #adopt({ metadata, status }: LogSink): Promise<ReadonlyMap<string, PendingLog>> {
    const { logs } = this.#options;
    const { creationTimestamp = '', generation, resourceVersion } = metadata;
    // Unchanged since its creation it is as old as its revision, and what ended since then is younger.
    const unchanged = generation === 1 && status === undefined;
    const begin = new Map<string, PendingLog>();
    for (const owners of this.#owners) {
      const list = await owners.list((one) => !unchanged || Number(one.resourceVersion) > Number(resourceVersion));
      owners.begin(list.resourceVersion);
      for (const object of list.items) {
        if (isFinal(object) && endOf(object) < Date.parse(creationTimestamp)) continue;
        const { uid = '' } = object.metadata;
        const offsets = await placesAt(join(logs, uid), creationTimestamp);
        begin.set(uid, { owner: ownerOf(object), ended: isFinal(object), deleted: false, offsets });
      }
    }
    return begin;
  }

  async #unfollow(): Promise<void> {
    this.#growth.close();
    this.#deleted.clear();
    for (const owners of this.#owners) await owners.unfollow();
  }

  #endAllBut(alive: ReadonlySet<string>, isOf: (owner: LogOwner) => boolean): void {
    for (const sink of this.#sinks.values()) for (const uid of sink.endAllBut(alive, isOf)) this.#deleted.add(uid);
  }

  /** An owner whose log is to be had by every sink that wants it. */
  #register(object: OwnerObject): void {
    const { uid = '' } = object.metadata;
    const owner = ownerOf(object);
    const ended = isFinal(object);
    for (const sink of this.#sinks.values()) sink.see(uid, owner, { ended, deleted: false });
    if (!ended && this.#isPending(uid)) this.#growth.watch(uid);
  }

  /** Reports the end of an owner to the sinks that have its log pending; the others have delivered it. */
  #end(object: OwnerObject, deleted: boolean): void {
    const { uid = '' } = object.metadata;
    const owner = ownerOf(object);
    if (deleted && this.#isPending(uid)) this.#deleted.add(uid);
    this.#growth.unwatch(uid);
    for (const sink of this.#sinks.values()) if (sink.has(uid)) sink.see(uid, owner, { ended: true, deleted });
  }

  #isPending(uid: string): boolean {
    return [...this.#sinks.values()].some((sink) => sink.has(uid));
  }

  /** A sink does not need this log any more. */
  #release(uid: string): void {
    this.#saveSoon();
    if (this.#isPending(uid)) return;
    this.#growth.unwatch(uid);
    if (!this.#deleted.delete(uid)) return;
    const { deleteLog, onError } = this.#options;
    deleteLog(uid).catch((error) => onError('removing a log that was delivered', error));
  }

  #saveSoon(): void {
    if (this.#saveDue || this.#stopping.signal.aborted) return;
    this.#saveDue = true;
    this.#options.clock.after(saveInterval, () => {
      this.#saveDue = false;
      if (this.#stopping.signal.aborted) return;
      this.#saving = this.#save().catch((error) => {
        this.#options.onError('saving the places of forwarded logs', error);
        this.#saveSoon();
      });
    });
  }

  async #save(): Promise<void> {
    const revisions = this.#owners.map(({ revision }) => revision);
    for (const sink of this.#sinks.values()) {
      for (const { uid, task, bytes } of await sink.bound()) {
        this.#options.onError(
          `log sink ${sink.name}: dropped ${bytes} bytes of the log of ${task}, which is deleted: more was waiting than its heldLimit allows`,
        );
        this.#release(uid);
      }
      await sink.save();
    }
    if (this.#sinks.size > 0) for (const [index, owners] of this.#owners.entries()) await owners.save(revisions[index]);
  }
}
