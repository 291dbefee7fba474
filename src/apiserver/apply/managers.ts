/** Who manages which fields of an object: `metadata.managedFields`, read and written. Pure. */

import { isJsonObject } from '../../resources/json.ts';
import { type FieldSet, fromFieldsV1, isEmpty, noFields, sameFields, toFieldsV1, union } from './field-set.ts';

export type Operation = 'Apply' | 'Update';

/** Who writes: one of the same name that applies and that updates are two, as are those of different subresources. */
export interface Manager {
  readonly name: string;
  readonly operation: Operation;
  /** In whose terms the fields are. */
  readonly apiVersion: string;
  readonly subresource?: string;
}

export interface ManagedFields extends Manager {
  /** RFC 3339; when the manager last changed what it manages. */
  readonly time?: string;
  readonly fields: FieldSet;
}

/** A manager stays the same one when it applies another version of the object. */
export const isSame = (left: Manager, right: Manager): boolean =>
  left.name === right.name &&
  left.operation === right.operation &&
  left.subresource === right.subresource &&
  (left.operation === 'Apply' || left.apiVersion === right.apiVersion);

/** Undefined: it is nothing that could be read. */
export function readManagedFields(entries: unknown): readonly ManagedFields[] | undefined {
  if (entries === undefined || entries === null) return [];
  if (!Array.isArray(entries)) return undefined;
  const read = entries.map(readEntry);
  return read.includes(undefined) ? undefined : (read as ManagedFields[]).filter(({ fields }) => !isEmpty(fields));
}

function readEntry(entry: unknown): ManagedFields | undefined {
  if (!isJsonObject(entry)) return undefined;
  const { manager = '', operation, apiVersion, subresource, time, fieldsType, fieldsV1 = {} } = entry;
  const fields = fromFieldsV1(fieldsV1);
  if (fields === undefined || fieldsType !== 'FieldsV1') return undefined;
  if ((operation !== 'Apply' && operation !== 'Update') || typeof apiVersion !== 'string') return undefined;
  if (typeof manager !== 'string') return undefined;
  return {
    name: manager,
    operation,
    apiVersion,
    fields,
    ...(typeof subresource === 'string' && subresource !== '' ? { subresource } : {}),
    ...(typeof time === 'string' ? { time } : {}),
  };
}

/** Appliers come first, then by time. */
const order = ({ operation, time, name, apiVersion, subresource }: ManagedFields): string =>
  [operation, time, name, apiVersion, subresource].join('\n');

export const writeManagedFields = (managed: readonly ManagedFields[]): readonly object[] =>
  [...managed]
    .sort((left, right) => (order(left) < order(right) ? -1 : 1))
    .map(({ name, operation, apiVersion, time, fields, subresource }) => ({
      manager: name,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: toFieldsV1(fields),
      ...(subresource === undefined ? {} : { subresource }),
    }));

export const managedBy = (managed: readonly ManagedFields[], manager: Manager): FieldSet =>
  managed.find((one) => isSame(one, manager))?.fields ?? noFields;

/** Gives a manager other fields than it has; without any it is left out. */
export function withFieldsOf(
  managed: readonly ManagedFields[],
  manager: Manager,
  fields: FieldSet,
  time: string,
): readonly ManagedFields[] {
  const others = managed.filter((one) => !isSame(one, manager));
  const { name, operation, apiVersion, subresource } = manager;
  const place = subresource === undefined ? {} : { subresource };
  return isEmpty(fields) ? others : [...others, { name, operation, apiVersion, ...place, time, fields }];
}

/** Changes the fields of each manager; those that are left without any go. */
export const mapFields = (
  managed: readonly ManagedFields[],
  change: (one: ManagedFields) => FieldSet,
): readonly ManagedFields[] =>
  managed
    .map((one) => {
      const fields = change(one);
      return sameFields(fields, one.fields) ? one : { ...one, fields };
    })
    .filter(({ fields }) => !isEmpty(fields));

/** More managers that update than these are put together, as in Kubernetes: the oldest ones, as one. */
const mostUpdaters = 10;
const ancient = 'ancient-changes';

export function capped(managed: readonly ManagedFields[]): readonly ManagedFields[] {
  const updaters = managed.filter(({ operation }) => operation === 'Update');
  if (updaters.length <= mostUpdaters) return managed;
  const oldest = updaters
    .toSorted((left, right) => (order(left) < order(right) ? -1 : 1))
    .slice(0, updaters.length - mostUpdaters + 1);
  let result: readonly ManagedFields[] = managed.filter((one) => !oldest.includes(one));
  for (const { apiVersion, time = '', fields } of oldest) {
    const manager: Manager = { name: ancient, operation: 'Update', apiVersion };
    result = withFieldsOf(result, manager, union(managedBy(result, manager), fields), time);
  }
  return result;
}
