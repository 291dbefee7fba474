/** A Client over a Map: enough of the API's behaviour for the node agent, without a server. */

import { randomUUID } from 'node:crypto';
import { EventEmitter, on } from 'node:events';
import type {
  AnyKind,
  Client,
  DeleteOptions,
  Draft,
  ListedMetadata,
  ListOptions,
  ListResult,
  WatchEvent,
  WatchOptions,
} from '../../../src/client/client.ts';
import { listedMetadata } from '../../../src/client/listed-metadata.ts';
import { apiVersionOf, type ObjectOf } from '../../../src/resources/kind.ts';
import type { KubeObject, ObjectRef } from '../../../src/resources/meta.ts';
import { conflict, notFound } from '../../../src/resources/status.ts';

type Stored = KubeObject & { readonly spec?: { readonly terminationGracePeriodSeconds?: number } };

export class MemoryClient implements Client {
  readonly #objects = new Map<string, Stored>();
  readonly #events = new EventEmitter().setMaxListeners(0);
  #revision = 0;
  /** Every write, in order: verb and object. */
  readonly writes: string[] = [];

  async get<K extends AnyKind>(kind: K, ref: ObjectRef): Promise<ObjectOf<K>> {
    const object = this.#objects.get(keyOf(kind, ref));
    if (object === undefined) throw notFound(kind, ref.name);
    return object as ObjectOf<K>;
  }

  async list<K extends AnyKind>(kind: K, options: ListOptions = {}): Promise<ListResult<ObjectOf<K>>> {
    const items = [...this.#objects.values()].filter(
      (object) =>
        object.kind === kind.kind &&
        (options.namespace === undefined || object.metadata.namespace === options.namespace) &&
        !(options.unfinishedOnly === true && kind.finished?.(object) === true),
    );
    return { items: items as ObjectOf<K>[], resourceVersion: String(this.#revision) };
  }

  async listMetadata(kind: AnyKind, options?: ListOptions): Promise<ListResult<ListedMetadata>> {
    const { items, resourceVersion } = await this.list(kind, options);
    return { items: items.map(listedMetadata), resourceVersion };
  }

  async create<K extends AnyKind>(kind: K, draft: Draft<ObjectOf<K>>): Promise<ObjectOf<K>> {
    const { metadata } = draft as unknown as KubeObject;
    return this.#put(kind, 'ADDED', {
      ...(draft as unknown as KubeObject),
      apiVersion: apiVersionOf(kind),
      kind: kind.kind,
      metadata: { ...metadata, uid: metadata.uid ?? randomUUID(), creationTimestamp: new Date().toISOString() },
    }) as ObjectOf<K>;
  }

  async update<K extends AnyKind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    const before = this.#current(kind, object);
    const { status, ...rest } = object as ObjectOf<K> & { status?: unknown };
    return this.#put(kind, 'MODIFIED', {
      ...(rest as unknown as KubeObject),
      ...('status' in before ? { status: before.status } : {}),
    } as KubeObject) as ObjectOf<K>;
  }

  async updateStatus<K extends AnyKind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    const before = this.#current(kind, object);
    const { status } = object as { status?: unknown };
    return this.#put(kind, 'MODIFIED', { ...before, status } as KubeObject) as ObjectOf<K>;
  }

  async patch<K extends AnyKind>(_kind: K, _ref: ObjectRef): Promise<ObjectOf<K>> {
    throw new Error('the node agent patches nothing');
  }

  async delete(kind: AnyKind, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const object = (await this.get(kind, ref)) as Stored;
    const grace = options.gracePeriodSeconds ?? object.spec?.terminationGracePeriodSeconds ?? 10;
    if (grace > 0 && kind.kind === 'Pod') {
      const deletionTimestamp = new Date(Date.now() + grace * 1000).toISOString();
      this.#put(kind, 'MODIFIED', {
        ...object,
        metadata: { ...object.metadata, deletionTimestamp, deletionGracePeriodSeconds: grace },
      });
      return;
    }
    this.#objects.delete(keyOf(kind, ref));
    this.writes.push(`delete ${ref.name}`);
    this.#revision++;
    const metadata = { ...object.metadata, resourceVersion: String(this.#revision) };
    this.#tell({ type: 'DELETED', object: { ...object, metadata } });
  }

  async *watch<K extends AnyKind>(kind: K, options: WatchOptions = {}): AsyncIterable<WatchEvent<ObjectOf<K>>> {
    const stream = on(this.#events, 'event', options.signal === undefined ? {} : { signal: options.signal });
    try {
      for await (const [event] of stream)
        if ((event as WatchEvent<KubeObject>).object.kind === kind.kind) yield event as WatchEvent<ObjectOf<K>>;
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error;
    }
  }

  /** Resolves with the object once `ready` says so, or undefined once it is gone and `ready` accepts that. */
  async until<K extends AnyKind>(
    kind: K,
    ref: ObjectRef,
    ready: (object: ObjectOf<K> | undefined) => boolean,
  ): Promise<ObjectOf<K> | undefined> {
    return new Promise((resolve) => {
      const look = (): void => {
        const object = this.#objects.get(keyOf(kind, ref)) as ObjectOf<K> | undefined;
        if (!ready(object)) return;
        this.#events.off('event', look);
        resolve(object);
      };
      this.#events.on('event', look);
      look();
    });
  }

  #current(kind: AnyKind, object: KubeObject): KubeObject & { status?: unknown } {
    const before = this.#objects.get(keyOf(kind, object.metadata));
    if (before === undefined) throw notFound(kind, object.metadata.name);
    if (before.metadata.resourceVersion !== object.metadata.resourceVersion) throw conflict(kind, object.metadata.name);
    return before;
  }

  #put(kind: AnyKind, type: 'ADDED' | 'MODIFIED', object: KubeObject): KubeObject {
    this.#revision++;
    const stored = Object.freeze({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#revision) },
    });
    this.#objects.set(keyOf(kind, object.metadata), stored);
    this.writes.push(`${type} ${object.metadata.name}`);
    this.#tell({ type, object: stored });
    return stored;
  }

  #tell(event: WatchEvent<KubeObject>): void {
    this.#events.emit('event', event);
  }
}

const keyOf = (kind: AnyKind, ref: ObjectRef): string => `${kind.kind}/${ref.namespace ?? ''}/${ref.name}`;
