/** How a value is owned: as a whole, or part by part, as its schema says. Pure. */

import { isJsonObject, type JsonObject } from '../../resources/json.ts';
import type { JsonSchema } from '../../resources/schema.ts';
import { keyElement, memberElement, valueElement } from './field-set.ts';

/** The schema of what is not declared: objects are walked member by member, lists are atomic. */
export const undeclared: JsonSchema = {};

export interface Part {
  readonly element: string;
  readonly value: unknown;
  readonly schema: JsonSchema;
  /** Whether it is a field that the schema names. */
  readonly named: boolean;
}

/** The parts of an object or a list; undefined: it is owned as a whole. */
export function partsOf(schema: JsonSchema, value: unknown): readonly Part[] | undefined {
  if (isJsonObject(value)) return schema['x-kubernetes-map-type'] === 'atomic' ? undefined : membersOf(schema, value);
  if (!Array.isArray(value)) return undefined;
  const items = value as readonly unknown[];
  const { items: item = undeclared } = schema;
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return items.map((one) => ({ element: valueElement(one), value: one, schema: item, named: false }));
    case 'map': {
      const elements = items.map((one) => keyOf(schema, one));
      // What cannot be told apart is one thing; of an applied object it was refused before.
      if (elements.includes(undefined)) return undefined;
      return items.map((one, index) => ({ element: elements[index]!, value: one, schema: item, named: false }));
    }
    default:
      return undefined;
  }
}

const membersOf = (schema: JsonSchema, object: JsonObject): readonly Part[] =>
  Object.entries(object)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const named = isNamed(schema, name);
      const member = named ? schema.properties![name]! : (schema.additionalProperties ?? undeclared);
      return { element: memberElement(name), value, schema: member, named };
    });

const isNamed = ({ properties }: JsonSchema, name: string): boolean =>
  properties !== undefined && Object.hasOwn(properties, name);

/** The element of an item by its keys; undefined where it has not all of them. */
function keyOf(schema: JsonSchema, item: unknown): string | undefined {
  return missingKey(schema, item) === undefined ? keyElement(keysOf(schema, item as JsonObject)) : undefined;
}

const keysOf = (schema: JsonSchema, item: JsonObject): Readonly<Record<string, unknown>> =>
  Object.fromEntries((schema['x-kubernetes-list-map-keys'] ?? []).map((key) => [key, keyValue(schema, item, key)]));

const keyValue = ({ items }: JsonSchema, item: JsonObject, key: string): unknown =>
  item[key] ?? items?.properties?.[key]?.default;

/** The first key of a list's items that an item lacks and that has no default; undefined: none. */
export function missingKey(schema: JsonSchema, item: unknown): string | undefined {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return keys.find((key) => !isJsonObject(item) || keyValue(schema, item, key) === undefined);
}

/** The schema of a part that an element names; undefined for one that nothing is declared of. */
export function schemaAt(schema: JsonSchema, element: string): JsonSchema | undefined {
  if (!element.startsWith('f:')) return schema.items;
  const name = element.slice(2);
  return isNamed(schema, name) ? schema.properties![name] : schema.additionalProperties;
}

/** Whether an element is a field that the schema names. */
export const isNamedField = (schema: JsonSchema, element: string): boolean =>
  element.startsWith('f:') && isNamed(schema, element.slice(2));
