/** `kf logs`: which Tasks are meant, and printing them. */

import { getIfExists } from '../../client/get-if-exists.ts';
import type { LogStream } from '../../client/logs.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { App } from '../../resources/kf/app.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { refOf } from '../../resources/meta.ts';
import { getApp } from '../apps/find-app.ts';
import type { Context, Session } from '../context.ts';
import { CliError, Exit } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { getJob, ofJob } from '../jobs/find-job.ts';
import { taskOfApp } from '../tasks/find-task.ts';
import { tipFlags } from '../tip-flags.ts';
import { Heartbeat } from '../wait/heartbeat.ts';
import { patiently } from '../wait/patience.ts';
import { printAllTasks, setOfApp, type TaskSet, tasksOf } from './all-tasks.ts';
import { type Since, sinceTime } from './log-flags.ts';
import { taskLogSource } from './log-source.ts';
import { type LogView, readView } from './log-view.ts';
import { printRuns } from './run-logs.ts';

export interface LogsFlags {
  readonly task?: boolean;
  readonly id?: string;
  readonly job?: string;
  readonly last?: boolean;
  readonly failed?: boolean;
  readonly number?: number;
  readonly recent?: boolean;
  readonly attempt?: number;
  readonly since?: Since;
  readonly grep?: RegExp;
  readonly timestamps?: boolean;
  readonly stream?: LogStream;
}

export async function logsAction(context: Context, args: readonly string[], flags: LogsFlags): Promise<void> {
  const chosen = [args[1] ?? flags.id, flags.last, flags.failed].filter(Boolean).length;
  if (chosen > 1 && (args[1] !== undefined || flags.id !== undefined))
    throw new CliError('--id names one Task; it cannot be combined with --last, --failed or a second argument');
  if (flags.job !== undefined && (args[1] ?? flags.id) !== undefined)
    throw new CliError('--job cannot be combined with the ID of one Task');
  if (flags.job === undefined && args.length === 0)
    throw new CliError('accepts between 1 and 2 arg(s), received 0', {
      tips: [{ description: 'Usage', command: 'kf logs APP_NAME [flags]' }],
    });
  const space = await context.space();
  const ofRuns = await patiently(context, (client) => jobWithRuns({ client, space }, args, flags));
  if (ofRuns !== undefined) return printRuns(context, ofRuns, viewOf(context, flags, 0), flags);
  const target = await patiently(context, (client) => findTarget({ client, space }, args, flags));
  const interrupted = new AbortController();
  const watcher = context.io.onInterrupt(() => interrupted.abort());
  try {
    if (target.kind === 'task')
      await printOne(context, target.task, viewOf(context, flags, 0), flags, interrupted.signal);
    else {
      if (!flags.task && target.tasks.app !== undefined)
        context.io.note(`${target.tasks.of} has no running instances; these are its Tasks, as with --task.`);
      // Whoever chooses lines by other means wants all of them.
      const lines = flags.grep === undefined && flags.since === undefined ? 10 : 0;
      await printAllTasks(context, target.tasks, {
        follow: !flags.recent,
        view: viewOf(context, flags, lines),
        signal: interrupted.signal,
      });
    }
  } finally {
    watcher.remove();
  }
  if (interrupted.signal.aborted) throw await afterInterrupt(context, target);
}

/** @param lines when -n is not given */
function viewOf(context: Context, flags: LogsFlags, lines: number): LogView {
  const { number = lines, since, timestamps = false, grep, attempt, stream } = flags;
  return {
    lines: number,
    timestamps,
    ...(since === undefined ? {} : { since: sinceTime(since, context.clock.now()) }),
    ...(grep === undefined ? {} : { grep }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(stream === undefined ? {} : { stream }),
  };
}

type Target = { readonly kind: 'task'; readonly task: Task } | { readonly kind: 'tasks'; readonly tasks: TaskSet };

async function findTarget(session: Session, args: readonly string[], flags: LogsFlags): Promise<Target> {
  if (flags.job !== undefined) return ofSet(session, await setOfJob(session, flags.job, args[0]), flags);
  const [name, second] = args as [string, string?];
  const id = second ?? flags.id;
  if (id !== undefined) return { kind: 'task', task: await taskOfApp(session, name, id) };
  const ref = { namespace: session.space, name };
  if ((await getIfExists(session.client, App, ref)) === undefined) {
    const task = await getIfExists(session.client, Task, ref);
    if (task !== undefined) return { kind: 'task', task };
    await orHintAtJob(session, name, getApp(session, name, 'failed to tail logs: '));
  }
  return ofSet(session, setOfApp(name), flags);
}

/** An App that is not there: the error says where a Job has that name. */
async function orHintAtJob(
  { client, space, serverFlags = '' }: Session,
  name: string,
  app: Promise<App>,
): Promise<App> {
  return app.catch(async (error) => {
    if (!(error instanceof CliError)) throw error;
    if ((await getIfExists(client, TaskSchedule, { namespace: space, name })) === undefined) throw error;
    const command = `kf logs --job ${name} --space ${space}${serverFlags}`;
    throw new CliError(error.message, { tips: [{ description: 'Logs of the Job of this name', command }] });
  });
}

/** The Job that is meant, when what it runs are no Tasks. */
async function jobWithRuns(
  session: Session,
  args: readonly string[],
  { job: name }: LogsFlags,
): Promise<TaskSchedule | undefined> {
  const job = name === undefined ? undefined : await getJob(session, name);
  if (job === undefined || job.spec.taskTemplate !== undefined) return undefined;
  if (args[0] !== undefined) throw new CliError(`Job "${name}" is of no App: leave "${args[0]}" out`);
  return job;
}

async function setOfJob(session: Session, name: string, app: string | undefined): Promise<TaskSet> {
  const job = await getJob(session, name);
  const owner = job.spec.taskTemplate?.appRef.name ?? '';
  if (app !== undefined && app !== owner) throw new CliError(`Job "${name}" is of App "${owner}", not of "${app}"`);
  return { of: `Job "${name}"`, labelSelector: ofJob(name) };
}

/** All of them, or the newest that the flags mean. */
async function ofSet(session: Session, tasks: TaskSet, flags: LogsFlags): Promise<Target> {
  if (!flags.last && !flags.failed) return { kind: 'tasks', tasks };
  const candidates = (await tasksOf(session, tasks)).filter(
    (task) => !flags.failed || conditionOf(task, 'Succeeded')?.status === 'False',
  );
  const task = candidates.at(-1);
  if (task !== undefined) return { kind: 'task', task };
  throw new CliError(`${tasks.of} has no ${flags.failed ? 'failed Tasks' : 'Tasks'}`);
}

async function printOne(
  context: Context,
  task: Task,
  view: LogView,
  flags: LogsFlags,
  signal: AbortSignal,
): Promise<void> {
  const follow = !flags.recent && !isFinal(task);
  const alive = follow ? new Heartbeat(context, `following the log of Task ${task.metadata.name}`) : undefined;
  try {
    for await (const chunk of readView(context, taskLogSource(refOf(task), view), view, { follow, signal })) {
      alive?.heard();
      await context.io.out(chunk);
    }
  } finally {
    alive?.stop();
  }
}

async function afterInterrupt(context: Context, target: Target): Promise<Exit> {
  const flags = tipFlags(context.flags, await context.space());
  if (target.kind === 'task' && !isFinal(target.task)) {
    const { name } = target.task.metadata;
    context.io.note(`Go on watching: kf logs ${name}${flags}`);
    context.io.note(`Terminate it:   kf terminate-task ${name}${flags}`);
    context.io.note(`Stopped watching; Task ${name} goes on.`);
  }
  return new Exit(exitCodes.interrupted);
}
