/**
 * Revisioned objects on SQLite, after etcd's model: one global revision counter, compare-and-set writes, and a log to
 * watch from any revision that is not compacted. The main thread is authoritative: a write is checked against the index,
 * gets its revision, is visible and published at once; the disk follows within milliseconds (`whenFlushed`).
 */

import { deepFreeze } from '../resources/json.ts';
import type { Kind } from '../resources/kind.ts';
import type { KubeObject } from '../resources/meta.ts';
import { settings } from '../resources/server-config/settings.ts';
import { Bodies } from './bodies.ts';
import { CommitQueue, storageRefused } from './commit-queue.ts';
import { StoreDatabase } from './database.ts';
import { EventLog, type EventPage, type StoreEvent } from './event-log.ts';
import { IndexedFields, type StoreKind } from './indexed-fields.ts';
import { Interner } from './intern.ts';
import { loadIndex } from './load-index.ts';
import { acquireLock, type Lock } from './lock.ts';
import { type Entry, ObjectIndex } from './object-index.ts';
import { Retention, type RetentionOptions } from './retention.ts';

export interface ObjectStoreOptions extends RetentionOptions {
  /** The database file; `.lock` and `.pid` stand beside it. Its folder must exist. */
  readonly path: string;
  readonly kinds: readonly StoreKind[];
  /** Memory for parsed bodies of finished objects, in bytes. Default 32 MiB. */
  readonly cacheBytes?: number;
  /** Milliseconds added to every flush, for benchmarks. Default 0. */
  readonly flushDelayMs?: number;
}

/** What a listener of every write is told. */
export interface StoreChange {
  readonly entry: Entry;
  readonly event: StoreEvent;
}

/** The stored object is not at the expected revision. */
export class RevisionConflict extends Error {
  override readonly name = 'RevisionConflict';
}

/** How a kind is called in the store: its group and plural, whatever the version. */
export const kindKeyOf = (kind: Pick<Kind, 'group' | 'plural'>): string =>
  kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;

export class ObjectStore {
  readonly #index = new ObjectIndex();
  readonly #kinds: ReadonlyMap<string, StoreKind>;
  readonly #interner = new Interner();
  readonly #bodies: Bodies;
  readonly #fields: IndexedFields;
  readonly #lock: Lock;
  readonly #database: StoreDatabase;
  readonly #commits: CommitQueue;
  readonly #events: EventLog;
  readonly #retention: Retention;
  readonly #listeners = new Set<(change: StoreChange) => void>();
  readonly #flushListeners = new Set<(revision: number) => void>();
  #revision: number;
  #suspects: readonly Entry[] = [];

  /**
   * Opens or makes the store, reading the index only.
   * @throws LockedError when another process has it, SchemaVersionError when newer code wrote it, StatusError
   * InsufficientStorage when the disk is full
   */
  constructor(options: ObjectStoreOptions) {
    this.#kinds = new Map(options.kinds.map((kind) => [kindKeyOf(kind), kind]));
    this.#fields = new IndexedFields(this.#kinds, this.#index, this.#interner);
    try {
      this.#lock = acquireLock(options.path);
    } catch (error) {
      throw openingError(error, options.path);
    }
    try {
      this.#database = new StoreDatabase(options.path);
      const { newest, suspects } = loadIndex(this.#database, this.#index, this.#interner, this.#kinds.keys());
      this.#suspects = suspects;
      const cacheBytes = options.cacheBytes ?? settings['store.cache'].default;
      this.#bodies = new Bodies(this.#database, this.#index, this.#interner, cacheBytes);
      const start = this.#database.start(newest);
      this.#revision = start.revision;
      const { path, flushDelayMs = 0 } = options;
      const onFlushed = (revision: number): void => this.#onFlushed(revision);
      this.#commits = new CommitQueue({ path, flushDelayMs, flushedRevision: start.revision, onFlushed });
      this.#events = new EventLog(this.#database, start.revision, start.compactedRevision, () => ({
        current: this.#revision,
        flushed: this.#commits.flushedRevision,
      }));
      this.#retention = new Retention(options, {
        revision: () => this.#commits.flushedRevision,
        compacted: () => this.#events.compactedRevision,
        compact: (revision) => this.compact(revision),
      });
    } catch (error) {
      this.#lock.release();
      throw openingError(error, options.path);
    }
  }

  /** The last revision given. */
  get revision(): number {
    return this.#revision;
  }

  /** Everything up to here is on disk. */
  get flushedRevision(): number {
    return this.#commits.flushedRevision;
  }

  get compactedRevision(): number {
    return this.#events.compactedRevision;
  }

  /** Transactions flushed since the start. */
  get flushes(): number {
    return this.#commits.flushes;
  }

  /** Objects stored. */
  get size(): number {
    return this.#index.size;
  }

  /** Once: the objects that the start found being deleted, or without one of their owners. */
  takeSuspects(): readonly Entry[] {
    const suspects = this.#suspects;
    this.#suspects = [];
    return suspects;
  }

  /** Reads of names, labels, owners and flags; no bodies. */
  get index(): Omit<ObjectIndex, 'add' | 'load' | 'linkSoon' | 'change' | 'remove'> {
    return this.#index;
  }

  get(kind: string, namespace: string, name: string): KubeObject | undefined {
    const entry = this.#index.find(kind, namespace, name);
    return entry === undefined ? undefined : this.read(entry);
  }

  /** The object of an entry that is in the index; frozen and shared. */
  read(entry: Entry): KubeObject {
    return this.#bodies.read(entry);
  }

  /** The labels of an entry that is in the index; the first to ask for a finished one's has all of its kind read. */
  labelsOf(entry: Entry): Entry['labels'] {
    return this.#bodies.labelsOf(entry);
  }

  /**
   * Creates or replaces. The stored object is the given one, frozen in place, with its new resourceVersion.
   * @param expected the revision that is replaced; 0: nothing of this name may exist
   * @throws RevisionConflict
   */
  put(kind: string, object: KubeObject, expected: number): KubeObject {
    const { name, namespace = '' } = object.metadata;
    const old = this.#index.find(kind, namespace, name);
    if ((old?.revision ?? 0) !== expected) throw new RevisionConflict();
    const before = old === undefined ? undefined : this.#fields.selectable(kind, this.read(old));
    const revision = ++this.#revision;
    const stored = stamp(object, revision);
    const body = JSON.stringify(stored);
    const indexed = this.#fields.indexed(kind, stored);
    let entry = old;
    if (entry === undefined) {
      const uid = stored.metadata.uid ?? '';
      entry = {
        id: revision,
        kind: this.#kindName(kind),
        namespace: this.#interner.string(namespace),
        name,
        uid,
        // One by one: fields of a spread lie outside of the object, in an array of their own.
        revision,
        labels: indexed.labels,
        owners: indexed.owners,
        flags: indexed.flags,
        body: stored,
      };
      this.#index.add(entry);
    } else this.#index.change(entry, { revision, ...indexed, body: stored });
    this.#bodies.written(entry, body.length);
    this.#publish(entry, { revision, type: old === undefined ? 'ADDED' : 'MODIFIED', object: stored, before }, body);
    return stored;
  }

  /**
   * Removes an object; the answer is its last state (the stored one unless given) with the revision of its deletion.
   * @throws RevisionConflict
   */
  remove(kind: string, namespace: string, name: string, expected: number, final?: KubeObject): KubeObject {
    const entry = this.#index.find(kind, namespace, name);
    if (entry === undefined || entry.revision !== expected) throw new RevisionConflict();
    const last = this.read(entry);
    const revision = ++this.#revision;
    const object = stamp(final ?? last, revision);
    this.#index.remove(entry);
    this.#bodies.removed(entry);
    const before = this.#fields.selectable(kind, last);
    this.#publish(entry, { revision, type: 'DELETED', object, before }, JSON.stringify(object));
    return object;
  }

  /** Events of a kind after a position, at most a page. @throws StatusError Expired */
  eventsAfter(kind: string, position: number, flushedOnly = false): EventPage {
    return this.#events.after(kind, position, flushedOnly);
  }

  /** Resolves when `eventsAfter` may have more to tell; `closed` says that it never will. */
  wait(kind: string, flushedOnly = false): { readonly woken: Promise<void>; readonly cancel: () => void } {
    return this.#events.wait(kind, flushedOnly);
  }

  get closed(): boolean {
    return this.#events.closed;
  }

  /** Calls `listener` on every write, as soon as it is visible. Returns the way to stop it. */
  subscribe(listener: (change: StoreChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` after every flush with the revision up to which all is on disk. Returns the way to stop it. */
  onFlushed(listener: (revision: number) => void): () => void {
    this.#flushListeners.add(listener);
    return () => this.#flushListeners.delete(listener);
  }

  /** Keeps no more than so many bytes of bodies that can be read again. */
  shrinkCache(bytes: number): void {
    this.#bodies.shrinkCache(bytes);
  }

  /** Undefined while the disk takes writes; see CommitQueue. @throws StatusError InsufficientStorage when it refuses */
  whenWritable(): Promise<void> | undefined {
    return this.#commits.whenWritable();
  }

  /** Resolves when a revision is on disk. @throws StatusError InsufficientStorage when the disk refuses */
  whenFlushed(revision: number): Promise<void> {
    return this.#commits.whenFlushed(revision);
  }

  /** Resolves when all that was written so far is on disk. @throws StatusError InsufficientStorage when the disk refuses */
  barrier(): Promise<void> {
    return this.#commits.whenFlushed();
  }

  /** Forgets the log up to a revision that is on disk; older watches then get Expired. */
  async compact(revision: number): Promise<void> {
    const target = Math.min(revision, this.flushedRevision);
    if (target <= this.compactedRevision) return;
    // First in memory, so that nobody reads a half-compacted log.
    this.#events.compacted(target);
    await this.#commits.compact(target);
  }

  /** Flushes and closes. @throws StatusError InsufficientStorage when the disk refuses; closed all the same */
  async close(): Promise<void> {
    if (this.closed) return;
    this.#retention.stop();
    this.#events.close();
    try {
      await this.#commits.close();
    } finally {
      this.#database.close();
      this.#lock.release();
    }
  }

  #publish(entry: Entry, event: StoreEvent, body: string): void {
    const { id, kind, namespace, name, uid, owners, labels, flags: flagBits } = entry;
    const { revision, type, before } = event;
    this.#commits.add({
      ...{ revision, type, id, kind, namespace, name, uid, body, flags: flagBits },
      owners: owners === undefined ? null : JSON.stringify(owners),
      labels: labels === undefined ? null : JSON.stringify(labels),
      before: before === undefined ? null : JSON.stringify(before),
    });
    this.#events.publish(kind, event, body.length);
    for (const listener of this.#listeners) listener({ entry, event });
  }

  #onFlushed(revision: number): void {
    this.#bodies.flushed(revision);
    this.#events.flushed();
    this.#retention.written();
    for (const listener of this.#flushListeners) listener(revision);
  }

  #kindName(kind: string): string {
    const known = this.#kinds.get(kind);
    if (known === undefined) throw new Error(`the store knows no kind ${kind}`);
    return this.#interner.string(kind);
  }
}

function openingError(error: unknown, path: string): unknown {
  const { code = '', message } = error as Error & { code?: string };
  if (code === 'SQLITE_FULL') return storageRefused(error as Error);
  if (!/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return error;
  return new Error(`${path} is damaged (${message}): kf server restore FILE goes on from a backup`);
}

const stamp = (object: KubeObject, revision: number): KubeObject =>
  deepFreeze({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } });
