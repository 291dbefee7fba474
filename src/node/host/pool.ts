/** Keeps a few things ready that take long to make: one is handed out at once, and another is made meanwhile. */

export interface PoolOptions<T> {
  /** How many to hold ready. */
  readonly size: number;
  /** Makes `count` of them, at most `batch`. */
  make(count: number): Promise<readonly T[]>;
  dispose(items: readonly T[]): Promise<void>;
  /** How many to make together, where that is cheaper; unless somebody waits, so many must be missing. Default 1. */
  readonly batch?: number;
  /** How many batches are made at the same time. Default 2. */
  readonly parallel?: number;
  /** How many to hold at most when used ones are given back. Default `size`. */
  readonly keep?: number;
}

interface Waiter<T> {
  resolve(item: T): void;
  reject(error: unknown): void;
}

export class Pool<T> {
  readonly #options: PoolOptions<T>;
  readonly #ready: T[] = [];
  readonly #waiters: Waiter<T>[] = [];
  readonly #making = new Map<Promise<void>, number>();
  #closed = false;

  constructor(options: PoolOptions<T>) {
    this.#options = options;
  }

  /** Starts making what is missing. A failure shows when somebody asks, and the next to ask tries again. */
  fill(): void {
    const { size, batch = 1, parallel = 2 } = this.#options;
    while (!this.#closed && this.#making.size < parallel) {
      const coming = [...this.#making.values()].reduce((sum, count) => sum + count, 0);
      const missing = size + this.#waiters.length - this.#ready.length - coming;
      const enough = this.#waiters.length > coming ? 1 : Math.min(batch, Math.max(1, size));
      if (missing < enough) return;
      this.#start(Math.min(batch, missing));
    }
  }

  #start(count: number): void {
    const making: Promise<void> = this.#options.make(count).then(
      (items) => {
        this.#making.delete(making);
        for (const item of items) this.#deliver(item);
        this.fill();
      },
      (error: unknown) => {
        this.#making.delete(making);
        for (const waiter of this.#waiters.splice(0, count)) waiter.reject(error);
        // Only while somebody waits: else it would fail over and over.
        if (this.#waiters.length > 0) this.fill();
      },
    );
    this.#making.set(making, count);
  }

  #deliver(item: T): void {
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#ready.push(item);
    else waiter.resolve(item);
  }

  /** Ready things at once, in no time; else as soon as one is made, first come, first served. @throws what `make` throws */
  take(): Promise<T> {
    if (this.#closed) return Promise.reject(new Error('the pool is closed'));
    const item = this.#ready.shift();
    if (item !== undefined) {
      // Starting programs takes a millisecond or two: not while somebody waits.
      setImmediate(() => this.fill());
      return Promise.resolve(item);
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      this.fill();
    });
  }

  /** Gives a used thing back, as good as new. False when there are enough: the caller disposes of it. */
  put(item: T): boolean {
    const { size, keep = size } = this.#options;
    if (this.#waiters.length === 0 && (this.#closed || this.#ready.length >= keep)) return false;
    this.#deliver(item);
    return true;
  }

  /** Disposes of what is ready; those that wait are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new Error('the pool is closed'));
    await Promise.all(this.#making.keys());
    await this.#options.dispose(this.#ready.splice(0));
  }
}
