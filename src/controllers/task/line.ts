/** Who waits, by age: whose turn it is costs the logarithm of their number. */

interface Place {
  readonly name: string;
  readonly age: string;
}

export class Line {
  readonly #ages = new Map<string, string>();
  /** A binary heap, the oldest first; places that were left, or taken anew, stay in it until they come first. */
  #heap: Place[] = [];

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
    this.#heap.push({ name, age });
    this.#rise(this.#heap.length - 1);
    // Whoever enters and leaves behind others must not fill it.
    if (this.#heap.length > 2 * this.#ages.size + 64) this.#rebuild();
  }

  leave(name: string): void {
    this.#ages.delete(name);
  }

  first(): Place | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#ages.get(first.name) === first.age) return first;
      this.#removeFirst();
    }
    return undefined;
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #rebuild(): void {
    // Sorted it is a heap.
    this.#heap = [...this.#ages].map(([name, age]) => ({ name, age })).sort((a, b) => (a.age < b.age ? -1 : 1));
  }

  #rise(from: number): void {
    for (let index = from; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (this.#age(parent) <= this.#age(index)) return;
      this.#swap(index, parent);
      index = parent;
    }
  }

  #sink(from: number): void {
    for (let index = from; ; ) {
      const left = 2 * index + 1;
      if (left >= this.#heap.length) return;
      const right = left + 1;
      const least = right < this.#heap.length && this.#age(right) < this.#age(left) ? right : left;
      if (this.#age(index) <= this.#age(least)) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #age(index: number): string {
    return this.#heap[index]!.age;
  }

  #swap(one: number, other: number): void {
    const place = this.#heap[one]!;
    this.#heap[one] = this.#heap[other]!;
    this.#heap[other] = place;
  }
}
