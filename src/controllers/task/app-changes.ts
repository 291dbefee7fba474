/**
 * Tells which changes of an App matter to Tasks that wait for it. Each Task that takes its number changes its App, and
 * that must not have all that wait looked at again.
 */

import type { App } from '../../resources/kf/app.ts';
import { namespacedName } from '../../resources/meta.ts';

export class AppChanges {
  /** What Tasks have been told of last, by namespace and name. */
  readonly #told = new Map<string, string>();

  /** @param gone whether it is there no more */
  matter({ metadata, status }: App, gone: boolean): boolean {
    const key = namespacedName(metadata);
    if (gone) {
      this.#told.delete(key);
      return true;
    }
    const { uid, generation, deletionTimestamp } = metadata;
    const { tasks: _, ...rest } = status ?? {};
    const told = JSON.stringify([uid, generation, deletionTimestamp, rest]);
    if (this.#told.get(key) === told) return false;
    this.#told.set(key, told);
    return true;
  }
}
