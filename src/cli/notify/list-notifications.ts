/** `kf notifications`. */

import { conditionOf } from '../../resources/condition.ts';
import { Notification } from '../../resources/kf/notification.ts';
import type { Context } from '../context.ts';
import { compareText } from '../output/compare-text.ts';
import { printList, type TableRow } from '../output/listing.ts';
import type { OutputFormat } from '../output/objects.ts';
import { requireSpace } from '../spaces/find-space.ts';

export async function listNotifications(context: Context, output: OutputFormat | undefined): Promise<void> {
  const session = await context.session();
  const options = { namespace: session.space };
  const { items } = output === undefined ? await session.client.list(Notification, options) : { items: [] };
  const byName = new Map(items.map((one) => [one.metadata.name, one]));
  const made = ({ metadata }: TableRow): string => `${metadata.creationTimestamp} ${metadata.name}`;
  await printList(context, session.client, {
    kind: Notification,
    options,
    ...(output === undefined ? {} : { output }),
    title: `Listing Notifications in Space: ${session.space}`,
    moreColumns: ['Message'],
    rows: (rows) => rows.map((row) => withMessage(row, byName.get(row.metadata.name))),
    compareRows: (a, b) => compareText(made(a), made(b)),
    compareObjects: (a, b) => compareText(made({ cells: {}, ...a }), made({ cells: {}, ...b })),
    whenEmpty: () => requireSpace(session),
  });
}

/** What became of the last attempt; before the first one there is none. */
function withMessage(row: TableRow, notification: Notification | undefined): TableRow {
  const condition = notification === undefined ? undefined : conditionOf(notification, 'Succeeded');
  const State = condition?.reason ?? 'Pending';
  return { ...row, cells: { ...row.cells, State, Message: condition?.message ?? null } };
}
