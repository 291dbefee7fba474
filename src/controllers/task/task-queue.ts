/** The Tasks of one Space that wait for room, the oldest first: a heap, so that finding the next one stays cheap. */

import TinyQueue from 'tinyqueue';

interface Place {
  readonly name: string;
  readonly age: string;
}

const byAge = (one: Place, other: Place): number => (one.age < other.age ? -1 : one.age > other.age ? 1 : 0);

export class TaskQueue {
  readonly #ages = new Map<string, string>();
  /** The oldest first; places that were left, or taken anew, stay in it until they come first. */
  #queue = new TinyQueue<Place>([], byAge);

  get size(): number {
    return this.#ages.size;
  }

  has(name: string): boolean {
    return this.#ages.has(name);
  }

  /** @param age sorts the oldest first */
  enter(name: string, age: string): void {
    if (this.#ages.get(name) === age) return;
    this.#ages.set(name, age);
    this.#queue.push({ name, age });
    // Whoever enters and leaves behind others must not fill it.
    if (this.#queue.length > 2 * this.#ages.size + 64)
      this.#queue = new TinyQueue(
        [...this.#ages].map((place) => ({ name: place[0], age: place[1] })),
        byAge,
      );
  }

  leave(name: string): void {
    this.#ages.delete(name);
  }

  first(): Place | undefined {
    for (let first = this.#queue.peek(); first !== undefined; first = this.#queue.peek()) {
      if (this.#ages.get(first.name) === first.age) return first;
      this.#queue.pop();
    }
    return undefined;
  }
}
