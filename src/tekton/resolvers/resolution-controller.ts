/** Runs ResolutionRequests: has a resolver find the bytes, or waits for one of somebody else's. */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import {
  type ControllerContext,
  itself,
  type Result,
  type RunningController,
  startController,
} from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { type ConditionDraft, isFinal, mergeConditions } from '../../resources/condition.ts';
import { formatDuration } from '../../resources/duration.ts';
import type { ObjectRef } from '../../resources/meta.ts';
import { ResolutionRequest } from '../../resources/tekton/resolution-request.ts';
import { resolverTypeLabel } from '../references/requested.ts';
import { cacheKey, isKept, ResolutionCache } from './resolution-cache.ts';
import { type ResolvedResource, type Resolver, ResolverError, type ResolverParams, textParams } from './resolver.ts';
import type { ResolverSettings } from './settings.ts';

export interface ResolutionControllerOptions extends ControllerContext {
  /** By type: `git`, `http` … */
  readonly resolvers: Readonly<Record<string, Resolver>>;
  readonly settings: () => Promise<ResolverSettings>;
}

/** Questions at a time: one may wait for as long as the time limit is. */
const concurrency = 32;

/** Milliseconds for which a host that does not answer is asked again, and between two questions. */
const patience = 10_000;
const pause = 2_000;

export function startResolutionController(options: ResolutionControllerOptions): RunningController {
  const controller = new ResolutionController(options);
  const running = startController({
    ...options,
    name: 'resolutionrequest',
    concurrency,
    watches: [itself(ResolutionRequest, { unfinishedOnly: true })],
    reconcile: (request) => controller.reconcile(request),
  });
  return {
    ...running,
    async stop() {
      controller.close();
      await running.stop();
    },
  };
}

class ResolutionController {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #resolvers: ResolutionControllerOptions['resolvers'];
  readonly #settings: ResolutionControllerOptions['settings'];
  readonly #cache: ResolutionCache;
  readonly #end = new AbortController();

  constructor({ client, clock, resolvers, settings }: ResolutionControllerOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#resolvers = resolvers;
    this.#settings = settings;
    this.#cache = new ResolutionCache(clock);
  }

  /** Interrupts what is being resolved; the next server resolves it. */
  close(): void {
    this.#end.abort();
  }

  async reconcile(ref: ObjectRef): Promise<Result | void> {
    const request = await getIfExists(this.#client, ResolutionRequest, ref);
    if (request === undefined || request.metadata.deletionTimestamp !== undefined || isFinal(request)) return;
    if (request.status?.data) return this.#write(request, succeeded, {});
    const { timeout } = await this.#settings();
    const age = Math.max(0, this.#clock.now() - Date.parse(request.metadata.creationTimestamp ?? ''));
    const left = timeout - age;
    const late = failed(
      'ResolutionTimedOut',
      `resolution took longer than global timeout of ${formatDuration(timeout)}`,
    );
    if (left <= 0) return this.#write(request, late, {});
    const type = request.metadata.labels?.[resolverTypeLabel] ?? '';
    const resolver = Object.hasOwn(this.#resolvers, type) ? this.#resolvers[type] : undefined;
    if (resolver === undefined) {
      await this.#write(request, inProgress, {});
      return { requeueAfter: left };
    }
    try {
      return await this.#answer(request, await this.#resolve(request, type, resolver, left));
    } catch (error) {
      if (this.#end.signal.aborted) return;
      if (!(error instanceof ResolverError)) throw error;
      if (error.passing && age + pause < patience && left > pause) return { requeueAfter: pause };
      if (this.#clock.now() - Date.parse(request.metadata.creationTimestamp ?? '') >= timeout)
        return this.#write(request, late, {});
      return this.#write(request, failed('ResolutionFailed', error.message), {});
    }
  }

  async #resolve(
    { metadata, spec }: ResolutionRequest,
    type: string,
    resolver: Resolver,
    left: number,
  ): Promise<ResolvedResource> {
    const { namespace = '', name } = metadata;
    let params: ResolverParams;
    let keeps: boolean;
    try {
      const given = textParams(spec.params);
      params = resolver.complete(spec.url === undefined ? given : { url: spec.url, ...given });
      keeps = isKept(resolver, params);
    } catch (error) {
      throw worded(error, `invalid resource request "${namespace}/${name}"`);
    }
    const key = cacheKey(type, namespace, params);
    const known = keeps ? this.#cache.get(key) : undefined;
    if (known !== undefined)
      return { ...known, annotations: { ...known.annotations, 'resolution.tekton.dev/cached': 'true' } };
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(left)]);
    try {
      const find = (): Promise<ResolvedResource> => resolver.resolve({ params, namespace, signal });
      return await (keeps ? this.#cache.once(key, find) : find());
    } catch (error) {
      throw worded(error, `error getting "${resolver.title}" "${namespace}/${name}"`);
    }
  }

  #answer(request: ResolutionRequest, { data, source, annotations }: ResolvedResource): Promise<void> {
    return this.#write(request, succeeded, {
      data: data.toString('base64'),
      refSource: source,
      source,
      ...(annotations === undefined ? {} : { annotations }),
    });
  }

  async #write(
    request: ResolutionRequest,
    condition: ConditionDraft,
    found: Partial<NonNullable<ResolutionRequest['status']>>,
  ): Promise<void> {
    const conditions = mergeConditions(request.status?.conditions, [condition], rfc3339(this.#clock.now()));
    await writeStatus(this.#client, ResolutionRequest, request, { ...request.status, ...found, conditions });
  }
}

const succeeded: ConditionDraft = { type: 'Succeeded', status: 'True', reason: 'ResolutionSuccessful' };
const inProgress: ConditionDraft = {
  type: 'Succeeded',
  status: 'Unknown',
  reason: 'ResolutionInProgress',
  message: 'waiting for resolver',
};
const failed = (reason: string, message: string): ConditionDraft => ({
  type: 'Succeeded',
  status: 'False',
  reason,
  message,
});

const worded = (error: unknown, lead: string): unknown =>
  error instanceof ResolverError ? new ResolverError(`${lead}: ${error.message}`, error.passing) : error;
