/** Answers that are kept for a while: those that cannot change, or that a run says are good enough. In memory only. */

import type { Clock } from '../../client/clock.ts';
import type { ResolvedResource, Resolver, ResolverParams } from './resolver.ts';
import { ResolverError } from './resolver.ts';

const modes = ['always', 'never', 'auto'];

/** Milliseconds, entries (Tekton's), bytes. */
const lifetime = 5 * 60_000;
const mostEntries = 1000;
const mostBytes = 16 * 2 ** 20;

interface Entry {
  readonly resource: ResolvedResource;
  readonly until: number;
}

export class ResolutionCache {
  readonly #clock: Clock;
  /** The least recently used first. */
  readonly #entries = new Map<string, Entry>();
  readonly #running = new Map<string, Promise<ResolvedResource>>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string): ResolvedResource | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#remove(key, entry);
    if (entry.until <= this.#clock.now()) return undefined;
    this.#add(key, entry);
    return entry.resource;
  }

  /** Finds it and keeps it; whoever asks meanwhile gets the same. */
  once(key: string, find: () => Promise<ResolvedResource>): Promise<ResolvedResource> {
    let running = this.#running.get(key);
    if (running === undefined) {
      running = find().finally(() => this.#running.delete(key));
      this.#running.set(key, running);
      running.then(
        (found) => this.put(key, found),
        () => undefined,
      );
    }
    return running;
  }

  put(key: string, resource: ResolvedResource): void {
    const before = this.#entries.get(key);
    if (before !== undefined) this.#remove(key, before);
    this.#add(key, { resource, until: this.#clock.now() + lifetime });
    for (const [oldest, entry] of this.#entries) {
      if (this.#entries.size <= mostEntries && this.#bytes <= mostBytes) return;
      this.#remove(oldest, entry);
    }
  }

  #add(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.resource.data.length;
  }

  #remove(key: string, { resource }: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= resource.data.length;
  }
}

/** Keys include the namespace: what was read with its Secrets is not given to others. */
export function cacheKey(type: string, namespace: string, params: ResolverParams): string {
  const { cache: _, ...rest } = params;
  return JSON.stringify([type, namespace, ...Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** @throws ResolverError */
export function isKept(resolver: Resolver, params: ResolverParams): boolean {
  const mode = params.cache || 'auto';
  if (!modes.includes(mode))
    throw new ResolverError(
      `invalid cache mode '${mode}', must be one of: [${modes.join(' ')}] (or empty for default)`,
    );
  if (resolver.isImmutable === undefined || mode === 'never') return false;
  return mode === 'always' || resolver.isImmutable(params);
}
