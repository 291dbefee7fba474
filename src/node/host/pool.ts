/** Keeps a few things ready that take long to make: whoever asks gets one at once, and another is made meanwhile. */

export interface PoolOptions<T> {
  /** How many to hold ready. */
  readonly size: number;
  make(): Promise<T>;
  dispose(items: readonly T[]): Promise<void>;
  /** How many are made at the same time. Default 2. */
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
  readonly #making = new Set<Promise<void>>();
  #closed = false;

  constructor(options: PoolOptions<T>) {
    this.#options = options;
  }

  /** Starts making what is missing. A failure shows when somebody asks, and the next to ask tries again. */
  fill(): void {
    const { size, parallel = 2 } = this.#options;
    while (!this.#closed && this.#making.size < parallel) {
      if (this.#ready.length + this.#making.size >= size + this.#waiters.length) return;
      this.#start();
    }
  }

  #start(): void {
    const making: Promise<void> = this.#options.make().then(
      (item) => {
        this.#making.delete(making);
        const waiter = this.#waiters.shift();
        if (waiter === undefined) this.#ready.push(item);
        else waiter.resolve(item);
        this.fill();
      },
      (error: unknown) => {
        this.#making.delete(making);
        this.#waiters.shift()?.reject(error);
        // Only for those who still wait: without anybody it would fail over and over.
        if (this.#waiters.length > 0) this.fill();
      },
    );
    this.#making.add(making);
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
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) waiter.resolve(item);
    else if (!this.#closed && this.#ready.length < keep) this.#ready.push(item);
    else return false;
    return true;
  }

  /** Disposes of what is ready; whoever waits is refused. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.reject(new Error('the pool is closed'));
    await Promise.all(this.#making);
    await this.#options.dispose(this.#ready.splice(0));
  }
}
