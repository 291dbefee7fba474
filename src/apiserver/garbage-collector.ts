/**
 * Deletes what has lost its owners, empties namespaces that are being deleted, and takes away the finalizers `orphan`
 * and `foregroundDeletion` once they are served. Level-triggered over the store's index: everything that it would have
 * to remember over a crash is in the objects, and `sweep` finds it again at the next start.
 */

import type { DeleteOptions } from '../client/client.ts';
import type { KubeObject, OwnerReference } from '../resources/meta.ts';
import { type Entry, flags, hasFlag, ownersOf } from '../store/object-index.ts';
import type { ObjectStore, StoreChange } from '../store/object-store.ts';
import { foregroundFinalizer, orphanFinalizer } from './deletion.ts';
import { contentFinalizers } from './strategies.ts';

/** How the collector acts; every call is a write of the server's own. */
export interface CollectorActions {
  /** Whether the server serves the kind that a reference names; of others nothing can be said. */
  serves(reference: OwnerReference): boolean;
  delete(entry: Entry, options: DeleteOptions): void;
  /** Stores a changed object, or lets it go when nothing holds it any more. */
  replace(entry: Entry, object: KubeObject): void;
}

/** Items handled before other work gets its turn. */
const slice = 50;

export class GarbageCollector {
  readonly #dependents = new Set<Entry>();
  readonly #owners = new Set<Entry>();
  readonly #namespaces = new Set<string>();
  /** Owners in foreground deletion by the uid of a dependent that they wait for. */
  readonly #waiting = new Map<string, Entry>();
  readonly #unsubscribe: () => void;
  #scheduled = false;
  #stopped = false;

  constructor(
    readonly store: ObjectStore,
    readonly actions: CollectorActions,
    readonly onError: (error: unknown) => void,
  ) {
    this.#unsubscribe = store.subscribe((change) => this.#changed(change));
  }

  /** Looks once at everything that the store's start found strange. */
  sweep(): void {
    for (const entry of this.store.takeSuspects()) this.#look(entry);
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#unsubscribe();
  }

  #changed({ entry, event }: StoreChange): void {
    if (event.type === 'DELETED') {
      for (const dependent of this.store.index.dependents(entry.uid)) this.#dependents.add(dependent);
      for (const uid of ownersOf(entry)) this.#ownerOf(uid);
      if (entry.namespace !== '' && this.#terminating(entry.namespace)) this.#namespaces.add(entry.namespace);
    } else this.#look(entry);
    const waiting = this.#waiting.get(entry.uid);
    if (waiting !== undefined) {
      this.#waiting.delete(entry.uid);
      this.#owners.add(waiting);
    }
    if (this.#dependents.size + this.#owners.size + this.#namespaces.size > 0) this.#schedule();
  }

  /** Queues what the index alone makes suspicious. */
  #look(entry: Entry): void {
    for (const uid of ownersOf(entry)) {
      if (this.store.index.byUid(uid) === undefined) this.#dependents.add(entry);
      else this.#ownerOf(uid);
    }
    if (!hasFlag(entry, flags.deleting)) return;
    if (hasFlag(entry, flags.finalizers)) this.#owners.add(entry);
    if (entry.kind === 'namespaces') this.#namespaces.add(entry.name);
  }

  #ownerOf(uid: string): void {
    const owner = this.store.index.byUid(uid);
    if (owner !== undefined && hasFlag(owner, flags.deleting) && hasFlag(owner, flags.finalizers))
      this.#owners.add(owner);
  }

  #terminating(namespace: string): boolean {
    const entry = this.store.index.find('namespaces', '', namespace);
    return entry !== undefined && hasFlag(entry, flags.deleting);
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#stopped) return;
      for (let left = slice; left > 0 && this.#step(); left--);
      if (this.#dependents.size + this.#owners.size + this.#namespaces.size > 0) this.#schedule();
    });
  }

  /** Handles one item; false when there is none. */
  #step(): boolean {
    try {
      const dependent = take(this.#dependents);
      if (dependent !== undefined) this.#dependent(dependent);
      else {
        const owner = take(this.#owners);
        if (owner !== undefined) this.#owner(owner);
        else {
          const namespace = take(this.#namespaces);
          if (namespace === undefined) return false;
          this.#namespace(namespace);
        }
      }
    } catch (error) {
      this.onError(error);
    }
    return true;
  }

  #dependent(entry: Entry): void {
    if (!this.#current(entry) || hasFlag(entry, flags.deleting)) return;
    const object = this.store.read(entry);
    const references = object.metadata.ownerReferences ?? [];
    const present = references.filter((reference) => this.#isPresent(entry, reference));
    const waiting = present.filter((reference) => this.#waitsForDependents(reference));
    const solid = present.filter((reference) => !waiting.includes(reference));
    if (solid.length === references.length) return;
    if (solid.length > 0) {
      this.actions.replace(entry, withOwners(object, solid));
      return;
    }
    // No owner is left: it is deleted, with its own dependents first where its owner waits for them.
    const isOwner = this.store.index.dependents(entry.uid).length > 0;
    const foreground = waiting.length > 0 && isOwner;
    this.actions.delete(entry, foreground ? { propagationPolicy: 'Foreground' } : {});
  }

  #isPresent(dependent: Entry, reference: OwnerReference): boolean {
    const owner = this.store.index.byUid(reference.uid);
    if (owner === undefined) return !this.actions.serves(reference);
    return owner.namespace === '' || owner.namespace === dependent.namespace;
  }

  #waitsForDependents(reference: OwnerReference): boolean {
    const owner = this.store.index.byUid(reference.uid);
    if (owner === undefined || !hasFlag(owner, flags.deleting)) return false;
    return this.store.read(owner).metadata.finalizers?.includes(foregroundFinalizer) === true;
  }

  #owner(entry: Entry): void {
    if (!this.#current(entry) || !hasFlag(entry, flags.deleting)) return;
    const { finalizers = [] } = this.store.read(entry).metadata;
    if (finalizers.includes(orphanFinalizer)) this.#orphan(entry);
    else if (finalizers.includes(foregroundFinalizer)) this.#foreground(entry);
  }

  #orphan(entry: Entry): void {
    for (const dependent of this.store.index.dependents(entry.uid)) {
      const object = this.store.read(dependent);
      const others = (object.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== entry.uid);
      this.actions.replace(dependent, withOwners(object, others));
    }
    this.#dropFinalizer(entry, orphanFinalizer);
  }

  #foreground(entry: Entry): void {
    let blocker: Entry | undefined;
    for (const dependent of this.store.index.dependents(entry.uid)) {
      if (!hasFlag(dependent, flags.deleting)) this.#dependents.add(dependent);
      // One is enough to wait for: what happens to the others brings the owner back as well.
      if (blocker === undefined && this.#blocks(dependent, entry)) blocker = dependent;
    }
    if (blocker === undefined) this.#dropFinalizer(entry, foregroundFinalizer);
    else this.#waiting.set(blocker.uid, entry);
  }

  #blocks(dependent: Entry, owner: Entry): boolean {
    const { ownerReferences = [] } = this.store.read(dependent).metadata;
    return ownerReferences.some(({ uid, blockOwnerDeletion }) => uid === owner.uid && blockOwnerDeletion === true);
  }

  #dropFinalizer(entry: Entry, finalizer: string): void {
    const object = this.store.read(entry);
    const { finalizers = [], ...rest } = object.metadata;
    const others = finalizers.filter((other) => other !== finalizer);
    this.actions.replace(entry, { ...object, metadata: others.length === 0 ? rest : { ...rest, finalizers: others } });
  }

  #namespace(name: string): void {
    const namespace = this.store.index.find('namespaces', '', name);
    if (namespace === undefined || !hasFlag(namespace, flags.deleting)) return;
    let empty = true;
    let left = slice;
    for (const entry of [...this.store.index.inNamespace(name)]) {
      empty = false;
      if (hasFlag(entry, flags.deleting)) continue;
      if (left-- === 0) {
        this.#namespaces.add(name);
        return;
      }
      this.actions.delete(entry, {});
    }
    // What waits for its finalizers or for the node comes back by its DELETED event.
    if (!empty) return;
    const object = this.store.read(namespace);
    if (contentFinalizers(object).length > 0)
      this.actions.replace(namespace, { ...object, spec: { finalizers: [] } } as KubeObject);
  }

  #current(entry: Entry): boolean {
    return this.store.index.byUid(entry.uid) === entry;
  }
}

function withOwners(object: KubeObject, ownerReferences: readonly OwnerReference[]): KubeObject {
  const { ownerReferences: _old, ...rest } = object.metadata;
  return { ...object, metadata: ownerReferences.length === 0 ? rest : { ...rest, ownerReferences } };
}

function take<T>(set: Set<T>): T | undefined {
  const [first] = set;
  if (first !== undefined) set.delete(first);
  return first;
}
