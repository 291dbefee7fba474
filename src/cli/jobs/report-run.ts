/** What follows the start of a Job's TaskRun or PipelineRun: with --wait or --follow seeing it through. */

import type { AnyKind } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { type JobRun, runKindOf } from '../../resources/kf/job-run.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { refOf } from '../../resources/meta.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import type { OutputFlag } from '../command.ts';
import type { Context } from '../context.ts';
import { Exit, UnreachableError } from '../errors.ts';
import { exitCodes } from '../exit-codes.ts';
import { runLogSource } from '../logs/log-source.ts';
import { noteLine, readBytes, splitLines } from '../logs/read-log.ts';
import { formatObject } from '../output/objects.ts';
import { formatTips } from '../output/tips.ts';
import type { WaitFlags } from '../tasks/task-flags.ts';
import { tipFlags } from '../tip-flags.ts';
import { waitFor } from '../wait/observe.ts';
import { patiently } from '../wait/patience.ts';

/** @throws Exit when it was waited for */
export async function reportRun(
  context: Context,
  job: TaskSchedule,
  run: JobRun,
  flags: WaitFlags & OutputFlag,
): Promise<void> {
  const { io } = context;
  const kind = runKindOf(job);
  io.note(`${kind.kind} ${run.metadata.name} is submitted successfully for execution.`);
  if (flags.wait || flags.follow) return followToEnd(context, kind, run, flags);
  if (flags.output !== undefined) await io.out(await formatObject(flags.output, kind as AnyKind, run));
  const { name } = job.metadata;
  const tips = tipFlags(context.flags, await context.space());
  for (const line of formatTips([
    { description: 'View its log', command: `kf logs --job ${name} --last${tips}` },
    { description: "List Job's runs", command: `kf job-history ${name}${tips}` },
  ]))
    io.note(line);
}

/** Waits for the end of the run. @throws Exit with its exit code */
export async function followToEnd(
  context: Context,
  kind: AnyKind,
  run: JobRun,
  { follow, output }: WaitFlags & OutputFlag,
): Promise<never> {
  const { io } = context;
  context.failureCode = exitCodes.watchLost;
  const stop = new AbortController();
  const interrupt = io.onInterrupt(() => stop.abort(), ['SIGINT', 'SIGTERM']);
  io.onUnread(() => {
    io.note(`The output is not read any more; ${kind.kind} ${run.metadata.name} goes on.`);
    return exitCodes.watchLost;
  });
  let ended: JobRun | undefined;
  try {
    const log = follow ? copyLog(context, kind, run, stop.signal, output === undefined) : undefined;
    log?.catch(() => undefined);
    ended = await waitFor(context, kind, refOf(run), isFinal, { from: run, signal: stop.signal });
    if (!stop.signal.aborted) await log;
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    io.note(`Error: ${error.message}`);
    stop.abort();
  } finally {
    interrupt.remove();
  }
  const named = `${kind.kind} ${run.metadata.name}`;
  if (stop.signal.aborted) {
    io.note(`Stopped watching; ${named} goes on.`);
    throw new Exit(exitCodes.watchLost);
  }
  if (ended === undefined) {
    io.note(`${named} was deleted while it was watched.`);
    throw new Exit(exitCodes.lost);
  }
  if (output !== undefined) await io.out(await formatObject(output, kind, ended));
  const { exitCode, text } = runOutcome(ended);
  if (exitCode === exitCodes.error) for (const line of await failuresIn(context, ended)) io.note(line);
  io.note(`${named} ${text}.`);
  throw new Exit(exitCode);
}

async function copyLog(
  context: Context,
  kind: AnyKind,
  run: JobRun,
  signal: AbortSignal,
  toStdout: boolean,
): Promise<void> {
  const source = runLogSource(kind, refOf(run));
  const chunks = readBytes(context, source, { follow: true, signal, patience: 60_000 });
  if (toStdout) for await (const chunk of chunks) await context.io.out(chunk);
  else for await (const line of splitLines(chunks)) noteLine(context.io, line);
}

/** What the TaskRuns of a PipelineRun failed of: it counts them only. */
async function failuresIn(context: Context, run: JobRun): Promise<readonly string[]> {
  const children = 'childReferences' in (run.status ?? {}) ? ((run as PipelineRun).status?.childReferences ?? []) : [];
  const lines = children.map(async ({ name = '', pipelineTaskName }) => {
    const ref = { namespace: run.metadata.namespace!, name };
    const taskRun = await patiently(context, (client) => getIfExists(client, TaskRun, ref));
    const condition = taskRun && conditionOf(taskRun, 'Succeeded');
    return condition?.status === 'False' ? [`Task ${pipelineTaskName ?? name}: ${condition.message}`] : [];
  });
  return (await Promise.all(lines)).flat();
}

/** A TaskRun's failed step has an exit code; a PipelineRun has none of its own. */
function runOutcome(run: JobRun): { readonly exitCode: number; readonly text: string } {
  const { status, reason = '', message = '' } = conditionOf(run, 'Succeeded') ?? {};
  if (status === 'True') return { exitCode: exitCodes.ok, text: 'succeeded' };
  if (/Cancelled$/.test(reason)) return { exitCode: exitCodes.terminated, text: 'was terminated' };
  if (/Timeout$/.test(reason)) return { exitCode: exitCodes.timedOut, text: 'timed out' };
  const steps = 'steps' in (run.status ?? {}) ? ((run.status as TaskRunStatus).steps ?? []) : [];
  const code = steps.map(({ terminated }) => terminated?.exitCode ?? 0).find((value) => value !== 0);
  if (code !== undefined) return { exitCode: code, text: `failed: exit code ${code}` };
  return { exitCode: exitCodes.error, text: `failed: ${reason}${message === '' ? '' : `: ${message}`}` };
}

interface TaskRunStatus {
  readonly steps?: readonly { readonly terminated?: { readonly exitCode?: number } }[];
}
