/** What a request's path asks for, as Kubernetes' RequestInfo reads it. */

export interface ResourceRequest {
  readonly group: string;
  readonly version: string;
  readonly namespace?: string;
  /** Plural. */
  readonly resource: string;
  readonly name?: string;
  readonly subresource?: string;
  /** What follows the subresource. */
  readonly rest?: string;
}

export interface RequestInfo {
  readonly path: string;
  /** The path's parts, decoded; empty ones left out. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  /** Absent for what is no resource: discovery, health, OpenAPI. */
  readonly resource?: ResourceRequest;
}

/** @throws URIError when the path is no valid percent-encoding */
export function parseRequest(url: string): RequestInfo {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1));
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  return { path, parts, query, resource: resourceOf(parts) };
}

function resourceOf(parts: readonly string[]): ResourceRequest | undefined {
  if (parts[0] === 'api' && parts.length > 2) return read('', parts[1]!, parts.slice(2));
  if (parts[0] === 'apis' && parts.length > 3) return read(parts[1]!, parts[2]!, parts.slice(3));
  return undefined;
}

/** Subresources of a namespace itself; any other third part is a resource within the namespace. */
const namespaceSubresources = new Set(['status', 'finalize']);

function read(group: string, version: string, parts: readonly string[]): ResourceRequest {
  const inNamespace = parts[0] === 'namespaces' && parts.length > 2 && !namespaceSubresources.has(parts[2]!);
  const [resource, name, subresource, ...rest] = inNamespace ? parts.slice(2) : parts;
  return {
    group,
    version,
    ...(inNamespace ? { namespace: parts[1]! } : {}),
    resource: resource!,
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
    ...(rest.length > 0 ? { rest: rest.join('/') } : {}),
  };
}

/** A query parameter that is a switch: `true`, `1` or without a value. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== 'false' && value !== '0';
}
