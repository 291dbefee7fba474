/** Create, read, update, patch and delete of stored resources: HTTP in front of `Api`. */

import type { AnyKind } from '../../client/client.ts';
import { type KubeObject, type ObjectRef, refOf } from '../../resources/meta.ts';
import { badRequest, statusError } from '../../resources/status.ts';
import { readValue } from './body.ts';
import type { ServedResource } from './catalog.ts';
import { deleteOptionsOf } from './delete-options.ts';
import { type Exchange, writeOptionsOf } from './exchange.ts';
import { isForced } from './field-manager.ts';
import { representationOf } from './negotiation.ts';
import { readPatch } from './patch-body.ts';
import type { ReadApi, StoredApi } from './read-api.ts';
import { flag, type ResourceRequest } from './request-info.ts';
import { methodNotAllowed, noSuchPath, sendJson, writeSlowly } from './respond.ts';
import { serveWatch } from './streams/watch.ts';
import { includeObjectOf, itemOf, listEnvelope, tableOf } from './tables/table.ts';

/** A request for one stored resource: the kind, where it is read from, and who is named. */
interface Target {
  readonly kind: AnyKind;
  readonly reads: ReadApi;
  readonly request: ResourceRequest;
}

export async function serveResource(
  exchange: Exchange,
  resource: ServedResource,
  request: ResourceRequest,
): Promise<void> {
  const { kind, reads, writes } = resource.stored!;
  const target = { kind, reads, request };
  const { method } = exchange.req;
  if (request.subresource !== undefined) requireStatus(resource, request);
  const verb = verbOf(exchange, request);
  if (!resource.verbs.includes(verb)) throw methodNotAllowed();
  if (request.name !== undefined && kind.scope === 'Namespaced' && request.namespace === undefined) throw noSuchPath();
  if (request.namespace !== undefined && kind.scope === 'Cluster') throw noSuchPath();
  if (verb === 'watch') return serveWatch(exchange, kind, reads, request);
  if (verb === 'list') return serveList(exchange, target);
  if (verb === 'get') return sendObject(exchange, kind, 200, await reads.get(kind, named(request)));
  if (writes === undefined) throw methodNotAllowed();
  switch (verb) {
    case 'create':
      return create(writes, exchange, target);
    case 'update':
      return update(writes, exchange, target);
    case 'patch':
      return patch(writes, exchange, target);
    case 'delete':
      return remove(writes, exchange, target);
    case 'deletecollection':
      return removeAll(writes, exchange, target);
    default:
      throw statusError('MethodNotAllowed', `method ${method} is not supported`, {});
  }
}

function verbOf({ req, info }: Exchange, { name }: ResourceRequest): string {
  switch (req.method) {
    case 'GET':
    case 'HEAD':
      if (name !== undefined) return 'get';
      return flag(info.query, 'watch') ? 'watch' : 'list';
    case 'POST':
      return name === undefined ? 'create' : '';
    case 'PUT':
      return name === undefined ? '' : 'update';
    case 'PATCH':
      return name === undefined ? '' : 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      return '';
  }
}

function requireStatus(resource: ServedResource, { subresource, rest }: ResourceRequest): void {
  const known = resource.subresources.some(({ name }) => name === subresource);
  if (subresource !== 'status' || !known || rest !== undefined) throw noSuchPath();
}

const named = ({ namespace, name }: ResourceRequest): ObjectRef =>
  namespace === undefined ? { name: name! } : { namespace, name: name! };

/** One object, in the representation that the client asked for. */
function sendObject({ req, res, info }: Exchange, kind: AnyKind, code: number, object: KubeObject): void {
  const representation = representationOf(req.headers.accept);
  const include = includeObjectOf(info.query);
  const now = Date.now();
  if (representation.as === 'Table') {
    const { resourceVersion } = object.metadata;
    sendJson(res, code, tableOf(kind, [object], { version: representation.version, include, now, resourceVersion }));
  } else sendJson(res, code, itemOf(kind, object, representation, include, now));
}

/** Items in one write to the socket; lists of any length are never one string. */
const itemsPerChunk = 200;

async function serveList(exchange: Exchange, { kind, reads, request }: Target): Promise<void> {
  const { req, res, info } = exchange;
  const { query } = info;
  const representation = representationOf(req.headers.accept);
  const include = includeObjectOf(query);
  const limit = numberOf(query, 'limit');
  const list = await reads.list(kind, {
    namespace: request.namespace,
    labelSelector: query.get('labelSelector') || undefined,
    fieldSelector: query.get('fieldSelector') || undefined,
    resourceVersion: query.get('resourceVersion') || undefined,
    resourceVersionMatch: query.get('resourceVersionMatch') || undefined,
    limit: limit === 0 ? undefined : limit,
    continue: query.get('continue') || undefined,
    unfinishedOnly: flag(query, 'unfinishedOnly'),
  });
  const { items, ...metadata } = list;
  const [before, after] = listEnvelope(kind, representation, metadata);
  const now = Date.now();
  res.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache, private' });
  let text = before;
  for (const [index, object] of items.entries()) {
    text += (index === 0 ? '' : ',') + JSON.stringify(itemOf(kind, object, representation, include, now));
    if (index % itemsPerChunk !== itemsPerChunk - 1) continue;
    await writeSlowly(res, text);
    text = '';
  }
  res.end(text + after);
}

/** @throws StatusError BadRequest */
function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^\d+$/.test(text)) throw badRequest(`${name}: invalid value ${JSON.stringify(text)}: must be a whole number`);
  return Number(text);
}

async function create(api: StoredApi, exchange: Exchange, { kind, request }: Target): Promise<void> {
  const options = writeOptionsOf(exchange);
  const body = await readValue(exchange.req);
  if (body === undefined) throw badRequest('the request has no body');
  sendObject(exchange, kind, 201, await api.create(kind, request.namespace, body, options));
}

async function update(api: StoredApi, exchange: Exchange, { kind, request }: Target): Promise<void> {
  const options = { ...writeOptionsOf(exchange), ...subresourceOf(request) };
  const body = await readValue(exchange.req);
  if (body === undefined) throw badRequest('the request has no body');
  sendObject(exchange, kind, 200, await api.update(kind, named(request), body, options));
}

const subresourceOf = ({ subresource }: ResourceRequest): { readonly subresource?: 'status' } =>
  subresource === 'status' ? { subresource } : {};

async function patch(api: StoredApi, exchange: Exchange, { kind, request }: Target): Promise<void> {
  const change = await readPatch(exchange);
  const options = { ...writeOptionsOf(exchange), ...subresourceOf(request) };
  if (change.type !== 'apply')
    return sendObject(exchange, kind, 200, await api.patch(kind, named(request), change, options));
  const { object, created } = await api.apply(kind, named(request), change.body, {
    ...options,
    force: isForced(exchange),
  });
  sendObject(exchange, kind, created ? 201 : 200, object);
}

async function remove(api: StoredApi, exchange: Exchange, { kind, request }: Target): Promise<void> {
  if (request.subresource !== undefined) throw methodNotAllowed();
  const options = { ...writeOptionsOf(exchange), ...(await deleteOptionsOf(exchange)) };
  const { object, gone } = await api.delete(kind, named(request), options);
  if (!gone) return sendObject(exchange, kind, 200, object);
  const { name, uid } = object.metadata;
  sendJson(exchange.res, 200, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name, ...(kind.group === '' ? {} : { group: kind.group }), kind: kind.plural, uid },
  });
}

async function removeAll(api: StoredApi, exchange: Exchange, { kind, request }: Target): Promise<void> {
  const { query } = exchange.info;
  const options = { ...writeOptionsOf(exchange), ...(await deleteOptionsOf(exchange)) };
  const { items, resourceVersion } = await api.list(kind, {
    namespace: request.namespace,
    labelSelector: query.get('labelSelector') || undefined,
    fieldSelector: query.get('fieldSelector') || undefined,
  });
  const deleted: KubeObject[] = [];
  for (const item of items) deleted.push((await api.delete(kind, refOf(item), options)).object);
  const [before, after] = listEnvelope(kind, { as: 'Object', version: 'v1' }, { resourceVersion });
  exchange.res.writeHead(200, { 'Content-Type': 'application/json' });
  exchange.res.end(before + deleted.map((object) => JSON.stringify(object)).join(',') + after);
}
