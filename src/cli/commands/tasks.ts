import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { getApp } from '../apps/find-app.ts';
import { checked, defineCommand, type OutputFlag, outputFlag } from '../command.ts';
import { objectName, wholeNumber } from '../flags.ts';
import { compareText } from '../output/compare-text.ts';
import { printList, type TableRow } from '../output/listing.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { byNumber } from '../tasks/find-task.ts';
import { parseStates, stateFrom, stateOf, type TaskState, taskStates } from '../tasks/task-state.ts';

export interface TasksFlags extends OutputFlag {
  readonly state?: readonly TaskState[];
  readonly limit?: number;
  readonly watch?: boolean;
}

export const tasks = defineCommand<TasksFlags>({
  usage: 'tasks [APP_NAME]',
  group: 'Tasks:',
  summary: 'List the Tasks of an App, or all of the Space, newest last',
  details: 'With --watch a line follows for every change that shows, until Ctrl-C (exit code 130).',
  examples: [
    'kf tasks report',
    'kf tasks --state waiting,running',
    'kf tasks report --limit 5 --watch',
    'kf tasks -o json',
  ],
  args: [0, 1],
  flags: (command) => {
    command
      .option(
        '--state <STATE>',
        `only these (repeatable, or with commas): ${taskStates.join(', ')}, unfinished, finished`,
        checkedStates,
      )
      .option('--limit <N>', 'only the newest N', checked(wholeNumber(1, 'It must be a whole number above 0.')))
      .option('--watch', 'go on with what changes');
    return outputFlag(command);
  },
  async run(context, [app], { output, state, limit, watch }) {
    const session = await context.session();
    const labelSelector = app === undefined ? undefined : `${labels.appName}=${objectName(app)}`;
    const options = { namespace: session.space, ...(labelSelector === undefined ? {} : { labelSelector }) };
    const whenEmpty = () => (app === undefined ? requireSpace(session) : getApp(session, app));
    const shared = { ...(output === undefined ? {} : { output }), ...(limit === undefined ? {} : { limit }) };
    const keep = (task: Task): boolean => state === undefined || state.includes(stateOf(task));
    const title = `Listing Tasks in Space: ${session.space}`;
    if (watch) {
      context.dataOnly = true;
      await whenEmpty();
      context.io.note(title);
      const { watchTasks } = await import('../tasks/watch-tasks.ts');
      return watchTasks(context, { ...options, ...shared, keep });
    }
    await printList(context, session.client, {
      kind: Task,
      options,
      ...shared,
      title,
      compareRows: rowsByNumber,
      compareObjects: byNumber,
      keepObjects: keep,
      rows: (rows) =>
        state === undefined
          ? rows
          : rows.filter(({ cells }) => state.includes(stateFrom(cells.Succeeded, cells.Reason))),
      whenEmpty,
    });
  },
});

const checkedStates = (text: string, before: readonly TaskState[] | undefined): readonly TaskState[] => [
  ...(before ?? []),
  ...checked(parseStates)(text),
];

/** As byNumber, for rows. */
function rowsByNumber(a: TableRow, b: TableRow): number {
  const appOf = ({ metadata }: TableRow): string => metadata.labels?.[labels.appName] ?? '';
  const idOf = ({ cells }: TableRow): number => (typeof cells.ID === 'number' ? cells.ID : Number.POSITIVE_INFINITY);
  if (appOf(a) === appOf(b) && idOf(a) !== idOf(b)) return idOf(a) - idOf(b);
  const created = ({ metadata }: TableRow): string => metadata.creationTimestamp ?? '';
  return compareText(created(a), created(b)) || compareText(a.metadata.name, b.metadata.name);
}
