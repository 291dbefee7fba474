/** The OpenAPI v2 document in JSON: for clients that learn from it what kinds there are and what they look like. */

import { isJsonObject } from '../../../resources/json.ts';
import { type Catalog, groupVersionOf, type ServedResource } from '../catalog.ts';
import { componentOf } from './openapi-component.ts';
import { objectMetaSchemas } from './openapi-meta.ts';
import { schemaName } from './openapi-names.ts';

const parameter = (name: string): object => ({ name, in: 'query', type: 'string', uniqueItems: true });

function pathOf(resource: ServedResource): readonly [string, object] {
  const { group, version, kind, plural, scope, verbs } = resource;
  const prefix = `/${group === '' ? 'api' : 'apis'}/${groupVersionOf({ group, version })}`;
  const path = `${prefix}${scope === 'Namespaced' ? '/namespaces/{namespace}' : ''}/${plural}/{name}`;
  const operation = (action: string, parameters: readonly string[]): object => ({
    consumes: ['*/*'],
    produces: ['application/json'],
    parameters: parameters.map(parameter),
    responses: { 200: { description: 'OK', schema: { $ref: `#/definitions/${schemaName(resource)}` } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, version, kind },
  });
  const writes = ['dryRun', 'fieldManager', 'fieldValidation'];
  return [
    path,
    {
      get: operation('get', []),
      ...(verbs.includes('update') ? { put: operation('put', writes) } : {}),
      ...(verbs.includes('patch') ? { patch: operation('patch', [...writes, 'force']) } : {}),
    },
  ];
}

export function openApiV2Json(catalog: Catalog): Buffer {
  const readable = [...catalog.groups.values()].flat().filter(({ verbs }) => verbs.includes('get'));
  const document = {
    swagger: '2.0',
    info: { title: 'kf', version: 'v1' },
    paths: Object.fromEntries(readable.map(pathOf)),
    definitions: {
      ...objectMetaSchemas,
      ...Object.fromEntries(readable.map((resource) => [schemaName(resource), componentOf(resource)])),
    },
  };
  return Buffer.from(JSON.stringify(document, referred).replaceAll('"#/components/schemas/', '"#/definitions/'));
}

/** A reference beside a description, which v3 has no other way to write, is an `allOf` there. */
function referred(_key: string, value: unknown): unknown {
  if (!isJsonObject(value) || !Array.isArray(value.allOf)) return value;
  const { allOf, ...rest } = value;
  return { ...rest, ...allOf[0] };
}
