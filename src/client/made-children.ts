/**
 * Which children were created for an owner whose status may not say so yet, so that a stale read makes none a second time
 * (client-go's "expectations"). In memory only: a child that is deleted by hand in the instant before a crash, and before
 * the status was written, is made anew.
 */

import { type KubeObject, namespacedName, type ObjectRef } from '../resources/meta.ts';

type Owner = Pick<KubeObject, 'metadata'>;

interface Made {
  readonly uid: string | undefined;
  readonly names: Set<string>;
}

export class MadeChildren {
  readonly #made = new Map<string, Made>();

  add({ metadata }: Owner, child: string): void {
    const known = this.#made.get(namespacedName(metadata));
    if (known?.uid === metadata.uid) known?.names.add(child);
    else this.#made.set(namespacedName(metadata), { uid: metadata.uid, names: new Set([child]) });
  }

  /** Whether a child of this name was created. */
  has({ metadata }: Owner, child: string): boolean {
    const known = this.#made.get(namespacedName(metadata));
    return known !== undefined && known.uid === metadata.uid && known.names.has(child);
  }

  /** The owner has ended, or is gone. */
  forget(owner: ObjectRef): void {
    this.#made.delete(namespacedName(owner));
  }
}
