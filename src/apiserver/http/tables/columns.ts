/** What `kubectl get` shows of a kind: its declared columns, or Kubernetes' own for the core kinds. */

import type { AnyKind } from '../../../client/client.ts';
import type { PrinterColumn } from '../../../resources/kind.ts';
import type { KubeObject } from '../../../resources/meta.ts';
import { age, ageColumn, type Cell, type Column, nameColumn } from './column.ts';
import { coreColumns } from './core-columns.ts';
import { findAll } from './json-path.ts';

/** As apiextensions' table converter: a value of another type than the column's shows nothing. */
function declaredCell(column: PrinterColumn, object: KubeObject, now: number): Cell {
  const [value] = findAll(column.jsonPath, object);
  if (value === undefined || value === null) return null;
  switch (column.type) {
    case 'string':
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    case 'date':
      return age(value, now);
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    default:
      return typeof value === 'number' ? value : null;
  }
}

function declared(column: PrinterColumn): Column {
  const { name, type, description, priority = 0 } = column;
  return { name, type, description, priority, cell: (object, now) => declaredCell(column, object, now) };
}

const known = new WeakMap<AnyKind, readonly Column[]>();

export function columnsOf(kind: AnyKind): readonly Column[] {
  let columns = known.get(kind);
  if (columns === undefined) {
    const own = coreColumns[`${kind.group}/${kind.kind}`];
    columns = own ?? [nameColumn, ...(kind.columns.length > 0 ? kind.columns.map(declared) : [ageColumn])];
    known.set(kind, columns);
  }
  return columns;
}
