/**
 * Watches the objects of one kind whose logs are forwarded, while there is a sink. Up to which revision they have been
 * seen is on disk: what happened while no server ran is found in the objects themselves.
 */

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client, ListedMetadata } from '../../client/client.ts';
import { type Clock, pause } from '../../client/clock.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { writeDurably } from '../../files/durable.ts';
import { isFinal } from '../../resources/condition.ts';
import { isExpired } from '../../resources/status.ts';
import type { OwnerKind, OwnerObject } from './owner-kind.ts';

export interface OwnerWatchOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Holds the file with the revision. */
  readonly directory: string;
  readonly kind: OwnerKind;
  /** Owners whose place was lost: their logs begin anew. */
  readonly damaged: () => readonly string[];
  readonly isPending: (uid: string) => boolean;
  /** One change at a time. */
  readonly enqueue: (change: () => void) => Promise<void>;
  /** An object whose log is to be had by every sink that wants it. */
  readonly onLive: (object: OwnerObject) => void;
  /** It has ended, or is gone. */
  readonly onEnd: (object: OwnerObject, gone: boolean) => void;
  /** All of this kind that are there; logs of others have ended. */
  readonly onList: (alive: ReadonlySet<string>) => void;
  /** There is something to save. */
  readonly onProgress: () => void;
  readonly onError: (message: string, error?: unknown) => void;
}

interface OwnerList {
  readonly items: readonly OwnerObject[];
  /** Uids of all. */
  readonly alive: ReadonlySet<string>;
  readonly resourceVersion: string;
}

const retryDelay = 200;
/** Milliseconds that somebody waits for a revision to be seen. */
const patience = 5000;

export class OwnerWatch {
  readonly #options: OwnerWatchOptions;
  readonly #file: string;
  #following: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;
  /** Up to where objects have been seen. */
  #revision: string | undefined;
  #saved: string | undefined;
  /** Revisions whose events were not seen, when a watch had expired. */
  #blind = { after: 0, until: 0 };
  #seen: (() => void)[] = [];

  constructor(options: OwnerWatchOptions) {
    this.#options = options;
    this.#file = join(options.directory, options.kind.file);
  }

  get kind(): OwnerKind {
    return this.#options.kind;
  }

  get revision(): string | undefined {
    return this.#revision;
  }

  /** @param present a store that was put back to an earlier state knows nothing of later revisions */
  async load(present: string): Promise<void> {
    const saved = await readFile(this.#file, 'utf8').catch(() => undefined);
    if (Number(saved) <= Number(present)) this.#revision = this.#saved = saved;
  }

  /** Where a first sink begins. */
  begin(resourceVersion: string): void {
    this.#revision ??= resourceVersion;
  }

  /** The unfinished ones, and those that are wanted: others are not read. `resourceVersion` is not after any of it. */
  async list(wanted: (object: ListedMetadata) => boolean): Promise<OwnerList> {
    const { client, clock, kind } = this.#options;
    // First: one that ends meanwhile is told of by a watch from here.
    const unfinished = await client.list(kind.kind, { unfinishedOnly: true });
    const all = await client.listMetadata(kind.kind);
    if (Number(all.resourceVersion) < Number(unfinished.resourceVersion)) {
      await pause(clock, retryDelay);
      return this.list(wanted);
    }
    const items = new Map(unfinished.items.map((object) => [object.metadata.uid, object as OwnerObject]));
    for (const listed of all.items) {
      if (items.has(listed.uid) || !wanted(listed)) continue;
      const object: OwnerObject | undefined = await getIfExists<OwnerKind['kind']>(client, kind.kind, listed);
      if (object?.metadata.uid === listed.uid) items.set(listed.uid, object);
    }
    const alive = new Set(all.items.map(({ uid }) => uid));
    return { items: [...items.values()], alive, resourceVersion: unfinished.resourceVersion };
  }

  follow(): void {
    if (this.#following !== undefined) return;
    const abort = new AbortController();
    this.#following = { abort, ended: this.#follow(abort.signal) };
  }

  /** There is no sink any more. */
  async unfollow(): Promise<void> {
    this.#following?.abort.abort();
    // It may wait for the queue, and we are in it.
    this.#following = undefined;
    this.#revision = this.#saved = undefined;
    await rm(this.#file, { force: true });
  }

  async stop(): Promise<void> {
    this.#following?.abort.abort();
    await this.#following?.ended;
  }

  /** @param revision as it was when what it stands for was saved */
  async save(revision: string | undefined): Promise<void> {
    if (revision === undefined || revision === this.#saved) return;
    await writeDurably(this.#file, revision);
    this.#saved = revision;
  }

  /** Whether nobody has told of this revision; better twice than never. */
  isBlind(revision: string): boolean {
    return Number(revision) > this.#blind.after && Number(revision) <= this.#blind.until;
  }

  /** Resolves once objects have been seen up to this revision, or it takes too long. */
  hasSeen(revision: string): Promise<void> {
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

  async #follow(signal: AbortSignal): Promise<void> {
    const { client, clock, kind, damaged, enqueue, onError } = this.#options;
    let from = damaged().length > 0 ? undefined : this.#revision;
    while (!signal.aborted) {
      try {
        from ??= await this.#catchUp(signal);
        for await (const { type, object } of client.watch(kind.kind, { resourceVersion: from, signal })) {
          await enqueue(() => this.#see(object as OwnerObject, type === 'DELETED', signal));
          from = object.metadata.resourceVersion ?? from;
        }
      } catch (error) {
        if (signal.aborted) return;
        if (isExpired(error)) from = undefined;
        else onError(`watching ${kind.kind.plural} for their logs`, error);
      }
      await pause(clock, retryDelay, signal);
    }
  }

  /** What happened since the revision that was saved, found in the objects themselves. */
  async #catchUp(signal: AbortSignal): Promise<string> {
    const { kind, isPending, enqueue, onLive, onEnd, onList } = this.#options;
    const damaged = new Set(this.#options.damaged());
    const { items, alive, resourceVersion } = await this.list(
      (object) =>
        Number(object.resourceVersion) > Number(this.#revision ?? Number.POSITIVE_INFINITY) ||
        damaged.has(object.uid) ||
        isPending(object.uid),
    );
    // An older one than has been seen would make objects look deleted.
    if (Number(resourceVersion) < Number(this.#revision ?? 0))
      throw new Error(`the list of ${kind.kind.plural} is older than the watch`);
    const since = Number(this.#revision ?? resourceVersion);
    await enqueue(() => {
      if (signal.aborted) return;
      for (const object of items) {
        const { uid = '', resourceVersion: changed } = object.metadata;
        if (Number(changed) > since || damaged.has(uid) || !isFinal(object)) onLive(object);
        else if (isPending(uid)) onEnd(object, false);
      }
      this.#blind = { after: since, until: Number(resourceVersion) };
      onList(alive);
      this.#passed(resourceVersion);
    });
    return resourceVersion;
  }

  #see(object: OwnerObject, gone: boolean, signal: AbortSignal): void {
    const { onLive, onEnd } = this.#options;
    const { resourceVersion } = object.metadata;
    // Seen before: a log that was delivered must not begin again.
    if (signal.aborted || Number(resourceVersion) <= Number(this.#revision ?? 0)) return;
    if (gone || isFinal(object)) onEnd(object, gone);
    else onLive(object);
    this.#passed(resourceVersion);
  }

  #passed(resourceVersion: string | undefined): void {
    this.#revision = resourceVersion ?? this.#revision;
    const waiting = this.#seen;
    this.#seen = [];
    for (const look of waiting) look();
    this.#options.onProgress();
  }
}
