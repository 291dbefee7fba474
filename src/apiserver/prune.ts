/** Takes what came in a request down to what its schema knows: a fresh copy, with the names of what was left out. */

import { assign, isJsonObject, jsonCopy } from '../resources/json.ts';
import { actualSchema, type JsonSchema } from '../resources/schema.ts';

/** Known members of ObjectMeta; those of the server's own making among them are overwritten later. */
const metadataSchema: JsonSchema = {
  type: 'object',
  properties: {
    name: {},
    generateName: {},
    namespace: {},
    selfLink: {},
    uid: {},
    resourceVersion: {},
    generation: {},
    creationTimestamp: {},
    deletionTimestamp: {},
    deletionGracePeriodSeconds: {},
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    annotations: { type: 'object', additionalProperties: { type: 'string' } },
    finalizers: { type: 'array', items: {} },
    ownerReferences: {
      type: 'array',
      items: {
        type: 'object',
        properties: { apiVersion: {}, kind: {}, name: {}, uid: {}, controller: {}, blockOwnerDeletion: {} },
      },
    },
    managedFields: { type: 'array', items: { 'x-kubernetes-preserve-unknown-fields': true } },
  },
};

export interface Pruned {
  readonly value: { readonly [key: string]: unknown };
  /** Paths of unknown members, e.g. `spec.zzz`. */
  readonly unknown: readonly string[];
}

export interface PruneOptions {
  /** See Kind.anyCase. Default: false. */
  readonly anyCase?: boolean;
}

interface Found {
  readonly unknown: string[];
  readonly anyCase: boolean;
}

/** A whole object: its kind's schema, and apiVersion, kind, metadata. */
export function pruneObject(
  schema: JsonSchema,
  object: { readonly [key: string]: unknown },
  { anyCase = false }: PruneOptions = {},
): Pruned {
  const whole: JsonSchema = {
    ...schema,
    properties: { apiVersion: {}, kind: {}, metadata: metadataSchema, ...schema.properties },
  };
  const found: Found = { unknown: [], anyCase };
  return { value: prune(whole, object, '', found) as Pruned['value'], unknown: found.unknown };
}

/** One part of an object, e.g. its status. */
export function pruneValue(schema: JsonSchema, value: unknown, path: string): { value: unknown; unknown: string[] } {
  const found: Found = { unknown: [], anyCase: false };
  return { value: prune(schema, value, path, found), unknown: found.unknown };
}

function prune(node: JsonSchema, value: unknown, path: string, found: Found): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const schema = actualSchema(node);
  if (Array.isArray(value))
    return value.map((item, index) =>
      schema.items === undefined
        ? jsonCopy(item ?? null)
        : prune(schema.items, item ?? null, `${path}[${index}]`, found),
    );
  return isJsonObject(value) ? pruneMembers(schema, value, path, found) : value;
}

function pruneMembers(
  schema: JsonSchema,
  object: { readonly [key: string]: unknown },
  path: string,
  found: Found,
): unknown {
  const copy: Record<string, unknown> = {};
  for (const [given, member] of Object.entries(object)) {
    if (member === undefined) continue;
    const key = found.anyCase ? fieldOf(schema, given) : given;
    const known = memberSchema(schema, key);
    const memberPath = path === '' ? key : `${path}.${key}`;
    if (known === undefined) found.unknown.push(memberPath);
    else if (known === 'any') assign(copy, key, jsonCopy(member));
    // As Kubernetes: null where the schema does not allow it stands for absent.
    else if (member === null && known.nullable !== true && !isAny(known)) continue;
    else assign(copy, key, prune(known, member, memberPath, found));
  }
  return copy;
}

/** The field that is meant, whatever the case of its letters. */
function fieldOf({ properties }: JsonSchema, key: string): string {
  if (properties === undefined || Object.hasOwn(properties, key)) return key;
  const lower = key.toLowerCase();
  return Object.keys(properties).find((name) => name.toLowerCase() === lower) ?? key;
}

const isAny = (schema: JsonSchema): boolean =>
  schema.type === undefined && schema['x-kubernetes-preserve-unknown-fields'] === true;

function memberSchema(schema: JsonSchema, key: string): JsonSchema | 'any' | undefined {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  if (schema.additionalProperties !== undefined) return schema.additionalProperties;
  // A node without members of its own and without a type holds anything (metadata's leaves).
  const open = schema['x-kubernetes-preserve-unknown-fields'] === true || schema.type === undefined;
  return open ? 'any' : undefined;
}
