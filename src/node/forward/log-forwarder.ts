/**
 * Forwards the output of Tasks to every LogSink. The log files are the buffer: what a sink has not had stays in them,
 * also when its Task is deleted meanwhile, within the sink's bound. Where there is no sink nothing is watched or kept.
 *
 * On disk: per sink its pending logs with their places, and the revision up to which Tasks have been seen. Pending logs
 * are saved before the revision, so that a crash repeats lines and loses none.
 */

import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, ListedMetadata } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { reflect } from '../../client/reflector.ts';
import { writeDurably } from '../../files/durable.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { LogSink } from '../../resources/kf/log-sink.ts';
import { Task } from '../../resources/kf/task.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { isExpired } from '../../resources/status.ts';
import { GrowthWatch } from './growth-watch.ts';
import { placesAt } from './log-place.ts';
import { type LogOwner, ownerOfTask } from './log-record.ts';
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
  /** Removes the log of a deleted Task once nobody waits for it. */
  readonly deleteLog: (uid: string) => Promise<void>;
  readonly onError: (message: string, error?: unknown) => void;
}

/** Milliseconds between two saves: what was delivered since the last one is repeated after a crash. */
const saveInterval = 1000;
const retryDelay = 200;
const sinkRetryDelay = 2000;
/** Milliseconds that a deletion waits for the forwarder to have seen the Task's end. */
const patience = 5000;

export class LogForwarder {
  readonly #options: LogForwarderOptions;
  readonly #stopping = new AbortController();
  readonly #sinks = new Map<string, RunningSink>();
  /** By uid, as last told. */
  readonly #wanted = new Map<string, LogSink>();
  readonly #growth: GrowthWatch;
  /** Owners whose Task is gone. */
  readonly #deleted = new Set<string>();
  /** Ends the watching of Tasks. */
  #following: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;
  /** Up to where Tasks have been seen. */
  #revision: string | undefined;
  #savedRevision: string | undefined;
  /** Revisions whose events were not seen, when a watch had expired. */
  #blind = { after: 0, until: 0 };
  /** One change at a time: Tasks and sinks are seen in order. */
  #queue: Promise<void> = Promise.resolve();
  #started: Promise<void> = Promise.resolve();
  #saveDue = false;
  #saving: Promise<void> = Promise.resolve();
  #seen: (() => void)[] = [];

  constructor(options: LogForwarderOptions) {
    this.#options = options;
    this.#growth = new GrowthWatch(options.logs, options.clock, (uid) => {
      for (const sink of this.#sinks.values()) sink.look(uid);
    });
  }

  start(): void {
    this.#started = this.#start().catch((error) => this.#options.onError('starting to forward logs', error));
  }

  async #start(): Promise<void> {
    const { client, clock, directory, onError } = this.#options;
    const saved = await readFile(join(directory, 'revision'), 'utf8').catch(() => undefined);
    // A store that was put back to an earlier state knows nothing of later revisions.
    const { resourceVersion } = await client.list(LogSink);
    if (Number(saved) <= Number(resourceVersion)) this.#revision = this.#savedRevision = saved;
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
      if (name !== 'revision' && !this.#sinks.has(name)) await rm(join(directory, name), { recursive: true });
  }

  /**
   * Whether the log of this deleted object is still needed; then it is removed once it has been delivered, or let go.
   */
  async keeps(object: KubeObject): Promise<boolean> {
    const { uid = '', resourceVersion = '0' } = object.metadata;
    await this.#started;
    if (object.kind !== 'Task' || this.#sinks.size === 0) return false;
    await this.#hasSeen(resourceVersion);
    // Nobody has told of it; better twice than never.
    if (Number(resourceVersion) > this.#blind.after && Number(resourceVersion) <= this.#blind.until)
      for (const sink of this.#sinks.values())
        sink.see(uid, ownerOfTask(object as Task), { ended: true, deleted: true });
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
    this.#following?.abort.abort();
    await this.#started;
    await this.#following?.ended;
    await this.#queue;
    this.#growth.close();
    await this.#saving;
    await Promise.all([...this.#sinks.values()].map((sink) => sink.stop()));
    await this.#saveRevision(this.#revision);
  }

  /** What it throws is reported; the next change comes all the same. */
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
      this.#follow();
    }
  }

  /** A new sink begins with what is written from its creation on. */
  async #adopt({ metadata, status }: LogSink): Promise<ReadonlyMap<string, PendingLog>> {
    const { logs } = this.#options;
    const { creationTimestamp = '', generation, resourceVersion } = metadata;
    // Unchanged since its creation it is as old as its revision, and what ended since then is younger.
    const unchanged = generation === 1 && status === undefined;
    const tasks = await this.#tasks((task) => !unchanged || Number(task.resourceVersion) > Number(resourceVersion));
    this.#revision ??= tasks.resourceVersion;
    const begin = new Map<string, PendingLog>();
    for (const task of tasks.items) {
      if (isFinal(task) && endOf(task) < Date.parse(creationTimestamp)) continue;
      const { uid = '' } = task.metadata;
      const offsets = await placesAt(join(logs, uid), creationTimestamp);
      begin.set(uid, { owner: ownerOfTask(task), ended: isFinal(task), deleted: false, offsets });
    }
    return begin;
  }

  /** The unfinished Tasks, and those that are wanted: others are not read. `resourceVersion` is not after any of it. */
  async #tasks(wanted: (task: ListedMetadata) => boolean) {
    const { client } = this.#options;
    // First: one that ends meanwhile is told of by a watch from here.
    const unfinished = await client.list(Task, { unfinishedOnly: true });
    const all = await client.listMetadata(Task);
    if (Number(all.resourceVersion) < Number(unfinished.resourceVersion))
      throw new Error('the second list of Tasks is older than the first');
    const items = new Map(unfinished.items.map((task) => [task.metadata.uid, task]));
    for (const listed of all.items) {
      if (items.has(listed.uid) || !wanted(listed)) continue;
      const task = await getIfExists(client, Task, listed);
      if (task?.metadata.uid === listed.uid) items.set(listed.uid, task);
    }
    const alive = new Set(all.items.map(({ uid }) => uid));
    return { items: [...items.values()], alive, resourceVersion: unfinished.resourceVersion };
  }

  #follow(): void {
    if (this.#following !== undefined) return;
    const abort = new AbortController();
    this.#following = { abort, ended: this.#followTasks(abort.signal) };
  }

  async #unfollow(): Promise<void> {
    this.#following?.abort.abort();
    // It may wait for the queue, and we are in it.
    this.#following = undefined;
    this.#growth.close();
    this.#deleted.clear();
    this.#revision = this.#savedRevision = undefined;
    await rm(join(this.#options.directory, 'revision'), { force: true });
  }

  async #followTasks(signal: AbortSignal): Promise<void> {
    const { client, clock, onError } = this.#options;
    let from = this.#damaged().length > 0 ? undefined : this.#revision;
    while (!signal.aborted) {
      try {
        from ??= await this.#catchUp(signal);
        for await (const { type, object } of client.watch(Task, { resourceVersion: from, signal })) {
          await this.#enqueue(() => this.#task(object, type === 'DELETED', signal));
          from = object.metadata.resourceVersion ?? from;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (isExpired(error)) from = undefined;
        else onError('watching tasks for their logs', error);
      }
      await new Promise<void>((resolve) => clock.after(retryDelay, resolve));
    }
  }

  #damaged(): readonly string[] {
    return [...this.#sinks.values()].flatMap((sink) => sink.damaged);
  }

  /** What happened since the revision that was saved, found in the Tasks themselves. */
  async #catchUp(signal: AbortSignal): Promise<string> {
    const damaged = new Set(this.#damaged());
    const { items, alive, resourceVersion } = await this.#tasks(
      (task) =>
        Number(task.resourceVersion) > Number(this.#revision ?? Number.POSITIVE_INFINITY) ||
        damaged.has(task.uid) ||
        this.#isPending(task.uid),
    );
    // An older one than has been seen would make Tasks look deleted.
    if (Number(resourceVersion) < Number(this.#revision ?? 0))
      throw new Error('the list of Tasks is older than the watch');
    const since = Number(this.#revision ?? resourceVersion);
    await this.#enqueue(() => {
      if (signal.aborted) return;
      for (const task of items) {
        const { uid = '', resourceVersion: changed } = task.metadata;
        if (Number(changed) > since || damaged.has(uid) || !isFinal(task)) this.#register(uid, task);
        else if (this.#isPending(uid)) this.#see(uid, ownerOfTask(task), { ended: true, deleted: false });
      }
      this.#blind = { after: since, until: Number(resourceVersion) };
      for (const sink of this.#sinks.values()) {
        for (const uid of sink.uids()) if (!alive.has(uid)) this.#deleted.add(uid);
        sink.endAllBut(alive);
      }
      this.#passed(resourceVersion);
    });
    return resourceVersion;
  }

  #task(task: Task, gone: boolean, signal: AbortSignal): void {
    const { uid = '', resourceVersion } = task.metadata;
    // Told twice: a log that was delivered must not begin again.
    if (signal.aborted || Number(resourceVersion) <= Number(this.#revision ?? 0)) return;
    if (gone) {
      if (this.#isPending(uid)) this.#deleted.add(uid);
      this.#see(uid, ownerOfTask(task), { ended: true, deleted: true });
    } else if (isFinal(task)) this.#see(uid, ownerOfTask(task), { ended: true, deleted: false });
    else this.#register(uid, task);
    this.#passed(resourceVersion);
  }

  /** A Task whose log is to be had by every sink that wants it. */
  #register(uid: string, task: Task): void {
    const owner = ownerOfTask(task);
    const ended = isFinal(task);
    for (const sink of this.#sinks.values()) sink.see(uid, owner, { ended, deleted: false });
    if (!ended && this.#isPending(uid)) this.#growth.watch(uid);
  }

  /** Of a Task that has ended only those sinks hear that have its log pending: the others have had it. */
  #see(uid: string, owner: LogOwner, state: { readonly ended: boolean; readonly deleted: boolean }): void {
    this.#growth.unwatch(uid);
    for (const sink of this.#sinks.values()) if (sink.has(uid)) sink.see(uid, owner, state);
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

  #passed(resourceVersion: string | undefined): void {
    this.#revision = resourceVersion ?? this.#revision;
    const waiting = this.#seen;
    this.#seen = [];
    for (const look of waiting) look();
    this.#saveSoon();
  }

  /** Resolves once Tasks have been seen up to this revision, or it takes too long. */
  #hasSeen(revision: string): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(patience, resolve);
      const look = (): void => {
        if (Number(this.#revision ?? 0) < Number(revision)) this.#seen.push(look);
        else {
          timer.cancel();
          resolve();
        }
      };
      look();
    });
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
    const revision = this.#revision;
    for (const sink of this.#sinks.values()) {
      for (const { uid, task, bytes } of await sink.bound()) {
        this.#options.onError(
          `log sink ${sink.name}: dropped ${bytes} bytes of the log of the deleted Task ${task}: more was waiting than its heldLimit allows`,
        );
        this.#release(uid);
      }
      await sink.save();
    }
    await this.#saveRevision(revision);
  }

  async #saveRevision(revision: string | undefined): Promise<void> {
    if (revision === undefined || revision === this.#savedRevision || this.#sinks.size === 0) return;
    await writeDurably(join(this.#options.directory, 'revision'), revision);
    this.#savedRevision = revision;
  }
}

/** Milliseconds since the epoch; one that never started has no completion. */
const endOf = (task: Task): number =>
  Date.parse(task.status?.completionTime ?? conditionOf(task, 'Succeeded')?.lastTransitionTime ?? '');
