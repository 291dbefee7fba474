/** Waits for the end of runs as a client does: by one watch over HTTPS that stays open. */

import { type Condition, conditionOf } from '../../src/resources/condition.ts';
import type { Kind } from '../../src/resources/kind.ts';
import type { KubeObject } from '../../src/resources/meta.ts';
import { type BenchServer, space } from './server.ts';

type Run = KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } };

/** Follows every object of a kind that has an end. */
export class EndWatch<T extends Run> {
  readonly #abort = new AbortController();
  readonly #seen = new Map<string, T>();
  readonly #waiting = new Map<string, (run: T) => void>();
  #failed: (error: Error) => void = () => {};
  readonly #broken = new Promise<never>((_, reject) => {
    this.#failed = reject;
  });
  finished = 0;

  constructor(
    readonly server: BenchServer,
    readonly kind: Kind<T>,
    /** The revision from which on it looks. Default: at everything that is there, too. */
    readonly since?: string,
  ) {
    this.#broken.catch(() => {});
    void this.#run();
  }

  /** Resolves in the turn in which the final state arrives. @throws when it has failed, or the watch has ended */
  async succeeded(name: string): Promise<T> {
    const seen = this.#seen.get(name);
    const run = await Promise.race([
      seen ?? new Promise<T>((resolve) => this.#waiting.set(name, resolve)),
      this.#broken,
    ]);
    this.#seen.delete(name);
    const condition = conditionOf(run, 'Succeeded');
    if (condition?.status !== 'True')
      throw new Error(`${this.kind.kind} ${name}: ${condition?.reason}: ${condition?.message}`);
    return run;
  }

  close(): void {
    this.#abort.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const from = this.since === undefined ? {} : { resourceVersion: this.since };
    try {
      for await (const { object } of this.server.client.watch(this.kind, { namespace: space, signal, ...from })) {
        const run = object as T;
        if (this.kind.finished?.(run) !== true) continue;
        this.finished++;
        const { name } = run.metadata;
        const waiting = this.#waiting.get(name);
        this.#waiting.delete(name);
        if (waiting === undefined) this.#seen.set(name, run);
        else waiting(run);
      }
    } catch (error) {
      return this.#failed(error as Error);
    }
    if (!signal.aborted) this.#failed(new Error('the watch has ended'));
  }
}
