/**
 * A Client as bad as a cluster's may be, for controllers' tests. Reads come from a cache that lags by a few events (but
 * never behind what a watch of that kind has delivered); watches break, end with Expired and repeat events; one write in
 * five conflicts, or times out after it took effect. The seed decides, as far as the order of calls is the same.
 */

import { setMaxListeners } from 'node:events';
import { Selection } from '../../src/apiserver/selection.ts';
import type {
  AnyKind,
  Client,
  CreateOptions,
  DeleteOptions,
  Draft,
  ListedMetadata,
  ListOptions,
  ListResult,
  Patch,
  PatchOptions,
  WatchEvent,
  WatchOptions,
} from '../../src/client/client.ts';
import { listedMetadata } from '../../src/client/listed-metadata.ts';
import { groupResourceOf, type ObjectOf } from '../../src/resources/kind.ts';
import type { KubeObject, ObjectRef } from '../../src/resources/meta.ts';
import { conflict, expired, notFound, statusError } from '../../src/resources/status.ts';
import { LaggingCache } from './lagging-cache.ts';
import { type Random, seededRandom } from './seeded-random.ts';

export interface Hostility {
  readonly seed: number;
  /** Events of a kind that a read may lag by. Default 3. */
  readonly mostLag?: number;
  /** Share of writes that fail. Default 0.2. */
  readonly failingWrites?: number;
  /** Share of watches that are Expired from the start. Default 0.1. */
  readonly expiredWatches?: number;
  /** Chance after each event that the watch breaks, cleanly or with Expired. Default 0.1. */
  readonly breakingWatches?: number;
  /** Chance after each event that the last few come again. Default 0.15. */
  readonly repeatedEvents?: number;
}

export interface HostileClient extends Client {
  /** Ends its own watches. */
  close(): void;
}

export const hostile = (client: Client, hostility: Hostility): HostileClient => new Hostile(client, hostility);

class Hostile implements HostileClient {
  readonly #client: Client;
  readonly #random: Random;
  readonly #hostility: Required<Hostility>;
  readonly #caches = new Map<string, LaggingCache>();
  readonly #abort = new AbortController();

  constructor(client: Client, hostility: Hostility) {
    this.#client = client;
    // Every kind's cache listens.
    setMaxListeners(0, this.#abort.signal);
    this.#random = seededRandom(hostility.seed);
    this.#hostility = {
      mostLag: 3,
      failingWrites: 0.2,
      expiredWatches: 0.1,
      breakingWatches: 0.1,
      repeatedEvents: 0.15,
      ...hostility,
    };
  }

  close(): void {
    this.#abort.abort();
  }

  async get<K extends AnyKind>(kind: K, ref: ObjectRef): Promise<ObjectOf<K>> {
    const { objects } = await this.#read(kind);
    const namespace = kind.scope === 'Cluster' ? '' : (ref.namespace ?? '');
    const object = objects.get(`${namespace}/${ref.name}`);
    if (object === undefined) throw notFound(kind, ref.name);
    return object as ObjectOf<K>;
  }

  async list<K extends AnyKind>(kind: K, options: ListOptions = {}): Promise<ListResult<ObjectOf<K>>> {
    if (options.consistent) return this.#client.list(kind, options);
    const selection = new Selection(kind, options);
    const { objects, revision } = await this.#read(kind);
    const items = [...objects.values()].filter((object) => selects(selection, object));
    return { items: items as ObjectOf<K>[], resourceVersion: String(revision) };
  }

  async listMetadata(kind: AnyKind, options?: ListOptions): Promise<ListResult<ListedMetadata>> {
    const { items, resourceVersion } = await this.list(kind, options);
    return { items: items.map(listedMetadata), resourceVersion };
  }

  create<K extends AnyKind>(kind: K, object: Draft<ObjectOf<K>>, options?: CreateOptions): Promise<ObjectOf<K>> {
    return this.#write(undefined, () => this.#client.create(kind, object, options));
  }

  update<K extends AnyKind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    return this.#write(conflict(kind, object.metadata.name), () => this.#client.update(kind, object));
  }

  updateStatus<K extends AnyKind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    return this.#write(conflict(kind, object.metadata.name), () => this.#client.updateStatus(kind, object));
  }

  patch<K extends AnyKind>(kind: K, ref: ObjectRef, patch: Patch, options?: PatchOptions): Promise<ObjectOf<K>> {
    return this.#write(conflict(kind, ref.name), () => this.#client.patch(kind, ref, patch, options));
  }

  delete(kind: AnyKind, ref: ObjectRef, options?: DeleteOptions): Promise<void> {
    return this.#write(undefined, () => this.#client.delete(kind, ref, options));
  }

  async *watch<K extends AnyKind>(kind: K, options: WatchOptions = {}): AsyncGenerator<WatchEvent<ObjectOf<K>>> {
    const { expiredWatches, breakingWatches, repeatedEvents } = this.#hostility;
    const fromRevision = options.resourceVersion !== undefined && options.resourceVersion !== '0';
    if (fromRevision && this.#random.chance(expiredWatches)) throw expired(Number(options.resourceVersion), 0);
    const recent: WatchEvent<ObjectOf<K>>[] = [];
    for await (const event of this.#client.watch(kind, options)) {
      this.#cacheOf(kind).delivered(Number(event.object.metadata.resourceVersion));
      recent.push(event);
      yield event;
      if (this.#random.chance(repeatedEvents)) yield* recent.slice(-this.#random.between(1, 3));
      if (!this.#random.chance(breakingWatches)) continue;
      if (fromRevision && this.#random.chance(0.5)) throw expired(Number(options.resourceVersion), 0);
      return;
    }
  }

  #cacheOf(kind: AnyKind): LaggingCache {
    const key = groupResourceOf(kind);
    let cache = this.#caches.get(key);
    if (cache === undefined) {
      cache = new LaggingCache(this.#client, kind, this.#abort.signal);
      this.#caches.set(key, cache);
    }
    return cache;
  }

  #read(kind: AnyKind) {
    return this.#cacheOf(kind).read(this.#random.between(0, this.#hostility.mostLag));
  }

  /** A write that may fail: with `refusal` instead of taking effect, or with a timeout after it has. */
  async #write<T>(refusal: Error | undefined, write: () => Promise<T>): Promise<T> {
    const fails = this.#random.chance(this.#hostility.failingWrites);
    if (fails && refusal !== undefined && this.#random.chance(0.5)) throw refusal;
    const result = await write();
    if (fails) throw statusError('Timeout', 'request did not complete within the allotted time (hostile)');
    return result;
  }
}

function selects(selection: Selection, object: KubeObject): boolean {
  const { name, namespace = '', labels } = object.metadata;
  return selection.matchesIndexed({ name, namespace }, () => labels) && selection.matchesFields(object);
}
