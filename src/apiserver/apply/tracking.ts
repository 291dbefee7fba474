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

/** The managers when all but `manager` have lost these fields. */
const withoutFields = (managed: readonly ManagedFields[], manager: Manager, lost: FieldSet): readonly ManagedFields[] =>
  mapFields(managed, (one) => (isSame(one, manager) ? one.fields : difference(one.fields, lost)));

/** A write that is no apply: the manager has what it changed, beside what it had. */
export function updated(
  schema: JsonSchema,
  before: unknown,
  after: unknown,
  managed: readonly ManagedFields[],
  manager: Manager,
  time: string,
): readonly ManagedFields[] {
  const { added, modified, removed } = compare(schema, before, after);
  const taken = union(added, modified);
  const others = withoutFields(managed, manager, union(taken, removed));
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
  /** Fields that are taken although others manage them. Asked where there are such. Default: none. */
  readonly mayTake?: () => FieldSet;
  /** An object as it would be stored, with its defaults: what they make equal is no conflict. */
  readonly settled: (object: unknown) => unknown;
}

/** @throws StatusError Conflict */
export function applied(application: Application): Applied {
  const { schema, live, config, managed, manager, time, force } = application;
  const fields = fieldsOf(schema, config);
  const now = withFieldsOf(managed, manager, fields, time);
  const pruned = prune(schema, merge(schema, live, config), managedBy(managed, manager), now);
  // A list that is applied empty has no fields: it went with its last item.
  const object = merge(schema, pruned, config);
  const comparison = compare(schema, live, object);
  const possible = conflictsOf(now, manager, comparison);
  const conflicts = possible.length === 0 ? [] : conflictsOf(now, manager, inEffect(application, object, comparison));
  if (conflicts.length > 0 && !force) refuse(application, conflicts);
  const taken = conflicts.reduce((all, one) => union(all, one.fields), noFields);
  return { object, managed: withoutFields(now, manager, union(taken, comparison.removed)) };
}

/** What of a change is left once defaults are filled in; all of it where the object is none that could be stored. */
function inEffect({ schema, live, settled }: Application, object: unknown, comparison: Comparison): Comparison {
  try {
    const { added, modified } = compare(schema, live, settled(object));
    return {
      added: intersection(comparison.added, added),
      modified: intersection(comparison.modified, modified),
      removed: comparison.removed,
    };
  } catch {
    return comparison;
  }
}

/** @throws StatusError Conflict, unless the manager may take all of it */
function refuse({ mayTake }: Application, conflicts: readonly Conflict[]): void {
  const taken = mayTake?.() ?? noFields;
  const left = conflicts
    .map((one) => ({ ...one, fields: difference(one.fields, taken) }))
    .filter(({ fields }) => !isEmpty(fields));
  if (left.length > 0) throw conflictError(left);
}

/** Takes away what the manager applied before, and what neither it nor anybody else manages now. */
function prune(schema: JsonSchema, merged: unknown, before: FieldSet, managed: readonly ManagedFields[]): unknown {
  if (isEmpty(before)) return merged;
  const kept = managed.reduce((all, { fields }) => union(all, fields), noFields);
  const gone = difference(withNamedFields(schema, before), withNamedFields(schema, kept));
  return without(schema, merged, gone, kept) ?? {};
}
