/** What follows the creation of a Task: its number and tips, or with --wait and --follow seeing it through. */

import { isFinal } from '../../resources/condition.ts';
import { errorMessage } from '../../resources/errors.ts';
import { Task } from '../../resources/kf/task.ts';
import { labels } from '../../resources/labels.ts';
import { refOf } from '../../resources/meta.ts';
import type { OutputFlag } from '../command.ts';
import type { Context } from '../context.ts';
import { Exit, UnreachableError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { noteLine } from '../logs/read-log.ts';
import { formatObject } from '../output/objects.ts';
import { formatTips } from '../output/tips.ts';
import { tipFlags } from '../tip-flags.ts';
import { waitFor } from '../wait/observe.ts';
import { awaitTask } from './await-task.ts';
import { outcomeOf, type TaskOutcome, wasLost } from './outcome.ts';
import type { WaitFlags } from './task-flags.ts';

export type ReportFlags = WaitFlags & OutputFlag;

/** Milliseconds for which the number is waited for; it comes within a few. */
const idPatience = 2000;

/** To be called first: what a failure before the creation ends with, and what stdout is for. */
export function prepareReport(context: Context, flags: ReportFlags): void {
  context.dataOnly = flags.output !== undefined || flags.follow === true;
  if (waits(flags)) context.failureCode = exitCodes.notStarted;
}

/** @throws Exit with the task's own code when it was waited for */
export async function reportTask(context: Context, task: Task, flags: ReportFlags): Promise<void> {
  if (waits(flags)) {
    context.failureCode = exitCodes.watchLost;
    return followToEnd(context, task, flags);
  }
  const numbered = await withId(context, task);
  if (numbered.status?.id !== undefined) printId(context, numbered, numbered.status.id);
  await print(context, numbered, flags);
  for (const line of formatTips(await tipsFor(context, numbered))) context.io.note(line);
}

const waits = (flags: ReportFlags): boolean => flags.wait === true || flags.follow === true;

const printId = (context: Context, task: Task, id: number): void =>
  context.io.note(`Task ${task.metadata.name} has ID ${id}.`);

async function print(context: Context, task: Task, { output }: ReportFlags): Promise<void> {
  if (output !== undefined) await context.io.out(await formatObject(output, Task, task));
}

async function withId(context: Context, task: Task): Promise<Task> {
  const enough = new AbortController();
  const timer = setTimeout(() => enough.abort(), idPatience);
  try {
    const known = await waitFor(
      context,
      Task,
      refOf(task),
      ({ status }) => status?.id !== undefined || isFinal({ status }),
      {
        from: task,
        signal: enough.signal,
        patience: 0,
      },
    );
    return known ?? task;
  } catch {
    // The Task is accepted; its number is a courtesy.
    return task;
  } finally {
    clearTimeout(timer);
  }
}

async function tipsFor(context: Context, task: Task) {
  const app = task.spec.appRef.name;
  const flags = tipFlags(context.flags, await context.space());
  const id = task.status?.id ?? task.metadata.name;
  const job = task.metadata.labels?.[labels.jobOwner];
  return [
    { description: 'View Task logs', command: `kf logs ${app} --task --id ${id}${flags}` },
    { description: 'Describe the Task', command: `kf task ${task.metadata.name}${flags}` },
    job === undefined
      ? { description: "List App's Tasks", command: `kf tasks ${app}${flags}` }
      : { description: "List Job's Tasks", command: `kf job-history ${job}${flags}` },
  ];
}

async function followToEnd(context: Context, task: Task, flags: ReportFlags): Promise<void> {
  const { io } = context;
  io.onUnread(() => {
    io.note(`The output is not read any more; Task ${task.metadata.name} goes on.`);
    return exitCodes.watchLost;
  });
  // stdout is for the object then.
  const log =
    flags.output === undefined
      ? { onLog: (chunk: Buffer) => io.out(chunk) }
      : { onLog: async (line: Buffer) => noteLine(io, line), byLine: true };
  let id = task.status?.id;
  const awaited = await awaitTask(context, task, {
    ...(flags.follow ? log : {}),
    onId: (number) => {
      id = number;
      printId(context, task, number);
    },
  }).catch(async (error) => {
    if (!(error instanceof UnreachableError)) throw error;
    io.note(`Error: ${errorMessage(error)}`);
    return stopWatching(context, task, id, 'The watch was lost');
  });
  if (awaited.end === 'interrupted') return stopWatching(context, task, id, 'Stopped watching');
  const outcome: TaskOutcome = awaited.end === 'final' ? outcomeOf(awaited.task) : wasLost(task.metadata.name);
  if (awaited.end === 'final') await print(context, awaited.task, flags);
  io.note(`${outcome.text}.`);
  throw new Exit(outcome.exitCode);
}

async function stopWatching(context: Context, task: Task, id: number | undefined, what: string): Promise<never> {
  const { name } = task.metadata;
  const flags = tipFlags(context.flags, await context.space());
  context.io.note(`Go on watching: kf logs ${task.spec.appRef.name} --task --id ${id ?? name}${flags}`);
  context.io.note(`Terminate it:   kf terminate-task ${name}${flags}`);
  context.io.note(`${what}; Task ${name} goes on.`);
  throw new Exit(exitCodes.watchLost);
}
