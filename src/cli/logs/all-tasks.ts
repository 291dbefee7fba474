/** The logs of all Tasks of an App or a Job together, each line with its Task before it, new Tasks as they come. */

import { isFinal } from '../../resources/condition.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { refOf } from '../../resources/meta.ts';
import { isExpired, isNotFound } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';
import { type Colour, paint } from '../io.ts';
import { byNumber, tasksOfApp } from '../tasks/find-task.ts';
import { Patience, patiently } from '../wait/patience.ts';
import { pause } from '../wait/pause.ts';
import { taskLogSource } from './log-source.ts';
import { readBytes, readLines, splitLines } from './read-log.ts';

export interface AllTasksOptions {
  readonly follow: boolean;
  /** Lines of each Task to begin with; 0: all. */
  readonly lines: number;
  readonly signal: AbortSignal;
}

/** Whose Tasks. */
export interface TaskSet {
  /** For messages: `App "report"`. */
  readonly of: string;
  /** The App's name when they are all of an App. */
  readonly app?: string;
  readonly labelSelector: string;
}

export const setOfApp = (app: string): TaskSet => ({
  of: `App "${app}"`,
  app,
  labelSelector: `${labels.appName}=${app}`,
});

/** Newest last. @throws CliError when there is no such App */
export async function tasksOf(session: Session, { app, labelSelector }: TaskSet): Promise<readonly Task[]> {
  if (app !== undefined) return tasksOfApp(session, app);
  const { items } = await session.client.list(Task, { namespace: session.space, labelSelector });
  return [...items].sort(byNumber);
}

export async function printAllTasks(context: Context, set: TaskSet, options: AllTasksOptions): Promise<void> {
  const space = await context.space();
  const existing = await patiently(context, (client) => tasksOf({ client, space }, set));
  const running: Promise<void>[] = [];
  const seen = new Set<string>();
  const start = (task: Task, lines: number): void => {
    seen.add(task.metadata.uid ?? '');
    running.push(printTask(context, task, { ...options, lines }));
  };
  // What has ended comes first and in order; then the others side by side.
  for (const task of existing.filter(isFinal)) {
    if (options.signal.aborted) return;
    seen.add(task.metadata.uid ?? '');
    await printTask(context, task, { ...options, follow: false });
  }
  for (const task of existing.filter((other) => !isFinal(other))) start(task, options.lines);
  if (options.follow) {
    if (running.length === 0) context.io.note(`Waiting for Tasks of ${set.of}; Ctrl-C ends.`);
    // A new Task is shown from its beginning.
    await eachNewTask(context, space, set, options.signal, (task) => {
      if (!seen.has(task.metadata.uid ?? '')) start(task, 0);
    });
  }
  await Promise.all(running);
}

async function eachNewTask(
  context: Context,
  namespace: string,
  { labelSelector }: TaskSet,
  signal: AbortSignal,
  onTask: (task: Task) => void,
): Promise<void> {
  const patience = new Patience(context, 10_000);
  const selector = { namespace, labelSelector };
  while (!signal.aborted) {
    try {
      const client = await context.client({ mayStart: false });
      // Listing anew: what came between the last list or watch and this one is not missed.
      const { items, resourceVersion } = await client.list(Task, selector);
      patience.restored();
      for (const task of items) onTask(task);
      for await (const event of client.watch(Task, { ...selector, resourceVersion, signal }))
        if (event.type !== 'DELETED') onTask(event.object);
      await pause(context.clock, 50, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isExpired(error)) await patience.bear(error, signal);
    }
  }
}

const palette: readonly Colour[] = ['cyan', 'yellow', 'green', 'magenta', 'blue'];

async function printTask(context: Context, task: Task, { follow, lines, signal }: AllTasksOptions): Promise<void> {
  const { io } = context;
  const source = taskLogSource(refOf(task));
  const content =
    lines === 0
      ? splitLines(readBytes(context, source, { follow, signal }))
      : readLines(context, source, { follow, signal, tail: lines });
  let shown = task;
  let prefix: Buffer | undefined;
  try {
    for await (const line of content) {
      if (prefix === undefined || shown.status?.id === undefined) {
        if (shown.status?.id === undefined) shown = await latest(context, task);
        prefix = prefixOf(context, shown);
      }
      await io.out(Buffer.concat(line.at(-1) === 0x0a ? [prefix, line] : [prefix, line, Buffer.from('\n')]));
    }
  } catch (error) {
    // Deleted meanwhile, and its log with it: no reason to stop showing the others.
    if (!isNotFound(error)) throw error;
  }
}

/** `[name/id] `; a Task that has printed something has its number, as a rule. */
function prefixOf({ io }: Context, { metadata, status }: Task): Buffer {
  const id = status?.id;
  return Buffer.from(`${paint(io, palette[(id ?? 0) % palette.length]!, `[${metadata.name}/${id ?? '?'}]`)} `);
}

const latest = async (context: Context, task: Task): Promise<Task> =>
  (await context.client({ mayStart: false })).get(Task, refOf(task)).catch(() => task);
