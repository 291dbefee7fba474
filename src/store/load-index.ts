/** Reads the index of a store at its start: names, owners and flags of every object, no bodies, no labels. */

import type { StoreDatabase } from './database.ts';
import type { Interner } from './intern.ts';
import { type Entry, flags, hasFlag, type ObjectIndex, ownersOf, unreadLabels } from './object-index.ts';

export interface LoadedIndex {
  /** The highest revision of an object. */
  readonly newest: number;
  /** Objects that are being deleted, or lack one of their owners. */
  readonly suspects: readonly Entry[];
}

/** @param kinds that are known: others stay in the database alone */
export function loadIndex(
  database: StoreDatabase,
  index: ObjectIndex,
  interner: Interner,
  kinds: Iterable<string>,
): LoadedIndex {
  const names = new Map([...kinds].map((kind) => [kind, interner.string(kind)]));
  const suspects: Entry[] = [];
  let newest = 0;
  for (const [id, kind, namespace, name, revision, uid, owners, flagBits] of database.indexRows()) {
    if (revision > newest) newest = revision;
    const kindName = names.get(kind);
    if (kindName === undefined) continue;
    const uids = owners === null ? undefined : parseOwners(owners);
    // Nearly always one, which came before; its own copy of its uid is shared.
    const owner = typeof uids === 'string' ? index.byUid(uids)?.uid : undefined;
    const entry: Entry = {
      id,
      kind: kindName,
      namespace: interner.string(namespace),
      name: interner.string(name),
      uid,
      revision,
      labels: unreadLabels,
      owners: owner ?? uids,
      flags: flagBits,
      body: undefined,
    };
    index.load(entry);
    if (hasFlag(entry, flags.deleting) || (owner === undefined && lacksOwner(index, entry))) suspects.push(entry);
  }
  index.linkSoon();
  return { newest, suspects };
}

const lacksOwner = (index: ObjectIndex, entry: Entry): boolean =>
  ownersOf(entry).some((uid) => index.byUid(uid) === undefined);

/** Nearly every object has one owner: a string without anything to be unescaped. */
const parseOwners = (json: string): string | readonly string[] =>
  json.startsWith('"') ? json.slice(1, -1) : (JSON.parse(json) as readonly string[]);
