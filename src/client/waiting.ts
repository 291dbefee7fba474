/**
 * Which objects wait for which other, so that a change of the one wakes just those. Kept in memory only:
 * the first reconciles after a start fill it again.
 */

import type { ObjectRef } from '../resources/meta.ts';

export class Waiting {
  readonly #byAwaited = new Map<string, Map<string, ObjectRef>>();

  /** Must be called before `awaited` is read: a change in between would wake nobody. */
  add(waiter: ObjectRef, awaited: ObjectRef): void {
    const waiters = this.#byAwaited.get(keyOf(awaited)) ?? new Map<string, ObjectRef>();
    waiters.set(keyOf(waiter), waiter);
    this.#byAwaited.set(keyOf(awaited), waiters);
  }

  remove(waiter: ObjectRef): void {
    for (const [awaited, waiters] of this.#byAwaited)
      if (waiters.delete(keyOf(waiter)) && waiters.size === 0) this.#byAwaited.delete(awaited);
  }

  /** Who waits for an object. */
  on(awaited: ObjectRef): readonly ObjectRef[] {
    return [...(this.#byAwaited.get(keyOf(awaited))?.values() ?? [])];
  }
}

const keyOf = ({ namespace, name }: ObjectRef): string => `${namespace ?? ''}/${name}`;
