/** Watches: one JSON object per line, or per message of a WebSocket, for as long as client and server like. */

import { setImmediate } from 'node:timers/promises';
import type { AnyKind } from '../../../client/client.ts';
import { apiVersionOf } from '../../../resources/kind.ts';
import { badRequest, isExpired, statusError } from '../../../resources/status.ts';
import type { ApiWatchEvent } from '../../api.ts';
import type { Exchange } from '../exchange.ts';
import { type Representation, representationOf } from '../negotiation.ts';
import type { ReadApi } from '../read-api.ts';
import { flag, type RequestInfo, type ResourceRequest } from '../request-info.ts';
import { statusOf } from '../respond.ts';
import { type IncludeObject, includeObjectOf, partialObject, tableOf } from '../tables/table.ts';
import { openOutlet } from './outlet.ts';

/** Milliseconds without the client taking anything after which it is dropped; it comes back from its last revision. */
const patience = 30_000;

export async function serveWatch(
  exchange: Exchange,
  kind: AnyKind,
  reads: ReadApi,
  request: ResourceRequest,
): Promise<void> {
  const { req, info } = exchange;
  const representation = representationOf(req.headers.accept);
  const encode = encoder(kind, representation, includeObjectOf(info.query));
  const { signal, stop } = deadline(exchange.signal, info);
  const events = reads.watch(kind, { ...watchOptions(info, request), signal })[Symbol.asyncIterator]();
  try {
    // What is wrong with the request is known at once and answered as an error; a stream begins with its headers.
    let next = events.next();
    next.catch(() => {});
    await Promise.race([next, setImmediate()]).catch((error) => {
      if (!isExpired(error)) throw error;
    });
    const outlet = await openOutlet(exchange, { contentType: 'application/json', patience, binary: false });
    try {
      for (;;) {
        const result = await next;
        if (result.done) break;
        await outlet.send(`${encode(result.value)}\n`);
        next = events.next();
      }
    } catch (error) {
      if (outlet.gone) return;
      await outlet.send(`${JSON.stringify({ type: 'ERROR', object: statusOf(error) })}\n`).catch(() => {});
    }
    outlet.end();
  } finally {
    stop();
    await events.return?.();
  }
}

/** The client's signal, or the end of `timeoutSeconds`, whichever comes first. */
function deadline(signal: AbortSignal, { query }: RequestInfo): { signal: AbortSignal; stop: () => void } {
  const seconds = Number(query.get('timeoutSeconds') ?? 0);
  if (!(seconds > 0)) return { signal, stop: () => {} };
  const controller = new AbortController();
  const end = (): void => controller.abort();
  const timer = setTimeout(end, Math.min(seconds, 86_400) * 1000).unref();
  if (signal.aborted) end();
  signal.addEventListener('abort', end, { once: true });
  return {
    signal: controller.signal,
    stop: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      end();
    },
  };
}

/** @throws StatusError Invalid, BadRequest */
function watchOptions({ query }: RequestInfo, { namespace }: ResourceRequest): object {
  const sendInitialEvents = flag(query, 'sendInitialEvents');
  const resourceVersion = query.get('resourceVersion') || undefined;
  if (sendInitialEvents && query.get('resourceVersionMatch') !== 'NotOlderThan')
    throw statusError(
      'Invalid',
      'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    );
  if (resourceVersion !== undefined && !/^\d+$/.test(resourceVersion))
    throw badRequest(`invalid resource version ${JSON.stringify(resourceVersion)}`);
  return {
    namespace,
    resourceVersion,
    labelSelector: query.get('labelSelector') || undefined,
    fieldSelector: query.get('fieldSelector') || undefined,
    allowBookmarks: flag(query, 'allowWatchBookmarks'),
    sendInitialEvents,
    unfinishedOnly: flag(query, 'unfinishedOnly'),
    flushedOnly: true,
  };
}

type Encoder = (event: ApiWatchEvent) => string;

/** Tables name their columns in the first event only. */
function encoder(kind: AnyKind, representation: Representation, include: IncludeObject): Encoder {
  const { as, version } = representation;
  let first = true;
  return (event) => {
    const withoutColumns = !first;
    first = false;
    if (event.type === 'BOOKMARK') return encodeBookmark(kind, representation, event, withoutColumns);
    const { type, object } = event;
    if (as === 'PartialObjectMetadata') return JSON.stringify({ type, object: partialObject(object, version) });
    if (as === 'Object') return JSON.stringify({ type, object });
    const { resourceVersion } = object.metadata;
    const options = { version, include, now: Date.now(), resourceVersion, withoutColumns };
    return JSON.stringify({ type, object: tableOf(kind, [object], options) });
  };
}

function encodeBookmark(
  kind: AnyKind,
  { as, version }: Representation,
  bookmark: Extract<ApiWatchEvent, { type: 'BOOKMARK' }>,
  withoutColumns: boolean,
): string {
  const { resourceVersion, initialEventsEnd } = bookmark;
  const metadata = {
    resourceVersion,
    creationTimestamp: null,
    ...(initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  };
  const object =
    as === 'Table'
      ? tableOf(kind, [], { version, include: 'None', now: 0, resourceVersion, withoutColumns })
      : as === 'PartialObjectMetadata'
        ? { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata }
        : { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
  return JSON.stringify({ type: 'BOOKMARK', object });
}
