/**
 * OpenAPI v3, one document per group version, built from the kinds when it is first asked for. kubectl looks for a
 * `patch` operation with a `fieldValidation` parameter (create, apply) and for the component schemas (explain).
 */

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Catalog, groupVersionOf, type ServedResource } from '../catalog.ts';
import { sendBody, sendJson } from '../respond.ts';
import { componentOf } from './openapi-component.ts';
import { objectMetaSchemas } from './openapi-meta.ts';
import { schemaName } from './openapi-names.ts';
import { openApiV2 } from './openapi-v2.ts';
import { openApiV2Json } from './openapi-v2-json.ts';

interface Built {
  readonly body: Buffer;
  readonly hash: string;
}

const query = (name: string): object => ({ name, in: 'query', schema: { type: 'string' } });
const inPath = (name: string): object => ({ name, in: 'path', required: true, schema: { type: 'string' } });

function operations(resource: ServedResource, prefix: string): readonly (readonly [string, object])[] {
  const gvk = { group: resource.group, version: resource.version, kind: resource.kind };
  const namespaced = resource.scope === 'Namespaced';
  const base = `${prefix}${namespaced ? '/namespaces/{namespace}' : ''}/${resource.plural}`;
  const parameters = namespaced ? [inPath('namespace')] : [];
  const ref = { $ref: `#/components/schemas/${schemaName(resource)}` };
  const operation = (action: string, description: string): object => ({
    description,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    parameters: ['dryRun', 'fieldManager', 'fieldValidation', ...(action === 'patch' ? ['force'] : [])].map(query),
    responses: { 200: { description: 'OK', content: { 'application/json': { schema: ref } } } },
  });
  const creates = { post: operation('post', `create a ${resource.kind}`), parameters };
  const modifies = {
    put: operation('put', `replace the specified ${resource.kind}`),
    patch: operation('patch', `partially update the specified ${resource.kind}`),
    parameters: [...parameters, inPath('name')],
  };
  return [
    ...(resource.verbs.includes('create') ? [[base, creates] as const] : []),
    ...(resource.verbs.includes('patch') ? [[`${base}/{name}`, modifies] as const] : []),
  ];
}

function build(resources: readonly ServedResource[], path: string): Built {
  const body = Buffer.from(
    JSON.stringify({
      openapi: '3.0.0',
      info: { title: 'kf', version: 'v1' },
      paths: Object.fromEntries(resources.flatMap((resource) => operations(resource, `/${path}`))),
      components: {
        schemas: {
          ...objectMetaSchemas,
          ...Object.fromEntries(resources.map((resource) => [schemaName(resource), componentOf(resource)])),
        },
      },
    }),
  );
  return builtOf(body);
}

const builtOf = (body: Buffer): Built => ({
  body,
  hash: createHash('sha256').update(body).digest('hex').slice(0, 32).toUpperCase(),
});

function sendBuilt(
  req: IncomingMessage,
  res: ServerResponse,
  type: string,
  { body, hash }: Built,
  caching: Readonly<Record<string, string>>,
): void {
  const headers = { ETag: `"${hash}"`, Vary: 'Accept', ...caching };
  if (req.headers['if-none-match'] === headers.ETag) {
    res.writeHead(304, headers);
    res.end();
  } else sendBody(res, 200, type, body, headers);
}

/** A document never changes under its hash, so clients may keep it. */
const forEver = { 'Cache-Control': 'public', Expires: 'Fri, 31 Dec 2100 00:00:00 GMT' };

/** Of the OpenAPI v2 document. kubectl asks for `@v1.0`, which is no MIME type that anybody can parse. */
const v2Type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export class OpenApi {
  /** By path: `api/v1`, `apis/kf.dev/v1alpha1`. */
  private readonly resources = new Map<string, ServedResource[]>();
  private readonly built = new Map<string, Built>();

  private v2: Built | undefined;
  private v2Json: Built | undefined;

  constructor(private readonly catalog: Catalog) {
    for (const resource of [...catalog.groups.values()].flat()) {
      const path = `${resource.group === '' ? 'api' : 'apis'}/${groupVersionOf(resource)}`;
      this.resources.set(path, [...(this.resources.get(path) ?? []), resource]);
    }
  }

  private document(path: string): Built | undefined {
    const resources = this.resources.get(path);
    if (resources === undefined) return undefined;
    const known = this.built.get(path) ?? build(resources, path);
    this.built.set(path, known);
    return known;
  }

  /** Answers `/openapi/...`; false: no such document. */
  serve(req: IncomingMessage, res: ServerResponse, parts: readonly string[]): boolean {
    const [root, version, ...rest] = parts;
    if (root !== 'openapi') return false;
    if (version === 'v2' && rest.length === 0) {
      this.serveV2(req, res);
      return true;
    }
    if (version !== 'v3') return false;
    if (rest.length === 0) {
      sendJson(res, 200, {
        paths: Object.fromEntries([...this.resources.keys()].map((path) => this.indexEntry(path))),
      });
      return true;
    }
    const document = this.document(rest.join('/'));
    if (document === undefined) return false;
    sendBuilt(req, res, 'application/json', document, forEver);
    return true;
  }

  private serveV2(req: IncomingMessage, res: ServerResponse): void {
    const caching = { 'Cache-Control': 'no-cache, private' };
    if (req.headers.accept?.includes('protobuf')) {
      this.v2 ??= builtOf(openApiV2(this.catalog));
      sendBuilt(req, res, v2Type, this.v2, caching);
    } else {
      this.v2Json ??= builtOf(openApiV2Json(this.catalog));
      sendBuilt(req, res, 'application/json', this.v2Json, caching);
    }
  }

  private indexEntry(path: string): readonly [string, object] {
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${this.document(path)!.hash}` }];
  }
}
