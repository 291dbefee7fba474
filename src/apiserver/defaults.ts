/** Fills in the defaults that a schema declares. */

import { isJsonObject, jsonCopy } from '../resources/json.ts';
import type { JsonSchema } from '../resources/schema.ts';

/** Sets absent members that have a default, in place and all the way down; only objects that are there are filled. */
export function applyDefaults(schema: JsonSchema, value: unknown): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined && hasDefaults(schema.items))
      for (const item of value) applyDefaults(schema.items, item);
    return;
  }
  if (!isJsonObject(value)) return;
  const object = value as Record<string, unknown>;
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    if (!hasDefaults(member)) continue;
    if (object[name] === undefined && member.default !== undefined) object[name] = jsonCopy(member.default);
    applyDefaults(member, object[name]);
  }
  const members = schema.additionalProperties;
  if (members !== undefined && hasDefaults(members))
    for (const name of Object.keys(object)) applyDefaults(members, object[name]);
}

const known = new WeakMap<JsonSchema, boolean>();

/** Whether there is any default in a schema; most parts have none. */
function hasDefaults(schema: JsonSchema): boolean {
  const cached = known.get(schema);
  if (cached !== undefined) return cached;
  const parts = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
  const found = schema.default !== undefined || parts.some((part) => part !== undefined && hasDefaults(part));
  known.set(schema, found);
  return found;
}
