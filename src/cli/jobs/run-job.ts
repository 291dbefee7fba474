/** `kf run-job`: a Task of the Job by hand, as the Job's policy has it. */

import { isFinal } from '../../resources/condition.ts';
import { handRunOf, refusalOf } from '../../resources/kf/hand-run.ts';
import { Task } from '../../resources/kf/task.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { labels } from '../../resources/labels.ts';
import { refOf } from '../../resources/meta.ts';
import { randomName } from '../../resources/names.ts';
import { getApp } from '../apps.ts';
import type { OutputFlag } from '../command.ts';
import type { Context, Session } from '../context.ts';
import { createOnce } from '../create-once.ts';
import { CliError } from '../errors.ts';
import { checkFits, memoryOf } from '../fits.ts';
import type { TaskFlags, WaitFlags } from '../task-flags.ts';
import { overTask, taskFieldsOf } from '../task-flags.ts';
import { checkRunnable } from '../tasks/create-task.ts';
import { progressOf } from '../tasks/outcome.ts';
import { prepareReport, reportTask } from '../tasks/report-task.ts';
import { tipFlags } from '../tip-flags.ts';
import { waitFor } from '../wait/observe.ts';
import { getJob, tasksOfJob } from './find-job.ts';

export interface RunJobFlags extends TaskFlags, WaitFlags, OutputFlag {
  readonly force?: boolean;
}

const failure = 'failed to run-job: ';
/** Milliseconds between signs of life. */
const signOfLife = 30_000;

export async function runJobAction(context: Context, name: string, flags: RunJobFlags): Promise<void> {
  prepareReport(context, flags);
  const session = await context.changing();
  const job = await getJob(session, name);
  if (job.metadata.deletionTimestamp !== undefined) throw new CliError(`${failure}Job "${name}" is being deleted`);
  const spec = overTask(job.spec.taskTemplate, taskFieldsOf(flags));
  const app = await getApp(session, spec.appRef.name, failure);
  checkRunnable(app, spec, { prefix: failure, flags: tipFlags(context.flags, session.space) });
  await checkFits(session, memoryOf(spec, app), failure);
  const task = await startRun(context, session, { job, spec, force: flags.force === true });
  const said = `Task ${task.metadata.name} is submitted successfully for execution.`;
  // Kf says it on stdout, where it is in the way of what programs read.
  if (context.dataOnly) context.io.note(said);
  else await context.io.out(`${said}\n`);
  await reportTask(context, task, flags);
}

interface Start {
  readonly job: TaskSchedule;
  readonly spec: Task['spec'];
  readonly force: boolean;
}

/** The Job's controller decides, so that a slot of this moment and a run by hand know of each other. */
async function startRun(context: Context, session: Session, start: Start): Promise<Task> {
  const { job, force } = start;
  const { name } = job.metadata;
  const replaces = !force && job.spec.concurrencyPolicy === 'Replace';
  const replaced = replaces ? (await tasksOfJob(session, name)).filter((task) => !isFinal(task)) : [];
  const task = await createRun(context, start);
  for (const { metadata } of replaced)
    context.io.note(`Terminating Task ${metadata.name}: the concurrency policy of Job "${name}" is Replace.`);
  const progress = setInterval(() => context.io.note('Waiting for the Tasks that are replaced to end...'), signOfLife);
  try {
    const mayStart = ({ spec }: Task): boolean => spec.pending !== true;
    const admitted = await waitFor(context, Task, refOf(task), mayStart, { from: task });
    if (admitted !== undefined) return admitted;
  } finally {
    clearInterval(progress);
  }
  throw await refused(context, session, task);
}

async function createRun(context: Context, { job, spec, force }: Start): Promise<Task> {
  for (;;) {
    const name = randomName(`${job.metadata.name}-`);
    const { object, isOurs } = await createOnce(context, Task, handRunOf(job, { name, spec, force }));
    if (isOurs) return object;
  }
}

async function refused(context: Context, session: Session, task: Task): Promise<CliError> {
  const { name } = task.metadata;
  const owner = task.metadata.labels?.[labels.jobOwner] ?? '';
  const job = await getJob(session, owner);
  const refusal = refusalOf(job, name);
  if (refusal === undefined) return new CliError(`${failure}Task ${name} was deleted before it started`);
  if (refusal.outcome === 'Replaced') return new CliError(`${failure}Task ${name} did not start: ${refusal.message}`);
  const flags = tipFlags(context.flags, session.space);
  const active = (await tasksOfJob(session, owner)).find((other) => refusal.message.includes(other.metadata.name));
  const id = active?.status?.id === undefined ? '' : ` (ID ${active.status.id})`;
  const why = active === undefined ? refusal.message : `Task ${active.metadata.name}${id} ${progressOf(active)}`;
  return new CliError(`${failure}the concurrency policy of Job "${owner}" is Forbid, and ${why}`, {
    tips: [
      ...(active === undefined ? [] : tipsFor(active, flags)),
      { description: 'Run beside it', command: `kf run-job ${owner} --force${flags}` },
    ],
  });
}

const tipsFor = ({ metadata: { name } }: Task, flags: string) => [
  { description: 'Watch that Task', command: `kf logs ${name}${flags}` },
  { description: 'Terminate it', command: `kf terminate-task ${name}${flags}` },
];
