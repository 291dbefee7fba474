/** `kf hooks`. */

import { Hook, hookPath } from '../../resources/kf/hook.ts';
import type { Context } from '../context.ts';
import { printList } from '../output/listing.ts';
import type { OutputFormat } from '../output/objects.ts';
import { requireSpace } from '../spaces/find-space.ts';

export async function listHooks(context: Context, output: OutputFormat | undefined): Promise<void> {
  const session = await context.session();
  await printList(context, session.client, {
    kind: Hook,
    options: { namespace: session.space },
    ...(output === undefined ? {} : { output }),
    title: `Listing Hooks in Space: ${session.space}`,
    moreColumns: ['URL'],
    rows: (rows) =>
      rows.map((row) => ({
        ...row,
        cells: { ...row.cells, URL: session.client.url + hookPath(session.space, row.metadata.name) },
      })),
    whenEmpty: () => requireSpace(session),
  });
}
