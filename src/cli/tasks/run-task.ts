/** `kf run-task`: create, say so, and with --wait or --follow see it through. */

import { isFinal } from '../../resources/condition.ts';
import { Task } from '../../resources/kf/task.ts';
import { refOf } from '../../resources/meta.ts';
import type { OutputFlag } from '../command.ts';
import type { Context } from '../context.ts';
import { Exit, messageOf, UnreachableError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Variable } from '../flags.ts';
import { formatObject } from '../output/objects.ts';
import { formatTips } from '../output/tips.ts';
import { tipFlags } from '../tip-flags.ts';
import { waitFor } from '../wait/observe.ts';
import { awaitTask } from './await-task.ts';
import { createTask } from './create-task.ts';
import { outcomeOf, type TaskOutcome, wasLost } from './outcome.ts';

export interface RunTaskFlags extends OutputFlag {
  readonly command?: string;
  readonly args?: readonly string[];
  readonly name?: string;
  readonly memoryLimit?: string;
  readonly diskQuota?: string;
  readonly cpuCores?: string;
  readonly env?: readonly Variable[];
  readonly timeout?: string;
  readonly gracePeriod?: number;
  readonly wait?: boolean;
  readonly follow?: boolean;
  readonly once?: string;
}

/** Milliseconds for which the number is waited for; it comes within a few. */
const idPatience = 2000;

export async function runTaskAction(context: Context, app: string, flags: RunTaskFlags): Promise<void> {
  const waits = flags.wait === true || flags.follow === true;
  context.dataOnly = flags.output !== undefined || flags.follow === true;
  if (waits) context.failureCode = exitCodes.notStarted;
  const { task, existed } = await createTask(context, {
    app,
    command: flags.command,
    args: flags.args,
    displayName: flags.name,
    memory: flags.memoryLimit,
    disk: flags.diskQuota,
    cpu: flags.cpuCores,
    env: flags.env,
    timeout: flags.timeout,
    gracePeriodSeconds: flags.gracePeriod,
    once: flags.once,
  });
  if (waits) context.failureCode = exitCodes.watchLost;
  const { name } = task.metadata;
  context.io.note(
    existed
      ? `Task ${name} was submitted before with this key; no other is made.`
      : `Task ${name} is submitted successfully for execution.`,
  );
  if (waits) return seeThrough(context, task, flags);
  const numbered = await withId(context, task);
  if (numbered.status?.id !== undefined) sayId(context, numbered, numbered.status.id);
  await print(context, numbered, flags);
  for (const line of formatTips(await tipsFor(context, numbered))) context.io.note(line);
}

const sayId = (context: Context, task: Task, id: number): void =>
  context.io.note(`Task ${task.metadata.name} has ID ${id}.`);

async function print(context: Context, task: Task, { output }: RunTaskFlags): Promise<void> {
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
  return [
    { description: 'View Task logs', command: `kf logs ${app} --task --id ${id}${flags}` },
    { description: 'Describe the Task', command: `kf task ${task.metadata.name}${flags}` },
    { description: "List App's Tasks", command: `kf tasks ${app}${flags}` },
  ];
}

async function seeThrough(context: Context, task: Task, flags: RunTaskFlags): Promise<void> {
  const { io } = context;
  // stdout is for the object then.
  const onLog =
    flags.output === undefined ? (chunk: Buffer) => io.out(chunk) : (chunk: Buffer) => noteChunk(context, chunk);
  let id = task.status?.id;
  const awaited = await awaitTask(context, task, {
    ...(flags.follow ? { onLog } : {}),
    onId: (number) => {
      id = number;
      sayId(context, task, number);
    },
  }).catch(async (error) => {
    if (!(error instanceof UnreachableError)) throw error;
    io.note(`Error: ${messageOf(error)}`);
    return stopWatching(context, task, id, 'The watch was lost');
  });
  if (awaited.end === 'interrupted') return stopWatching(context, task, id, 'Stopped watching');
  const outcome: TaskOutcome = awaited.end === 'final' ? outcomeOf(awaited.task) : wasLost(task.metadata.name);
  if (awaited.end === 'final') await print(context, awaited.task, flags);
  io.note(`${outcome.text}.`);
  throw new Exit(outcome.exitCode);
}

async function noteChunk({ io }: Context, chunk: Buffer): Promise<void> {
  io.note(chunk.toString().replace(/\n$/, ''));
}

async function stopWatching(context: Context, task: Task, id: number | undefined, what: string): Promise<never> {
  const { name } = task.metadata;
  const flags = tipFlags(context.flags, await context.space());
  context.io.note(`Go on watching: kf logs ${task.spec.appRef.name} --task --id ${id ?? name}${flags}`);
  context.io.note(`Terminate it:   kf terminate-task ${name}${flags}`);
  context.io.note(`${what}; Task ${name} goes on.`);
  throw new Exit(exitCodes.watchLost);
}
