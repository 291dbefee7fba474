/** Whose fields become whose by a write. Pure. */

import type { JsonSchema } from '../../resources/schema.ts';
import { type Conflict, conflictError } from './conflicts.ts';
import { difference, type FieldSet, intersection, isEmpty, noFields, union } from './field-set.ts';
import { type Comparison, compare, fieldsOf, withNamedFields } from './fields-of.ts';
import { capped, isSame, type ManagedFields, type Manager, managedBy, mapFields, withFieldsOf } from './managers.ts';
import { merge, without } from './merge.ts';

/** What others lose, or could lose, by a change. */
function conflictsOf(managed: readonly ManagedFields[], manager: Manager, { added, modified }: Comparison): Conflict[] {
  const touched = union(added, modified);
  return managed
    .filter((one) => !isSame(one, manager))
    .map((one) => ({ manager: one, fields: intersection(one.fields, touched) }))
    .filter(({ fields }) => !isEmpty(fields));
}

/** The managers after `manager` has taken what it changed: nobody manages what is gone. */
function afterChange(
  managed: readonly ManagedFields[],
  manager: Manager,
  { added, modified, removed }: Comparison,
): readonly ManagedFields[] {
  const lost = union(union(added, modified), removed);
  return mapFields(managed, (one) => (isSame(one, manager) ? one.fields : difference(one.fields, lost)));
}

/** A write that is no apply: the manager has what it changed, beside what it had. */
export function updated(
  schema: JsonSchema,
  before: unknown,
  after: unknown,
  managed: readonly ManagedFields[],
  manager: Manager,
  time: string,
): readonly ManagedFields[] {
  const comparison = compare(schema, before, after);
  const { added, modified, removed } = comparison;
  const taken = union(added, modified);
  const others = afterChange(managed, manager, comparison);
  const own = difference(managedBy(managed, manager), removed);
  if (isEmpty(taken)) return mapFields(others, (one) => (isSame(one, manager) ? own : one.fields));
  return capped(withFieldsOf(others, manager, union(own, taken), time));
}

export interface Applied {
  /** What is to be stored, before defaults and validation. */
  readonly object: unknown;
  readonly managed: readonly ManagedFields[];
}

export interface Application {
  readonly schema: JsonSchema;
  /** As it is stored; an empty object for one that is to be made. */
  readonly live: unknown;
  readonly config: unknown;
  readonly managed: readonly ManagedFields[];
  readonly manager: Manager;
  readonly time: string;
  /** Takes what others manage. */
  readonly force: boolean;
  /** Fields that are taken although others manage them. Default: none. */
  readonly mayTake?: FieldSet;
}

/** @throws StatusError Conflict */
export function applied(application: Application): Applied {
  const { schema, live, config, managed, manager, time, force, mayTake = noFields } = application;
  const fields = fieldsOf(schema, config);
  const before = managedBy(managed, manager);
  const now = withFieldsOf(managed, manager, fields, time);
  const object = prune(schema, merge(schema, live, config), before, now);
  const comparison = compare(schema, live, object);
  const conflicts = conflictsOf(now, manager, comparison)
    .map((one) => ({ ...one, fields: difference(one.fields, mayTake) }))
    .filter((one) => !isEmpty(one.fields));
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  return { object, managed: afterChange(now, manager, comparison) };
}

/** Takes away what the manager applied before, and what neither it nor anybody else manages now. */
function prune(schema: JsonSchema, merged: unknown, before: FieldSet, managed: readonly ManagedFields[]): unknown {
  if (isEmpty(before)) return merged;
  const kept = managed.reduce((all, { fields }) => union(all, fields), noFields);
  const gone = difference(withNamedFields(schema, before), withNamedFields(schema, kept));
  return without(schema, merged, gone, kept) ?? {};
}
