/** Putting an applied object into the stored one, and taking fields out of it. Pure. */

import { assign, isJsonObject, type JsonObject } from '../../resources/json.ts';
import type { JsonSchema } from '../../resources/schema.ts';
import { type FieldSet, noFields } from './field-set.ts';
import { byElement } from './fields-of.ts';
import { type Part, partsOf } from './parts.ts';

/** `applied` over `live`: what both have part by part is merged, all else is as it was applied. */
export function merge(schema: JsonSchema, live: unknown, applied: unknown): unknown {
  if (applied === undefined) return live;
  const lefts = partsOf(schema, live);
  const rights = partsOf(schema, applied);
  if (lefts === undefined || rights === undefined || Array.isArray(live) !== Array.isArray(applied)) return applied;
  if (Array.isArray(live)) return mergeLists(lefts, rights);
  const result: Record<string, unknown> = { ...(live as JsonObject) };
  for (const { element, schema: member, value } of rights) {
    const name = element.slice(2);
    assign(result, name, Object.hasOwn(result, name) ? merge(member, result[name], value) : value);
  }
  return result;
}

/**
 * Items stand in the order of the applied list. Those that only the stored one has keep their places: behind what they
 * stood behind, before the next item that both have.
 */
function mergeLists(lefts: readonly Part[], rights: readonly Part[]): readonly unknown[] {
  const live = byElement(lefts);
  const applied = new Set(rights.map(({ element }) => element));
  const merged = ({ element, schema, value }: Part): unknown => merge(schema, live.get(element)?.[0]?.value, value);
  const result: unknown[] = [];
  let next = 0;
  for (const left of lefts) {
    if (!applied.has(left.element)) {
      result.push(left.value);
      continue;
    }
    // Up to this item, if it is the next that both have; else it stands where the applied list has it.
    const shared = rights.findIndex(({ element }, index) => index >= next && live.has(element));
    if (shared < 0 || rights[shared]!.element !== left.element) continue;
    for (; next <= shared; next++) result.push(merged(rights[next]!));
  }
  for (; next < rights.length; next++) result.push(merged(rights[next]!));
  return result;
}

/**
 * `value` without the fields of `gone`, and without what has become empty by that, unless it is in `kept` itself.
 * Undefined: nothing is left.
 */
export function without(schema: JsonSchema, value: unknown, gone: FieldSet, kept: FieldSet): unknown {
  const parts = partsOf(schema, value);
  if (parts === undefined || (gone.members.size === 0 && gone.children.size === 0)) return value;
  const left: (readonly [string, unknown])[] = [];
  for (const { element, schema: inner, value: part } of parts) {
    if (gone.members.has(element)) continue;
    const goneWithin = gone.children.get(element);
    const rest =
      goneWithin === undefined ? part : without(inner, part, goneWithin, kept.children.get(element) ?? noFields);
    if (rest !== undefined) left.push([element, rest]);
    else if (kept.members.has(element)) left.push([element, Array.isArray(part) ? [] : {}]);
  }
  if (left.length === 0) return undefined;
  if (!isJsonObject(value)) return left.map(([, part]) => part);
  return Object.fromEntries(left.map(([element, part]) => [element.slice(2), part]));
}
