/** An object as a client applies it: only the fields that he has an opinion about. Pure. */

import type { AnyKind } from '../../client/client.ts';
import { isJsonObject, type JsonObject } from '../../resources/json.ts';
import { apiVersionOf } from '../../resources/kind.ts';
import type { JsonSchema } from '../../resources/schema.ts';
import { badRequest, type StatusError } from '../../resources/status.ts';
import { type Decoded, decode } from '../prepare.ts';
import { pruneObject } from '../prune.ts';
import { textOf } from './field-set.ts';
import { byElement } from './fields-of.ts';
import { missingKey, partsOf, undeclared } from './parts.ts';
import { viewSchema } from './view.ts';

/** @throws StatusError BadRequest: another kind or version, fields that nobody knows, items that cannot be told apart */
export function readConfig(kind: AnyKind, body: unknown): Decoded {
  if (!isJsonObject(body)) throw badRequest(`an applied ${kind.kind} must be an object`);
  const version = apiVersionOf(kind);
  if (body.apiVersion !== version)
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${textOfVersion(body.apiVersion)}, expected: ${version}`,
    );
  if (body.kind === undefined) throw badRequest("Object 'Kind' is missing in the applied object");
  if (isJsonObject(body.metadata) && (body.metadata.managedFields ?? undefined) !== undefined)
    throw badRequest('metadata.managedFields must be nil');
  const config = decode(kind, body, {});
  const unknown = pruneObject(kind.schema, body, kind).unknown.map((path) => `.${path}: field not declared in schema`);
  const complaints = [...unknown, ...listComplaints(viewSchema(kind), config, '')];
  if (complaints.length > 0) throw untyped(config, complaints);
  return config;
}

const textOfVersion = (version: unknown): string => (typeof version === 'string' ? version : '');

function untyped({ apiVersion, kind, metadata }: Decoded, complaints: readonly string[]): StatusError {
  const { namespace = '', name = '' } = metadata;
  const what = complaints.length === 1 ? complaints[0] : `errors:\n${complaints.map((one) => `  ${one}`).join('\n')}`;
  return badRequest(`failed to create typed patch object (${namespace}/${name}; ${apiVersion}, Kind=${kind}): ${what}`);
}

/** Items of lists that have no key, or the same one as another. */
function listComplaints(schema: JsonSchema, value: unknown, path: string): readonly string[] {
  if (Array.isArray(value)) return listItemComplaints(schema, value, path);
  if (!isJsonObject(value)) return [];
  return Object.entries(value as JsonObject).flatMap(([name, member]) =>
    listComplaints(schema.properties?.[name] ?? schema.additionalProperties ?? undeclared, member, `${path}.${name}`),
  );
}

function listItemComplaints(schema: JsonSchema, items: readonly unknown[], path: string): readonly string[] {
  if (schema['x-kubernetes-list-type'] === 'map')
    for (const [index, item] of items.entries()) {
      const key = missingKey(schema, item);
      if (key !== undefined)
        return [
          `${path}: element ${index}: associative list with keys has an element that omits key field ${JSON.stringify(key)} (and doesn't have default value)`,
        ];
    }
  const parts = partsOf(schema, items) ?? [];
  const twice = [...byElement(parts)].filter(([, same]) => same.length > 1);
  return [
    ...twice.map(([element]) => `${path}: duplicate entries for key ${textOf([element])}`),
    ...items.flatMap((item, index) =>
      listComplaints(schema.items ?? undeclared, item, `${path}${textOf([parts[index]?.element ?? `i:${index}`])}`),
    ),
  ];
}
