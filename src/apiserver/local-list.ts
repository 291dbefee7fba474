/** Lists over the store: selected from the index, sorted as etcd's keys are, in pages where asked for. */

import type { AnyKind, ListedMetadata, ListOptions, ListResult } from '../client/client.ts';
import type { KubeObject } from '../resources/meta.ts';
import { badRequest, expired, type StatusError, statusError } from '../resources/status.ts';
import { type Entry, flags, hasFlag } from '../store/object-index.ts';
import { kindKeyOf, type ObjectStore } from '../store/object-store.ts';
import type { ApiListOptions, ApiListResult } from './api.ts';
import { Selection } from './selection.ts';

/** The entries that a selection means, sorted by namespace and name. Field selectors read bodies. */
export function selectEntries(
  store: ObjectStore,
  kind: AnyKind,
  selection: Selection,
  options: ListOptions,
): readonly Entry[] {
  const found: Entry[] = [];
  for (const entry of candidates(store, kind, selection, options))
    if (isSelected(store, entry, selection, options)) found.push(entry);
  return found.sort(byPlace);
}

function isSelected(store: ObjectStore, entry: Entry, selection: Selection, { unfinishedOnly }: ListOptions): boolean {
  if (unfinishedOnly === true && hasFlag(entry, flags.finished)) return false;
  if (!selection.matchesIndexed(entry, () => store.labelsOf(entry))) return false;
  return !selection.readsObjects || selection.matchesFields(store.read(entry));
}

function candidates(
  store: ObjectStore,
  kind: AnyKind,
  { namespace, name }: Selection,
  { unfinishedOnly, ownedBy }: ListOptions,
): Iterable<Entry> {
  const key = kindKeyOf(kind);
  if (ownedBy !== undefined) return store.index.dependents(ownedBy).filter((entry) => entry.kind === key);
  if (unfinishedOnly === true) return store.index.unfinished(key);
  if (name === undefined || namespace === undefined) return store.index.entries(key, namespace);
  const entry = store.index.find(key, namespace, name);
  return entry === undefined ? [] : [entry];
}

const byPlace = (left: Entry, right: Entry): number =>
  compare(left.namespace, right.namespace) || compare(left.name, right.name);
const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** Bodies read before other work gets its turn: those of finished objects come from the disk. */
const readsPerTurn = 250;

/**
 * The objects of entries. Long lists take several turns: an object that changes meanwhile comes as it is then, one that
 * goes is left out; a watch from the list's revision tells of both.
 */
export async function readEntries(store: ObjectStore, entries: readonly Entry[]): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = [];
  for (const [index, entry] of entries.entries()) {
    if (index > 0 && index % readsPerTurn === 0) await new Promise(setImmediate);
    if (store.index.byUid(entry.uid) === entry) objects.push(store.read(entry));
  }
  return objects;
}

/**
 * Later pages show the objects as they are then, under the first page's revision: a watch from there tells of everything
 * that changed in between, some of it again.
 * @throws StatusError Expired, BadRequest, Timeout (a revision that does not exist yet)
 */
export async function listStore(store: ObjectStore, kind: AnyKind, options: ApiListOptions): Promise<ApiListResult> {
  const selection = new Selection(kind, options);
  checkRevision(store, options);
  const token = options.continue ? decodeToken(options.continue) : undefined;
  if (token !== undefined && token.revision < store.compactedRevision)
    throw statusError('Expired', 'The provided continue parameter is too old to display a consistent list result.');
  const resourceVersion = String(token?.revision ?? store.revision);
  const all = selectEntries(store, kind, selection, options);
  const rest = token === undefined ? all : all.filter((entry) => placeOf(entry) > token.after);
  const limit = options.limit !== undefined && options.limit > 0 ? options.limit : rest.length;
  const page = rest.slice(0, limit);
  const items = await readEntries(store, page);
  const last = page.at(-1);
  if (page.length === rest.length || last === undefined) return { items, resourceVersion };
  return {
    items,
    resourceVersion,
    continue: encodeToken({ revision: Number(resourceVersion), after: placeOf(last) }),
    ...(selection.selective ? {} : { remainingItemCount: rest.length - page.length }),
  };
}

/** Entries looked at before other work gets its turn. */
const entriesPerTurn = 5_000;

/** From the index alone, of one moment each: what is created meanwhile may be left out. */
export async function listStoreMetadata(
  store: ObjectStore,
  kind: AnyKind,
  options: ListOptions,
): Promise<ListResult<ListedMetadata>> {
  const selection = new Selection(kind, options);
  const resourceVersion = String(store.revision);
  const all = [...candidates(store, kind, selection, options)];
  const items: ListedMetadata[] = [];
  for (let from = 0; from < all.length; from += entriesPerTurn) {
    if (from > 0) await new Promise(setImmediate);
    for (const entry of all.slice(from, from + entriesPerTurn))
      if (store.index.byUid(entry.uid) === entry && isSelected(store, entry, selection, options))
        items.push(new EntryMetadata(store, entry));
  }
  return { items, resourceVersion };
}

class EntryMetadata implements ListedMetadata {
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly order: number;
  readonly #store: ObjectStore;
  readonly #entry: Entry;

  constructor(store: ObjectStore, entry: Entry) {
    this.#store = store;
    this.#entry = entry;
    this.name = entry.name;
    this.uid = entry.uid;
    this.resourceVersion = String(entry.revision);
    this.order = entry.id;
  }

  get namespace(): string | undefined {
    return this.#entry.namespace || undefined;
  }

  /** Those of finished objects stay on the disk until somebody asks. */
  get labels(): ListedMetadata['labels'] {
    return this.#store.labelsOf(this.#entry);
  }
}

/** Sorts like `byPlace`: no name contains a character below the separator. */
const placeOf = (entry: Entry): string => `${entry.namespace}\0${entry.name}`;

interface Token {
  readonly revision: number;
  readonly after: string;
}

const encodeToken = ({ revision, after }: Token): string =>
  Buffer.from(JSON.stringify([revision, after])).toString('base64url');

function decodeToken(text: string): Token {
  try {
    const [revision, after] = JSON.parse(Buffer.from(text, 'base64url').toString()) as [unknown, unknown];
    if (typeof revision === 'number' && typeof after === 'string') return { revision, after };
  } catch {
    // Not made by us: answered below.
  }
  throw badRequest('continue key is not valid');
}

function checkRevision(store: ObjectStore, { resourceVersion, resourceVersionMatch }: ApiListOptions): void {
  const asked = parseRevision(resourceVersion);
  if (asked === undefined) return;
  if (asked > store.revision) throw tooLarge(asked, store.revision);
  // History is not kept for lists.
  if (resourceVersionMatch === 'Exact' && asked !== store.revision) throw expired(asked, store.revision);
}

/** The number, or undefined where nothing or 0 (any) was said. @throws StatusError BadRequest */
export function parseRevision(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '0') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`invalid resource version ${JSON.stringify(text)}`);
  return Number(text);
}

/** A revision that was not given yet: the client is to ask again. */
export function tooLarge(asked: number, current: number): StatusError {
  return statusError('Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
