/** What a resolver is: it finds the bytes that a ResolutionRequest asks for. */

import type { Param } from '../../resources/tekton/param.ts';
import type { RefSource } from '../../resources/tekton/reference.ts';

/** Params that are texts, by name; others are none of a resolver's. */
export type ResolverParams = Readonly<Record<string, string | undefined>>;

export interface Request {
  readonly params: ResolverParams;
  /** Of the run that asks: its Secrets are looked up there. */
  readonly namespace: string;
  /** Fires when there is no time left. */
  readonly signal: AbortSignal;
}

export interface ResolvedResource {
  readonly data: Buffer;
  readonly source: RefSource;
  /** For the request's status. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Resolver {
  /** In messages, as Tekton has it. */
  readonly title: string;
  /** Fills in what an administrator has set. @throws ResolverError for params that can never be resolved */
  complete(params: ResolverParams): ResolverParams;
  /** @param request its params are complete. @throws ResolverError */
  resolve(request: Request): Promise<ResolvedResource>;
  /** Whether such params always mean the same bytes. Absent: what it finds is never kept. */
  isImmutable?(params: ResolverParams): boolean;
}

/** Why nothing was found. */
export class ResolverError extends Error {
  override readonly name = 'ResolverError';
  constructor(
    message: string,
    /** The same question may be answered in a moment: nobody listens, a server is busy. */
    readonly passing = false,
  ) {
    super(message);
  }
}

/** The most that a resource may have; Tekton's. */
export const longestResource = 1024 * 1024;

export function textParams(params: readonly Param[] | undefined): ResolverParams {
  const texts = (params ?? []).filter(({ value }) => typeof value === 'string');
  return Object.fromEntries(texts.map(({ name, value }) => [name, value as string]));
}

/** @throws ResolverError naming those that are missing or empty */
export function requireParams(resolver: string, params: ResolverParams, names: readonly string[]): void {
  const missing = names.filter((name) => (params[name] ?? '').trim() === '');
  if (missing.length > 0)
    throw new ResolverError(`missing required ${resolver} resolver params: ${missing.join(', ')}`);
}
