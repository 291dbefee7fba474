/**
 * Which objects wait for which other, so that a change of the one wakes just those. Kept in memory only:
 * the first reconciles after a start fill it again.
 */

import { namespacedName, type ObjectRef } from '../resources/meta.ts';

export class Waiting {
  readonly #byAwaited = new Map<string, Map<string, ObjectRef>>();

  /** Must be called before `awaited` is read: a change in between would wake nobody. */
  add(waiter: ObjectRef, awaited: ObjectRef): void {
    const waiters = this.#byAwaited.get(namespacedName(awaited)) ?? new Map<string, ObjectRef>();
    waiters.set(namespacedName(waiter), waiter);
    this.#byAwaited.set(namespacedName(awaited), waiters);
  }

  remove(waiter: ObjectRef): void {
    for (const [awaited, waiters] of this.#byAwaited)
      if (waiters.delete(namespacedName(waiter)) && waiters.size === 0) this.#byAwaited.delete(awaited);
  }

  /** The objects that wait for `awaited`. */
  on(awaited: ObjectRef): readonly ObjectRef[] {
    return [...(this.#byAwaited.get(namespacedName(awaited))?.values() ?? [])];
  }
}
