/** What of an object managers can manage, and its schema. Pure. */

import type { AnyKind } from '../../client/client.ts';
import { isJsonObject, type JsonObject } from '../../resources/json.ts';
import type { JsonSchema } from '../../resources/schema.ts';

/** All other metadata is the server's, or names the object. */
const metadataSchema: JsonSchema = {
  type: 'object',
  properties: {
    generateName: { type: 'string' },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
    finalizers: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    ownerReferences: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['uid'],
      items: { type: 'object', 'x-kubernetes-map-type': 'atomic' },
    },
  },
};

const schemas = new WeakMap<JsonSchema, JsonSchema>();

/** The schema of the views of a kind's objects. */
export function viewSchema(kind: AnyKind): JsonSchema {
  let schema = schemas.get(kind.schema);
  if (schema === undefined) {
    schema = { ...kind.schema, properties: { metadata: metadataSchema, ...kind.schema.properties } };
    schemas.set(kind.schema, schema);
  }
  return schema;
}

/** What a write to an object, or to its status, can reach. There is always metadata, which is nobody's. */
export function viewOf(kind: AnyKind, object: object, subresource: 'status' | undefined): JsonObject {
  const { apiVersion: _a, kind: _k, metadata, status, ...rest } = object as JsonObject;
  if (subresource === 'status') return status === undefined ? {} : { status };
  const reached = kind.hasStatus || status === undefined ? rest : { ...rest, status };
  return { metadata: membersOf(metadata, true), ...reached };
}

const isManageable = (name: string): boolean => Object.hasOwn(metadataSchema.properties!, name);

const membersOf = (metadata: unknown, manageable: boolean): JsonObject =>
  Object.fromEntries(
    Object.entries(isJsonObject(metadata) ? metadata : {}).filter(
      ([name, value]) => isManageable(name) === manageable && value !== undefined,
    ),
  );

/** An object with its view in another state. */
export function withView(
  kind: AnyKind,
  object: object,
  subresource: 'status' | undefined,
  view: JsonObject,
): JsonObject {
  const { apiVersion, kind: kindName, metadata, status } = object as JsonObject;
  if (subresource === 'status') return { ...object, status: view.status };
  const { metadata: changed, ...rest } = view;
  return {
    apiVersion,
    kind: kindName,
    metadata: { ...membersOf(metadata, false), ...membersOf(changed, true) },
    ...rest,
    ...(kind.hasStatus && status !== undefined ? { status } : {}),
  };
}
