/** What every list command does: server-side table for people, plain objects for programs. */

import type { AnyKind, ListOptions } from '../../client/client.ts';
import type { ObjectOf } from '../../resources/kind.ts';
import type { Context } from '../context.ts';
import type { KfClient, Table } from '../kf-client.ts';
import { formatObjects, type OutputFormat } from './objects.ts';
import { formatTable } from './table.ts';

export interface Listing<K extends AnyKind> {
  readonly kind: K;
  readonly options: ListOptions;
  readonly output?: OutputFormat;
  /** Said on stderr: `Listing Tasks in Space: dev`. */
  readonly title: string;
  /** Default: as the server has them. */
  readonly compareRows?: (a: TableRow, b: TableRow) => number;
  readonly compareObjects?: (a: ObjectOf<K>, b: ObjectOf<K>) => number;
  /** Columns after the server's. */
  readonly moreColumns?: readonly string[];
  /** What becomes of the server's rows, before they are sorted. */
  readonly rows?: (rows: readonly TableRow[]) => readonly TableRow[];
  /** Which objects programs get. Default: all. */
  readonly keepObjects?: (object: ObjectOf<K>) => boolean;
  /** How many are shown, of the last ones in order. Default: all. */
  readonly limit?: number;
  /** How an object is shown to programs. Default: as it is. */
  readonly present?: (object: ObjectOf<K>) => ObjectOf<K>;
  /** Called when there is nothing, to find out whether that is an error. */
  readonly whenEmpty?: (client: KfClient) => Promise<unknown>;
}

export interface TableRow {
  /** By column name. */
  readonly cells: Readonly<Record<string, string | number | boolean | null>>;
  readonly metadata: Table['rows'][number]['object']['metadata'];
}

export async function printList<K extends AnyKind>(
  context: Context,
  client: KfClient,
  listing: Listing<K>,
): Promise<void> {
  const { kind, options, output, compareObjects, present, whenEmpty } = listing;
  if (output !== undefined) {
    context.dataOnly = true;
    const { items } = await client.list(kind, options);
    if (items.length === 0) await whenEmpty?.(client);
    const kept = listing.keepObjects === undefined ? items : items.filter(listing.keepObjects);
    const sorted = lastOf(compareObjects === undefined ? kept : [...kept].sort(compareObjects), listing.limit);
    return context.io.out(await formatObjects(output, kind, present === undefined ? sorted : sorted.map(present)));
  }
  const table = await client.table(kind, options);
  if (table.rows.length === 0) await whenEmpty?.(client);
  context.io.note(listing.title);
  await context.io.out(textOf(table, listing));
}

const lastOf = <T>(items: readonly T[], limit: number | undefined): readonly T[] =>
  limit === undefined ? items : items.slice(Math.max(0, items.length - limit));

function textOf(table: Table, { compareRows, moreColumns = [], rows: shape, limit }: Listing<AnyKind>): string {
  const columns = table.columnDefinitions
    .map(({ name, priority }, index) => ({ name, priority, index }))
    .filter(({ priority }) => (priority ?? 0) === 0);
  const served: readonly TableRow[] = table.rows.map((row) => {
    const cells: Record<string, TableRow['cells'][string]> = {};
    for (const { name, index } of columns) cells[name] = row.cells[index] ?? null;
    return { cells, metadata: row.object?.metadata ?? { name: '' } };
  });
  const rows = [...(shape === undefined ? served : shape(served))];
  if (compareRows !== undefined) rows.sort(compareRows);
  const names = [...columns.map(({ name }) => name), ...moreColumns];
  return formatTable(
    names,
    lastOf(rows, limit).map(({ cells }) => names.map((name) => cells[name])),
  );
}
