/** Where objects of v1beta1 name things otherwise than those of v1, as a tree that is walked both ways. Pure. */

import { isJsonObject, type JsonObject } from '../../json.ts';
import { type Complaint, type Complaints, disallowedFields, under } from '../validation/complaint.ts';

/** Of an object, or of each object in a list. */
export interface Shape {
  /** v1's names by v1beta1's. */
  readonly renames?: Readonly<Record<string, string>>;
  /** Members of v1beta1 that v1 cannot say: an empty one goes, another is refused as Tekton's webhook does. */
  readonly refused?: readonly string[];
  /** Members within which names differ, by v1's names. */
  readonly members?: Readonly<Record<string, Shape>>;
}

export interface Restated {
  readonly value: unknown;
  readonly complaints: Complaints;
}

/** What has another type than it should have stays as it is: the schema says what is wrong with it. */
export function toV1(value: unknown, shape: Shape): Restated {
  if (Array.isArray(value)) {
    const items = value.map((item) => toV1(item, shape));
    return {
      value: items.map((item) => item.value),
      complaints: items.flatMap(({ complaints }, index) => under(`[${index}]`, complaints)),
    };
  }
  if (!isJsonObject(value)) return { value, complaints: [] };
  const { renames = {}, refused = [], members = {} } = shape;
  const complaints: Complaint[] = [];
  const entries: (readonly [string, unknown])[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (refused.includes(name)) {
      if (!isEmpty(member)) complaints.push(disallowedFields(name));
      continue;
    }
    const renamed = Object.hasOwn(renames, name) ? renames[name]! : name;
    // Said under both names one of them is unknown, and refused for it.
    const known = Object.hasOwn(value, renamed) ? name : renamed;
    const inner = Object.hasOwn(members, known) ? toV1(member, members[known]!) : { value: member, complaints: [] };
    complaints.push(...under(name, inner.complaints));
    entries.push([known, inner.value]);
  }
  return { value: Object.fromEntries(entries), complaints };
}

export function fromV1(value: unknown, shape: Shape): unknown {
  if (Array.isArray(value)) return value.map((item) => fromV1(item, shape));
  if (!isJsonObject(value)) return value;
  const { renames = {}, members = {} } = shape;
  const former = new Map(Object.entries(renames).map(([old, name]) => [name, old]));
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      former.get(name) ?? name,
      Object.hasOwn(members, name) ? fromV1(member, members[name]!) : member,
    ]),
  );
}

/** As Go writes what is not there: lists in it, too (`{ inputs: [] }`). */
export const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  value === false ||
  (Array.isArray(value) && value.length === 0) ||
  (isJsonObject(value) && Object.values(value).every(isEmpty));

/** A member of an object that may be none. */
export const memberOf = (value: unknown, name: string): unknown =>
  isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

/** The object with a member replaced by what `change` makes of it; one that is not there stays away. */
export function withMember<T>(value: T, name: string, change: (member: unknown) => unknown): T {
  if (!isJsonObject(value) || !Object.hasOwn(value, name) || value[name] === undefined) return value;
  return { ...(value as JsonObject), [name]: change(value[name]) } as T;
}
