/** A bounded cache of parsed objects; the least recently used go first. */

import type { KubeObject } from '../resources/meta.ts';

/** A parsed object takes about this many times the bytes of its JSON. */
const parsedFactor = 2.3;

export class BodyCache {
  readonly #entries = new Map<number, { readonly object: KubeObject; readonly bytes: number }>();
  #bytes = 0;

  /** @param limit bytes of memory, estimated */
  constructor(readonly limit: number) {}

  get bytes(): number {
    return this.#bytes;
  }

  get(id: number): KubeObject | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry.object;
  }

  set(id: number, object: KubeObject, jsonLength: number): void {
    this.delete(id);
    const bytes = Math.ceil(jsonLength * parsedFactor);
    this.#entries.set(id, { object, bytes });
    this.#bytes += bytes;
    this.shrink(this.limit);
  }

  /** Evicts the least recently used until no more than so many bytes are taken. */
  shrink(bytes: number): void {
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= bytes) break;
      this.delete(oldest);
    }
  }

  delete(id: number): void {
    this.#bytes -= this.#entries.get(id)?.bytes ?? 0;
    this.#entries.delete(id);
  }
}
