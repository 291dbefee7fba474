/** What the store knows of every object without its body: names, uids, owners, labels, flags. */

import type { KubeObject } from '../resources/meta.ts';

type Labels = Readonly<Record<string, string>>;

export const flags = { finished: 1, deleting: 2, finalizers: 4 } as const;

/** One object in the index. Changed by the store alone. */
export interface Entry {
  /** The revision at which the object was created: unique, and its row in the database. */
  readonly id: number;
  readonly kind: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: number;
  /** `unreadLabels` until somebody selects by them. */
  readonly labels: Labels | undefined;
  /** UIDs of the owners; one alone stands without an array. */
  readonly owners: string | readonly string[] | undefined;
  /** Sum of `flags`. */
  readonly flags: number;
  /** Present while the object is unfinished and was read once, or while it is not on disk yet. */
  readonly body: KubeObject | undefined;
}

/** Stands for labels that are on the disk and were not read yet: a start does not read those of every object. */
export const unreadLabels: Labels = Object.freeze({});

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export const hasFlag = (entry: Entry, flag: number): boolean => (entry.flags & flag) !== 0;

/** The owners' UIDs of an entry, as a list. */
export function ownersOf(entry: Entry): readonly string[] {
  if (entry.owners === undefined) return [];
  return typeof entry.owners === 'string' ? [entry.owners] : entry.owners;
}

/** Milliseconds after a start, and entries at a time. */
const linkDelay = 1000;
const linksPerTurn = 2000;

type ByName = Map<string, Entry>;

export class ObjectIndex {
  readonly #kinds = new Map<string, Map<string, ByName>>();
  readonly #uids = new Map<string, Entry>();
  /** By kind: most objects are finished, and most lists that controllers ask for are of the others. */
  readonly #unfinished = new Map<string, Set<Entry>>();
  /** A single dependent is stored without a Set: most owners have one. */
  readonly #dependents = new Map<string, Entry | Set<Entry>>();
  /** Entries that were loaded and are not among the dependents yet: a start need not wait for that. */
  #unlinked: Iterator<Entry> | undefined;

  get size(): number {
    return this.#uids.size;
  }

  find(kind: string, namespace: string, name: string): Entry | undefined {
    return this.#kinds.get(kind)?.get(namespace)?.get(name);
  }

  byUid(uid: string): Entry | undefined {
    return this.#uids.get(uid);
  }

  /** The entries of a kind, in no particular order; of one namespace where it is given. */
  *entries(kind: string, namespace?: string): Iterable<Entry> {
    const namespaces = this.#kinds.get(kind);
    if (namespace !== undefined) yield* namespaces?.get(namespace)?.values() ?? [];
    else for (const names of namespaces?.values() ?? []) yield* names.values();
  }

  /** Those of a kind that are not finished. */
  unfinished(kind: string): Iterable<Entry> {
    return this.#unfinished.get(kind) ?? [];
  }

  *all(): Iterable<Entry> {
    for (const kind of this.#kinds.keys()) yield* this.entries(kind);
  }

  /** Everything in a namespace, of whatever kind. */
  *inNamespace(namespace: string): Iterable<Entry> {
    for (const kind of this.#kinds.keys()) yield* this.entries(kind, namespace);
  }

  dependents(uid: string): readonly Entry[] {
    this.#linkAll();
    const found = this.#dependents.get(uid);
    if (found === undefined) return [];
    return found instanceof Set ? [...found] : [found];
  }

  add(entry: Entry): void {
    this.load(entry);
    this.#link(entry);
  }

  /** Like `add`, but not yet found by its owners; call `linkSoon` after the last one. */
  load(entry: Entry): void {
    const namespaces = getOrAdd(this.#kinds, entry.kind, () => new Map<string, ByName>());
    getOrAdd(namespaces, entry.namespace, (): ByName => new Map()).set(entry.name, entry);
    this.#uids.set(entry.uid, entry);
    this.#sort(entry);
  }

  /** Has what was loaded found by its owners: little by little, or as soon as somebody asks. */
  linkSoon(): void {
    this.#unlinked = this.#uids.values();
    const more = (): void => {
      this.#linkSome(linksPerTurn);
      if (this.#unlinked !== undefined) setImmediate(more).unref();
    };
    setTimeout(more, linkDelay).unref();
  }

  /** Changes what may change of an entry, in place. */
  change(entry: Entry, to: Partial<Pick<Entry, 'revision' | 'labels' | 'owners' | 'flags' | 'body'>>): void {
    const relinks = 'owners' in to && !sameOwners(to.owners, entry.owners);
    if (relinks) this.#unlink(entry);
    Object.assign(entry as Mutable<Entry>, to);
    if (relinks) this.#link(entry);
    if ('flags' in to) this.#sort(entry);
  }

  remove(entry: Entry): void {
    const namespaces = this.#kinds.get(entry.kind);
    const names = namespaces?.get(entry.namespace);
    names?.delete(entry.name);
    if (names?.size === 0) namespaces?.delete(entry.namespace);
    this.#uids.delete(entry.uid);
    this.#unfinished.get(entry.kind)?.delete(entry);
    this.#unlink(entry);
  }

  #sort(entry: Entry): void {
    if (hasFlag(entry, flags.finished)) this.#unfinished.get(entry.kind)?.delete(entry);
    else getOrAdd(this.#unfinished, entry.kind, () => new Set<Entry>()).add(entry);
  }

  #linkAll(): void {
    this.#linkSome(Number.POSITIVE_INFINITY);
  }

  #linkSome(count: number): void {
    for (let left = count; left > 0 && this.#unlinked !== undefined; left--) {
      const { value, done } = this.#unlinked.next();
      if (done === true) this.#unlinked = undefined;
      else this.#link(value);
    }
  }

  #link(entry: Entry): void {
    for (const uid of ownersOf(entry)) {
      const found = this.#dependents.get(uid);
      if (found === undefined) this.#dependents.set(uid, entry);
      else if (found instanceof Set) found.add(entry);
      else if (found !== entry) this.#dependents.set(uid, new Set([found, entry]));
    }
  }

  #unlink(entry: Entry): void {
    // Otherwise it would be linked again.
    this.#linkAll();
    for (const uid of ownersOf(entry)) {
      const found = this.#dependents.get(uid);
      if (found instanceof Set) found.delete(entry);
      if (found === entry || (found instanceof Set && found.size === 0)) this.#dependents.delete(uid);
    }
  }
}

function sameOwners(left: Entry['owners'], right: Entry['owners']): boolean {
  if (left === right) return true;
  if (!Array.isArray(left) || !Array.isArray(right)) return false;
  return left.length === right.length && left.every((uid, index) => uid === right[index]);
}

function getOrAdd<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
