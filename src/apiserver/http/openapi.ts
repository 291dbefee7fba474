/**
 * OpenAPI v3, one document per group version, built from the kinds when it is first asked for. kubectl looks for a
 * `patch` operation with a `fieldValidation` parameter (create, apply) and for the component schemas (explain).
 */

import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonSchema } from '../../resources/schema.ts';
import { type Catalog, groupVersionOf, type ServedResource } from './catalog.ts';
import { objectMetaRef, objectMetaSchemas } from './openapi-meta.ts';
import { sendBody, sendJson } from './respond.ts';

interface Built {
  readonly body: Buffer;
  readonly hash: string;
}

const query = (name: string): object => ({ name, in: 'query', schema: { type: 'string' } });
const inPath = (name: string): object => ({ name, in: 'path', required: true, schema: { type: 'string' } });

/** `io.k8s.api.core.v1.Pod`, `dev.kf.v1alpha1.Task`. */
function schemaName({ group, version, kind }: ServedResource): string {
  const prefix = group === '' ? 'io.k8s.api.core' : group.split('.').reverse().join('.');
  return `${prefix}.${version}.${kind}`;
}

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
    parameters: [query('dryRun'), query('fieldManager'), query('fieldValidation')],
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

function componentOf(resource: ServedResource): JsonSchema | object {
  const { stored, kind, group, version } = resource;
  const schema: JsonSchema = stored?.kind.schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    ...schema,
    description: schema.description ?? `${kind} is a resource of ${groupVersionOf({ group, version })}.`,
    properties: {
      apiVersion: { type: 'string', description: 'APIVersion defines the versioned schema of this object.' },
      kind: { type: 'string', description: 'Kind is the REST resource this object represents.' },
      metadata: { description: "Standard object's metadata.", allOf: [{ $ref: objectMetaRef }] },
      ...schema.properties,
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  };
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
  return { body, hash: createHash('sha256').update(body).digest('hex').slice(0, 32).toUpperCase() };
}

/** A document never changes under its hash, so clients may keep it. */
const forEver = { 'Cache-Control': 'public', Expires: 'Fri, 31 Dec 2100 00:00:00 GMT' };

/** MIME type of the OpenAPI v2 document that old kubectls ask for; an empty one means: nothing is known of any kind. */
const v2Type = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

export class OpenApi {
  /** By path: `api/v1`, `apis/kf.dev/v1alpha1`. */
  private readonly resources = new Map<string, ServedResource[]>();
  private readonly built = new Map<string, Built>();

  constructor(catalog: Catalog) {
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
      sendBody(res, 200, v2Type, '');
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
    const etag = `"${document.hash}"`;
    if (req.headers['if-none-match'] === etag) {
      res.writeHead(304, { ETag: etag, ...forEver });
      res.end();
    } else sendBody(res, 200, 'application/json', document.body, { ETag: etag, Vary: 'Accept', ...forEver });
    return true;
  }

  private indexEntry(path: string): readonly [string, object] {
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${this.document(path)!.hash}` }];
  }
}
