/** The fields that an applied object sets, and how two states of an object differ. Pure. */

import { isJsonObject, jsonEqual } from '../../resources/json.ts';
import type { JsonSchema } from '../../resources/schema.ts';
import { type FieldPath, type FieldSet, FieldSetBuilder } from './field-set.ts';
import { isNamedField, type Part, partsOf, schemaAt, undeclared } from './parts.ts';

/** Every field that `object` sets: values, items, members that have no name in the schema, and what is empty. */
export function fieldsOf(schema: JsonSchema, object: unknown): FieldSet {
  const set = new FieldSetBuilder();
  const walk = (path: FieldPath, at: JsonSchema, value: unknown): void => {
    const parts = partsOf(at, value);
    if (parts === undefined) set.add(path);
    for (const part of parts ?? []) {
      const inner = [...path, part.element];
      walk(inner, part.schema, part.value);
      if (!part.named || isEmptyObject(part.value)) set.add(inner);
    }
  };
  walk([], schema, object);
  return set.build();
}

const isEmptyObject = (value: unknown): boolean =>
  value === null || (isJsonObject(value) && Object.keys(value).length === 0);

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** What becomes of each field from `before` to `after`; of what comes or goes as a whole all that is in it, and itself. */
export function compare(schema: JsonSchema, before: unknown, after: unknown): Comparison {
  const [added, modified, removed] = [new FieldSetBuilder(), new FieldSetBuilder(), new FieldSetBuilder()];
  const alone = (set: FieldSetBuilder, path: FieldPath, at: JsonSchema, value: unknown): void => {
    set.add(path);
    for (const part of partsOf(at, value) ?? []) alone(set, [...path, part.element], part.schema, part.value);
  };
  const walk = (path: FieldPath, at: JsonSchema, left: unknown, right: unknown): void => {
    const lefts = partsOf(at, left);
    const rights = partsOf(at, right);
    if (lefts === undefined || rights === undefined || Array.isArray(left) !== Array.isArray(right)) {
      if (jsonEqual(left, right)) return;
      modified.add(path);
      for (const part of lefts ?? []) alone(removed, [...path, part.element], part.schema, part.value);
      for (const part of rights ?? []) alone(added, [...path, part.element], part.schema, part.value);
      return;
    }
    const [byLeft, byRight] = [byElement(lefts), byElement(rights)];
    for (const [element, ones] of byLeft) {
      const inner = [...path, element];
      const others = byRight.get(element);
      if (others === undefined) alone(removed, inner, ones[0]!.schema, ones[0]!.value);
      else if (ones.length === 1 && others.length === 1) walk(inner, ones[0]!.schema, ones[0]!.value, others[0]!.value);
      else if (!jsonEqual(valuesOf(ones), valuesOf(others))) modified.add(inner);
    }
    for (const [element, ones] of byRight)
      if (!byLeft.has(element)) alone(added, [...path, element], ones[0]!.schema, ones[0]!.value);
  };
  walk([], schema, before, after);
  return { added: added.build(), modified: modified.build(), removed: removed.build() };
}

/** Items that bear the same keys, which a stored list may have, stay together. */
export function byElement(parts: readonly Part[]): ReadonlyMap<string, readonly Part[]> {
  const result = new Map<string, Part[]>();
  for (const part of parts) {
    const same = result.get(part.element);
    if (same === undefined) result.set(part.element, [part]);
    else same.push(part);
  }
  return result;
}

const valuesOf = (parts: readonly Part[]): readonly unknown[] => parts.map(({ value }) => value);

/** The set, and every field that the schema names on the way to what is in it. */
export function withNamedFields(schema: JsonSchema, { members, children }: FieldSet): FieldSet {
  const named = [...children.keys()].filter((element) => isNamedField(schema, element));
  return {
    members: new Set([...members, ...named]),
    children: new Map(
      [...children].map(([element, child]) => [
        element,
        withNamedFields(schemaAt(schema, element) ?? undeclared, child),
      ]),
    ),
  };
}
