/**
 * Sets of fields of an object, as `metadata.managedFields` has them (`fieldsV1`). Pure.
 *
 * A part of a value is named by a path element: `f:NAME` a member of an object, `k:{"KEY":VALUE}` the item of a list
 * that has these keys, `v:VALUE` an item of a list that is a set, `i:NUMBER` an item by its place.
 */

import { assign, isJsonObject, jsonInOrder } from '../../resources/json.ts';

/** Path elements, from the object down. */
export type FieldPath = readonly string[];

export interface FieldSet {
  /** Parts that belong to the set themselves. */
  readonly members: ReadonlySet<string>;
  /** Parts of which something within belongs to the set; never empty. */
  readonly children: ReadonlyMap<string, FieldSet>;
}

export const noFields: FieldSet = { members: new Set(), children: new Map() };

export const isEmpty = ({ members, children }: FieldSet): boolean => members.size === 0 && children.size === 0;

export const memberElement = (name: string): string => `f:${name}`;
export const valueElement = (value: unknown): string => `v:${jsonInOrder(value)}`;
export const keyElement = (keys: Readonly<Record<string, unknown>>): string => `k:${jsonInOrder(keys)}`;

/** Collects a set path by path. */
export class FieldSetBuilder {
  readonly #members = new Set<string>();
  readonly #children = new Map<string, FieldSetBuilder>();

  add([first, ...rest]: FieldPath): void {
    if (first === undefined) return;
    if (rest.length === 0) {
      this.#members.add(first);
      return;
    }
    let child = this.#children.get(first);
    if (child === undefined) {
      child = new FieldSetBuilder();
      this.#children.set(first, child);
    }
    child.add(rest);
  }

  build(): FieldSet {
    return {
      members: this.#members,
      children: new Map([...this.#children].map(([element, child]) => [element, child.build()])),
    };
  }
}

/** @param combine of the children that one of both has, or both */
function childrenOf(
  left: FieldSet,
  right: FieldSet,
  combine: (left: FieldSet, right: FieldSet) => FieldSet,
): ReadonlyMap<string, FieldSet> {
  const result = new Map<string, FieldSet>();
  for (const element of new Set([...left.children.keys(), ...right.children.keys()])) {
    const child = combine(left.children.get(element) ?? noFields, right.children.get(element) ?? noFields);
    if (!isEmpty(child)) result.set(element, child);
  }
  return result;
}

export const union = (left: FieldSet, right: FieldSet): FieldSet => ({
  members: new Set([...left.members, ...right.members]),
  children: childrenOf(left, right, union),
});

/** What of `left` is not in `right`, path by path: that a part is in `right` says nothing of what is within. */
export const difference = (left: FieldSet, right: FieldSet): FieldSet => ({
  members: new Set([...left.members].filter((element) => !right.members.has(element))),
  children: childrenOf(left, right, difference),
});

export const intersection = (left: FieldSet, right: FieldSet): FieldSet => ({
  members: new Set([...left.members].filter((element) => right.members.has(element))),
  children: childrenOf(left, right, intersection),
});

export function sameFields(left: FieldSet, right: FieldSet): boolean {
  if (left.members.size !== right.members.size || left.children.size !== right.children.size) return false;
  for (const element of left.members) if (!right.members.has(element)) return false;
  for (const [element, child] of left.children) {
    const other = right.children.get(element);
    if (other === undefined || !sameFields(child, other)) return false;
  }
  return true;
}

/** By the order of their elements. */
export function pathsOf(set: FieldSet, before: FieldPath = []): readonly FieldPath[] {
  return elementsOf(set).flatMap((element) => {
    const path = [...before, element];
    const child = set.children.get(element);
    return [...(set.members.has(element) ? [path] : []), ...(child === undefined ? [] : pathsOf(child, path))];
  });
}

const elementsOf = ({ members, children }: FieldSet): readonly string[] =>
  [...new Set([...members, ...children.keys()])].sort();

/** As clients read it: `.spec.containers[name="main"].image`. */
export const textOf = (path: FieldPath): string => path.map(elementText).join('');

function elementText(element: string): string {
  const text = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${text}`;
    case 'v':
      return `[=${text}]`;
    case 'k': {
      const keys = Object.entries(JSON.parse(text) as object);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    }
    default:
      return `[${text}]`;
  }
}

/** A set as JSON: an element that belongs to it and has parts that do says so by `.`. */
export function toFieldsV1(set: FieldSet): object {
  const json: Record<string, unknown> = {};
  for (const element of elementsOf(set)) {
    const child = set.children.get(element);
    const own = child !== undefined && set.members.has(element) ? { '.': {} } : {};
    assign(json, element, child === undefined ? own : { ...own, ...toFieldsV1(child) });
  }
  return json;
}

/** Undefined: it is none. */
export function fromFieldsV1(json: unknown): FieldSet | undefined {
  if (!isJsonObject(json)) return undefined;
  const members = new Set<string>();
  const children = new Map<string, FieldSet>();
  for (const [key, value] of Object.entries(json)) {
    if (key === '.') continue;
    const element = canonical(key);
    const child = fromFieldsV1(value);
    if (element === undefined || child === undefined) return undefined;
    if (isEmpty(child) || Object.hasOwn(value as object, '.')) members.add(element);
    if (!isEmpty(child)) children.set(element, child);
  }
  return { members, children };
}

/** An element as it is written here, whatever spaces or order of keys it came with. */
function canonical(element: string): string | undefined {
  const kind = element.slice(0, 2);
  const rest = element.slice(2);
  if (kind === 'f:') return element;
  if (kind === 'i:') return /^\d+$/.test(rest) ? element : undefined;
  if (kind !== 'v:' && kind !== 'k:') return undefined;
  try {
    const value: unknown = JSON.parse(rest);
    if (kind === 'v:') return valueElement(value);
    return isJsonObject(value) ? keyElement(value) : undefined;
  } catch {
    return undefined;
  }
}
