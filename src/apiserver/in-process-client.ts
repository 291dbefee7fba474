/** The Client of everything that runs in the server's own process. */

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
} from '../client/client.ts';
import type { ObjectOf } from '../resources/kind.ts';
import type { ObjectRef } from '../resources/meta.ts';
import type { Api, ApiWriteOptions, Caller } from './api.ts';

export interface InProcessClientOptions {
  readonly api: Api;
  /** Recorded on what is made. */
  readonly caller: Caller;
  /** `early` for what can be derived again after a crash. */
  readonly acknowledge: 'early' | 'flushed';
}

export class InProcessClient implements Client {
  readonly #api: Api;
  readonly #write: ApiWriteOptions;

  constructor({ api, caller, acknowledge }: InProcessClientOptions) {
    this.#api = api;
    this.#write = { caller, acknowledge };
  }

  async get<K extends AnyKind>(kind: K, ref: ObjectRef): Promise<ObjectOf<K>> {
    return (await this.#api.get(kind, ref)) as ObjectOf<K>;
  }

  async list<K extends AnyKind>(kind: K, options?: ListOptions): Promise<ListResult<ObjectOf<K>>> {
    return (await this.#api.list(kind, options)) as ListResult<ObjectOf<K>>;
  }

  listMetadata(kind: AnyKind, options?: ListOptions): Promise<ListResult<ListedMetadata>> {
    return this.#api.listMetadata(kind, options);
  }

  async create<K extends AnyKind>(
    kind: K,
    object: Draft<ObjectOf<K>>,
    options: CreateOptions = {},
  ): Promise<ObjectOf<K>> {
    const write = { ...this.#write, ...options };
    return (await this.#api.create(kind, object.metadata.namespace, object, write)) as ObjectOf<K>;
  }

  async update<K extends AnyKind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    return (await this.#api.update(kind, object.metadata, object, this.#write)) as ObjectOf<K>;
  }

  async updateStatus<K extends AnyKind>(kind: K, object: ObjectOf<K>): Promise<ObjectOf<K>> {
    const options = { ...this.#write, subresource: 'status' } as const;
    return (await this.#api.update(kind, object.metadata, object, options)) as ObjectOf<K>;
  }

  async patch<K extends AnyKind>(
    kind: K,
    ref: ObjectRef,
    patch: Patch,
    { subresource }: PatchOptions = {},
  ): Promise<ObjectOf<K>> {
    return (await this.#api.patch(kind, ref, patch, { ...this.#write, subresource })) as ObjectOf<K>;
  }

  async delete(kind: AnyKind, ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    await this.#api.delete(kind, ref, { ...options, ...this.#write });
  }

  async *watch<K extends AnyKind>(kind: K, options?: WatchOptions): AsyncGenerator<WatchEvent<ObjectOf<K>>> {
    for await (const event of this.#api.watch(kind, options))
      if (event.type !== 'BOOKMARK') yield event as WatchEvent<ObjectOf<K>>;
  }
}
