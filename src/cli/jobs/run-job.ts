/** `kf run-job`: a Task of the Job by hand, as the Job's policy has it. */

import type { AnyKind } from '../../client/client.ts';
import { isFinal } from '../../resources/condition.ts';
import { isHeld, type JobRun, refusalOf, runKindOf, runOf } from '../../resources/kf/job-run.ts';
import type { Task } from '../../resources/kf/task.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { refOf } from '../../resources/meta.ts';
import { randomName } from '../../resources/names.ts';
import { getApp } from '../apps/find-app.ts';
import type { OutputFlag } from '../command.ts';
import type { Context, Session } from '../context.ts';
import { createOnce } from '../create-once.ts';
import { CliError } from '../errors.ts';
import { checkRunnable } from '../tasks/create-task.ts';
import { checkFits, wantedBy } from '../tasks/fits.ts';
import { progressOf } from '../tasks/outcome.ts';
import { prepareReport, reportTask } from '../tasks/report-task.ts';
import type { TaskFlags, WaitFlags } from '../tasks/task-flags.ts';
import { overTask, taskFieldsOf } from '../tasks/task-flags.ts';
import { tipFlags } from '../tip-flags.ts';
import { waitFor } from '../wait/observe.ts';
import { getJob, runsOfJob, taskTemplateOf } from './find-job.ts';
import { reportRun } from './report-run.ts';

export interface RunJobFlags extends TaskFlags, WaitFlags, OutputFlag {
  readonly force?: boolean;
}

const failure = 'failed to run-job: ';
/** Milliseconds between signs of life. */
const heartbeat = 30_000;

export async function runJobAction(context: Context, name: string, flags: RunJobFlags): Promise<void> {
  prepareReport(context, flags);
  const session = await context.changing();
  const job = await getJob(session, name);
  if (job.metadata.deletionTimestamp !== undefined) throw new CliError(`${failure}Job "${name}" is being deleted`);
  const force = flags.force === true;
  const fields = taskFieldsOf(flags);
  if (job.spec.taskTemplate === undefined && Object.keys(fields).length === 0)
    return reportRun(context, job, await startRun(context, session, { job, force }), flags);
  const spec = overTask(taskTemplateOf(job, `${failure}${Object.keys(fields).join(', ')}`), fields);
  const app = await getApp(session, spec.appRef.name, failure);
  checkRunnable(app, spec, { prefix: failure, flags: tipFlags(context.flags, session.space) });
  await checkFits(session, wantedBy(spec, app), failure);
  const task = (await startRun(context, session, { job, spec, force })) as Task;
  // Kf says it on stdout, unlike run-task, and in the way of what programs read.
  context.io.note(`Task ${task.metadata.name} is submitted successfully for execution.`);
  await reportTask(context, task, flags);
}

interface Start {
  readonly job: TaskSchedule;
  /** Default: the Job's template. */
  readonly spec?: Task['spec'];
  readonly force: boolean;
}

/** The Job's controller decides, so that a slot of this moment and a run by hand know of each other. */
async function startRun(context: Context, session: Session, start: Start): Promise<JobRun> {
  const { job, force } = start;
  const { name } = job.metadata;
  const kind: AnyKind = runKindOf(job);
  const replaces = !force && job.spec.concurrencyPolicy === 'Replace';
  const replaced = replaces ? (await runsOfJob(session, job)).filter((run) => !isFinal(run)) : [];
  const run = await createRun(context, start);
  for (const { metadata } of replaced)
    context.io.note(`Terminating ${kind.kind} ${metadata.name}: the concurrency policy of Job "${name}" is Replace.`);
  const waiting = `Waiting for the ${kind.kind}s that are replaced to end...`;
  const progress = setInterval(() => context.io.note(waiting), heartbeat);
  try {
    const mayStart = (other: JobRun): boolean => !isHeld(other);
    const admitted: JobRun | undefined = await waitFor(context, kind, refOf(run), mayStart, { from: run });
    if (admitted !== undefined) return admitted;
  } finally {
    clearInterval(progress);
  }
  throw await refused(context, session, job, run);
}

async function createRun(context: Context, { job, spec, force }: Start): Promise<JobRun> {
  const namespace = job.metadata.namespace ?? '';
  for (;;) {
    const name = randomName(`${job.metadata.name}-`);
    const draft = runOf(job, { name, pending: !force, ...(spec === undefined ? {} : { spec }) });
    const marked = { ...draft, metadata: { ...draft.metadata, namespace } };
    const { object, isOurs } = await createOnce(context, runKindOf(job) as AnyKind, marked);
    if (isOurs) return object as JobRun;
  }
}

async function refused(context: Context, session: Session, before: TaskSchedule, run: JobRun): Promise<CliError> {
  const { name } = run.metadata;
  const owner = before.metadata.name;
  const job = await getJob(session, owner);
  const refusal = refusalOf(job, name);
  if (refusal === undefined) return new CliError(`${failure}${run.kind} ${name} was deleted before it started`);
  if (refusal.outcome === 'Replaced')
    return new CliError(`${failure}${run.kind} ${name} did not start: ${refusal.message}`);
  const flags = tipFlags(context.flags, session.space);
  const active = (await runsOfJob(session, job)).find((other) => refusal.message.includes(other.metadata.name));
  return new CliError(
    `${failure}the concurrency policy of Job "${owner}" is Forbid, and ${active === undefined ? refusal.message : progressText(active)}`,
    {
      tips: [
        ...(active === undefined || !isTask(active) ? [] : tipsFor(active, flags)),
        { description: 'Run beside it', command: `kf run-job ${owner} --force${flags}` },
      ],
    },
  );
}

function progressText(run: JobRun): string {
  const { name } = run.metadata;
  if (!isTask(run)) return `${run.kind} ${name} has not ended`;
  const id = run.status?.id === undefined ? '' : ` (ID ${run.status.id})`;
  return `Task ${name}${id} ${progressOf(run)}`;
}

const isTask = (run: JobRun): run is Task => 'appRef' in run.spec;

const tipsFor = ({ metadata: { name } }: Task, flags: string) => [
  { description: 'Watch that Task', command: `kf logs ${name}${flags}` },
  { description: 'Terminate it', command: `kf terminate-task ${name}${flags}` },
];
