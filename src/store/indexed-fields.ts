/** What of an object the index and selectors know. */

import type { Kind } from '../resources/kind.ts';
import type { KubeObject } from '../resources/meta.ts';
import type { Selectable } from './event-log.ts';
import type { Interner } from './intern.ts';
import { type Entry, flags, type ObjectIndex } from './object-index.ts';

// biome-ignore lint/suspicious/noExplicitAny: a Kind is contravariant in its object type, so "any kind" needs it
export type StoreKind = Kind<any>;

export class IndexedFields {
  readonly #kinds: ReadonlyMap<string, StoreKind>;
  readonly #index: Pick<ObjectIndex, 'byUid'>;
  readonly #interner: Interner;

  /** @param kinds by their names in the store */
  constructor(kinds: ReadonlyMap<string, StoreKind>, index: Pick<ObjectIndex, 'byUid'>, interner: Interner) {
    this.#kinds = kinds;
    this.#index = index;
    this.#interner = interner;
  }

  indexed(kind: string, object: KubeObject): Pick<Entry, 'labels' | 'owners' | 'flags'> {
    const { labels, ownerReferences, deletionTimestamp, finalizers } = object.metadata;
    const owners = ownerReferences?.map((reference) => reference.uid) ?? [];
    const finished = this.#kinds.get(kind)?.finished?.(object) === true;
    return {
      labels: labels === undefined ? undefined : this.#interner.labels(JSON.stringify(labels)),
      owners: owners.length === 0 ? undefined : this.#owners(owners.length === 1 ? (owners[0] as string) : owners),
      flags:
        (finished ? flags.finished : 0) |
        (deletionTimestamp === undefined ? 0 : flags.deleting) |
        ((finalizers?.length ?? 0) > 0 ? flags.finalizers : 0),
    };
  }

  /** The owner's own copy of its uid, where it is here, so that each uid is in memory once. */
  #owners(uids: string | readonly string[]): string | readonly string[] {
    const shared = (uid: string): string => this.#index.byUid(uid)?.uid ?? uid;
    return typeof uids === 'string' ? shared(uids) : uids.map(shared);
  }

  selectable(kind: string, object: KubeObject): Selectable {
    const fields: Record<string, string> = {};
    for (const [name, read] of Object.entries(this.#kinds.get(kind)?.selectableFields ?? {}))
      fields[name] = read(object);
    return { labels: object.metadata.labels, fields };
  }
}
