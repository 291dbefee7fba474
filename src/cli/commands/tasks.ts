import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { getApp, requireSpace } from '../apps.ts';
import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import { objectName } from '../flags.ts';
import { printList, type TableRow } from '../output/listing.ts';
import { byNumber } from '../tasks/find-task.ts';

export const tasks = defineCommand<OutputFlag>({
  usage: 'tasks [APP_NAME]',
  group: 'Tasks:',
  summary: 'List the Tasks of an App, or all of the Space, newest last',
  examples: ['kf tasks report', 'kf tasks -o json'],
  args: [0, 1],
  flags: outputFlag,
  async run(context, [app], { output }) {
    const session = await context.session();
    const labelSelector = app === undefined ? undefined : `${labels.appName}=${objectName(app)}`;
    await printList(context, session.client, {
      kind: Task,
      options: { namespace: session.space, ...(labelSelector === undefined ? {} : { labelSelector }) },
      ...(output === undefined ? {} : { output }),
      title: `Listing Tasks in Space: ${session.space}`,
      compareRows: rowsByNumber,
      compareObjects: byNumber,
      whenEmpty: () => (app === undefined ? requireSpace(session) : getApp(session, app)),
    });
  },
});

/** As byNumber, for rows. */
function rowsByNumber(a: TableRow, b: TableRow): number {
  const appOf = ({ metadata }: TableRow): string => metadata.labels?.[labels.appName] ?? '';
  const idOf = ({ cells }: TableRow): number => (typeof cells.ID === 'number' ? cells.ID : Number.POSITIVE_INFINITY);
  if (appOf(a) === appOf(b) && idOf(a) !== idOf(b)) return idOf(a) - idOf(b);
  const created = ({ metadata }: TableRow): string => metadata.creationTimestamp ?? '';
  return created(a).localeCompare(created(b)) || a.metadata.name.localeCompare(b.metadata.name);
}
