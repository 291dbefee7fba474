/** The logs of a Job's TaskRuns or PipelineRuns, oldest first, each line with its run before it where several are shown. */

import { conditionOf, isFinal } from '../../resources/condition.ts';
import { type JobRun, runKindOf } from '../../resources/kf/job-run.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { refOf } from '../../resources/meta.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { runsOfJob } from '../jobs/find-job.ts';
import { patiently } from '../wait/patience.ts';
import { runLogSource } from './log-source.ts';
import { type LogView, readView } from './log-view.ts';
import { splitLines } from './read-log.ts';

interface Flags {
  readonly last?: boolean;
  readonly failed?: boolean;
  readonly recent?: boolean;
}

export async function printRuns(context: Context, job: TaskSchedule, view: LogView, flags: Flags): Promise<void> {
  const space = await context.space();
  const kind = runKindOf(job);
  const all = await patiently(context, (client) => runsOfJob({ client, space }, job));
  const wanted = all.filter((run) => !flags.failed || conditionOf(run, 'Succeeded')?.status === 'False');
  const newest = wanted.at(-1);
  if ((flags.last || flags.failed) && newest === undefined)
    throw new CliError(`Job "${job.metadata.name}" has no ${flags.failed ? 'failed ' : ''}${kind.kind}s`);
  const single = flags.last === true || flags.failed === true;
  const stop = new AbortController();
  const watcher = context.io.onInterrupt(() => stop.abort());
  try {
    for (const run of single ? [newest!] : wanted) {
      const source = runLogSource(kind, refOf(run));
      const content = readView(context, source, view, { follow: !flags.recent && !isFinal(run), signal: stop.signal });
      if (single) for await (const chunk of content) await context.io.out(chunk);
      else await printWithName(context, run, content);
    }
  } finally {
    watcher.remove();
  }
}

async function printWithName({ io }: Context, run: JobRun, content: AsyncIterable<Buffer>): Promise<void> {
  const prefix = Buffer.from(`[${run.metadata.name}] `);
  for await (const line of splitLines(content))
    await io.out(Buffer.concat(line.at(-1) === 0x0a ? [prefix, line] : [prefix, line, Buffer.from('\n')]));
}
