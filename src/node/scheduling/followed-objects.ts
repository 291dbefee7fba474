/** Objects that somebody waits for: each is watched once, by its name, for as long as anybody waits for it. */

import type { AnyKind, Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { reflect } from '../../client/reflector.ts';

export interface FollowedObject {
  readonly kind: AnyKind;
  readonly namespace: string;
  readonly name: string;
}

export interface FollowedObjectsOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Called with each state of an object, the present one first, and when it is deleted. */
  readonly onChange: (waiter: string) => void;
  readonly onError: (message: string, error: unknown) => void;
}

interface Followed {
  readonly abort: AbortController;
  readonly waiters: Set<string>;
}

export class FollowedObjects {
  readonly #options: FollowedObjectsOptions;
  readonly #followed = new Map<string, Followed>();
  /** Keys by waiter. */
  readonly #awaited = new Map<string, ReadonlySet<string>>();

  constructor(options: FollowedObjectsOptions) {
    this.#options = options;
  }

  /** How many objects are watched. */
  get size(): number {
    return this.#followed.size;
  }

  /** From now on the waiter is told of these, and of no others. */
  follow(waiter: string, objects: readonly FollowedObject[]): void {
    const wanted = new Map(objects.map((object) => [keyOf(object), object]));
    const before = this.#awaited.get(waiter) ?? new Set();
    if (wanted.size === 0) this.#awaited.delete(waiter);
    else this.#awaited.set(waiter, new Set(wanted.keys()));
    for (const key of before) if (!wanted.has(key)) this.#drop(waiter, key);
    for (const [key, object] of wanted) if (!before.has(key)) this.#add(waiter, key, object);
  }

  leave(waiter: string): void {
    this.follow(waiter, []);
  }

  #add(waiter: string, key: string, object: FollowedObject): void {
    const known = this.#followed.get(key);
    if (known === undefined) this.#watch(waiter, key, object);
    else {
      known.waiters.add(waiter);
      // What the others were told may be news to this one.
      this.#options.onChange(waiter);
    }
  }

  #watch(waiter: string, key: string, { kind, namespace, name }: FollowedObject): void {
    const followed: Followed = { abort: new AbortController(), waiters: new Set([waiter]) };
    this.#followed.set(key, followed);
    const { client, clock, onChange, onError } = this.#options;
    void reflect({
      client,
      kind,
      list: { namespace, fieldSelector: `metadata.name=${name}` },
      clock,
      signal: followed.abort.signal,
      onObject: () => {
        for (const each of [...followed.waiters]) onChange(each);
      },
      onError: (error) => onError(`watching ${kind.plural} ${name}`, error),
    });
  }

  #drop(waiter: string, key: string): void {
    const followed = this.#followed.get(key);
    if (followed === undefined || !followed.waiters.delete(waiter) || followed.waiters.size > 0) return;
    this.#followed.delete(key);
    followed.abort.abort();
  }
}

const keyOf = ({ kind, namespace, name }: FollowedObject): string => `${kind.kind}/${namespace}/${name}`;
