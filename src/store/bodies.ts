/**
 * Bodies of objects: those that are not finished are in memory, finished ones are read from the disk when somebody asks,
 * and kept as long as there is room. What is not on disk yet stays in any case.
 */

import { deepFreeze } from '../resources/json.ts';
import type { KubeObject } from '../resources/meta.ts';
import { BodyCache } from './body-cache.ts';
import type { StoreDatabase } from './database.ts';
import type { Interner } from './intern.ts';
import { type Entry, flags, hasFlag, type ObjectIndex, unreadLabels } from './object-index.ts';

interface Pinned {
  readonly entry: Entry;
  readonly revision: number;
  readonly bytes: number;
}

export class Bodies {
  readonly #database: StoreDatabase;
  readonly #index: ObjectIndex;
  readonly #interner: Interner;
  readonly #cache: BodyCache;
  /** Finished objects whose bodies stay until they are on disk, oldest first. */
  #pinned: Pinned[] = [];

  /** @param cacheBytes for parsed bodies of finished objects */
  constructor(database: StoreDatabase, index: ObjectIndex, interner: Interner, cacheBytes: number) {
    this.#database = database;
    this.#index = index;
    this.#interner = interner;
    this.#cache = new BodyCache(cacheBytes);
  }

  /** The object of an entry that is in the index; frozen and shared. */
  read(entry: Entry): KubeObject {
    const known = entry.body ?? this.#cache.get(entry.id);
    if (known !== undefined) return known;
    const json = this.#database.body(entry.id);
    if (json === undefined) throw new Error(`${entry.kind} ${entry.namespace}/${entry.name} has no body in the store`);
    const object = deepFreeze(JSON.parse(json) as KubeObject);
    if (hasFlag(entry, flags.finished)) this.#cache.set(entry.id, object, json.length);
    else this.#index.change(entry, { body: object });
    return object;
  }

  /** The labels of an entry that is in the index; the first to ask for a finished one's has all of its kind read. */
  labelsOf(entry: Entry): Entry['labels'] {
    if (entry.labels !== unreadLabels) return entry.labels;
    if (hasFlag(entry, flags.finished)) this.#readLabels(entry.kind);
    else this.#index.change(entry, { labels: this.read(entry).metadata.labels });
    return entry.labels;
  }

  #readLabels(kind: string): void {
    for (const [namespace, name, labels] of this.#database.labelRows(kind)) {
      const entry = this.#index.find(kind, namespace, name);
      // Written since, it knows better than the disk.
      if (entry?.labels === unreadLabels) this.#index.change(entry, { labels: this.#interner.labels(labels) });
    }
    for (const entry of this.#index.entries(kind))
      if (entry.labels === unreadLabels) this.#index.change(entry, { labels: undefined });
  }

  /** The entry's body is another one now, in memory. */
  written(entry: Entry, bytes: number): void {
    this.#cache.delete(entry.id);
    if (hasFlag(entry, flags.finished)) this.#pinned.push({ entry, revision: entry.revision, bytes });
  }

  removed(entry: Entry): void {
    this.#cache.delete(entry.id);
  }

  /** Everything up to the revision can be read again. */
  flushed(revision: number): void {
    let done = 0;
    for (const { entry, revision: pinnedAt, bytes } of this.#pinned) {
      if (pinnedAt > revision) break;
      done++;
      // A later write has pinned it anew, or removed it.
      if (entry.revision !== pinnedAt || entry.body === undefined) continue;
      if (this.#index.byUid(entry.uid) === entry) this.#cache.set(entry.id, entry.body, bytes);
      this.#index.change(entry, { body: undefined });
    }
    if (done > 0) this.#pinned = this.#pinned.slice(done);
  }

  /** Keeps no more than so many bytes of what can be read again. */
  shrinkCache(bytes: number): void {
    this.#cache.shrink(bytes);
  }
}
