/** All objects of one kind as an informer's cache has them: some events behind the truth, never going back. */

import type { AnyKind, Client, WatchEvent } from '../../src/client/client.ts';
import type { KubeObject } from '../../src/resources/meta.ts';
import { isExpired } from '../../src/resources/status.ts';

export interface CachedState {
  /** By `namespace/name`. */
  readonly objects: ReadonlyMap<string, KubeObject>;
  readonly revision: number;
}

export class LaggingCache {
  readonly #objects = new Map<string, KubeObject>();
  /** Events that reads do not see yet. */
  #ahead: WatchEvent<KubeObject>[] = [];
  #revision = 0;
  #newest = 0;
  #atLeast = 0;
  readonly #listed: Promise<void>;
  #waiters: (() => void)[] = [];

  constructor(
    readonly client: Client,
    readonly kind: AnyKind,
    readonly signal: AbortSignal,
  ) {
    this.#listed = this.#start();
  }

  /** A watch has told of this revision: from now on reads are at least as new. */
  delivered(revision: number): void {
    this.#atLeast = Math.max(this.#atLeast, revision);
  }

  /** The state at most `lag` events behind. */
  async read(lag: number): Promise<CachedState> {
    await this.#listed;
    const atLeast = this.#atLeast;
    while (this.#newest < atLeast && !this.signal.aborted)
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    while (this.#ahead.length > lag || this.#revision < atLeast) {
      const event = this.#ahead.shift();
      if (event === undefined) break;
      this.#apply(event);
    }
    return { objects: this.#objects, revision: this.#revision };
  }

  async #start(): Promise<void> {
    const { items, resourceVersion } = await this.client.list(this.kind);
    for (const object of items) this.#objects.set(keyOf(object), object);
    this.#revision = Number(resourceVersion);
    this.#newest = this.#revision;
    void this.#follow();
  }

  async #follow(): Promise<void> {
    const { signal } = this;
    while (!signal.aborted) {
      try {
        const resourceVersion = String(this.#newest);
        for await (const event of this.client.watch(this.kind, { resourceVersion, signal })) this.#learn(event);
        // A server that has closed ends every watch at once.
        await new Promise(setImmediate);
      } catch (error) {
        if (!isExpired(error)) break;
        await this.#relist();
      }
    }
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  async #relist(): Promise<void> {
    const { items, resourceVersion } = await this.client.list(this.kind);
    for (const event of this.#ahead.splice(0)) this.#apply(event);
    const present = new Set(items.map(keyOf));
    for (const key of this.#objects.keys()) if (!present.has(key)) this.#objects.delete(key);
    for (const object of items) this.#objects.set(keyOf(object), object);
    this.#revision = this.#newest = Number(resourceVersion);
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #learn(event: WatchEvent<KubeObject>): void {
    this.#ahead.push(event);
    this.#newest = Math.max(this.#newest, Number(event.object.metadata.resourceVersion));
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #apply({ type, object }: WatchEvent<KubeObject>): void {
    if (type === 'DELETED') this.#objects.delete(keyOf(object));
    else this.#objects.set(keyOf(object), object);
    this.#revision = Number(object.metadata.resourceVersion);
  }
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`;
