/** The logs of all Tasks of an App or a Job together, each line with its Task before it, new Tasks as they come. */

import { conditionOf, isFinal } from '../../resources/condition.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { refOf } from '../../resources/meta.ts';
import { isExpired, isGone, isNotFound } from '../../resources/status.ts';
import type { Context, Session } from '../context.ts';
import { type Colour, paint } from '../io.ts';
import { byNumber, tasksOfApp } from '../tasks/find-task.ts';
import { Heartbeat } from '../wait/heartbeat.ts';
import { Patience, patiently } from '../wait/patience.ts';
import { pause } from '../wait/pause.ts';
import { taskLogSource } from './log-source.ts';
import { type LogView, readView } from './log-view.ts';
import { splitLines } from './read-log.ts';

export interface AllTasksOptions {
  readonly follow: boolean;
  /** Applies to each Task's log; a new Task is shown from its beginning. */
  readonly view: LogView;
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
  const { follow, view, signal } = options;
  const alive = follow ? new Heartbeat(context, `following the Tasks of ${set.of}`) : undefined;
  const print = (task: Task, change: Partial<PrintOptions>): Promise<void> => {
    seen.add(task.metadata.uid ?? '');
    return printTask(context, task, { follow, view, signal, onOutput: () => alive?.heard(), ...change });
  };
  try {
    // What has ended comes first and in order; then the others side by side.
    for (const task of existing.filter(isFinal)) {
      if (signal.aborted) return;
      if (!endedBefore(task, view.since)) await print(task, { follow: false });
    }
    for (const task of existing.filter((other) => !isFinal(other))) running.push(print(task, {}));
    if (follow) {
      if (running.length === 0) context.io.note(`Waiting for Tasks of ${set.of}; Ctrl-C ends.`);
      await eachNewTask(context, space, set, signal, (task) => {
        if (!seen.has(task.metadata.uid ?? '')) running.push(print(task, { view: { ...view, lines: 0 } }));
      });
    }
    await Promise.all(running);
  } finally {
    alive?.stop();
  }
}

/** Whether nothing in its log can be as new; times of Tasks may be whole seconds. */
function endedBefore(task: Task, since: string | undefined): boolean {
  // One that never started has no completion.
  const ended = Date.parse(task.status?.completionTime ?? conditionOf(task, 'Succeeded')?.lastTransitionTime ?? '');
  return since !== undefined && ended + 1000 < Date.parse(since);
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
      const client = await context.connection({ mayStart: false });
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

interface PrintOptions extends AllTasksOptions {
  readonly onOutput: () => void;
}

async function printTask(
  context: Context,
  task: Task,
  { follow, view, signal, onOutput }: PrintOptions,
): Promise<void> {
  const { io } = context;
  const source = taskLogSource(refOf(task), view);
  const content = splitLines(readView(context, source, view, { follow, signal }));
  let shown = task;
  let prefix: Buffer | undefined;
  try {
    for await (const line of content) {
      if (prefix === undefined || shown.status?.id === undefined) {
        if (shown.status?.id === undefined) shown = await latest(context, task);
        prefix = prefixOf(context, shown);
      }
      onOutput();
      await io.out(Buffer.concat(line.at(-1) === 0x0a ? [prefix, line] : [prefix, line, Buffer.from('\n')]));
    }
  } catch (error) {
    // Deleted meanwhile, and its log with it, or without such an attempt: no reason to stop showing the others.
    if (isGone(error)) io.note(`${prefixOf(context, shown)}${error.message}`);
    else if (!isNotFound(error)) throw error;
  }
}

/** `[name/id] `; a Task that has printed something has its number, as a rule. */
function prefixOf({ io }: Context, { metadata, status }: Task): Buffer {
  const id = status?.id;
  return Buffer.from(`${paint(io, palette[(id ?? 0) % palette.length]!, `[${metadata.name}/${id ?? '?'}]`)} `);
}

const latest = async (context: Context, task: Task): Promise<Task> =>
  (await context.connection({ mayStart: false })).get(Task, refOf(task)).catch(() => task);
