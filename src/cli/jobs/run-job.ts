/** `kf run-job`: a Task of the Job by hand, as the Job's policy has it. */

import { createHash } from 'node:crypto';
import { isFinal } from '../../resources/condition.ts';
import { Task } from '../../resources/kf/task.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, refOf } from '../../resources/meta.ts';
import { randomName } from '../../resources/names.ts';
import { isNotFound } from '../../resources/status.ts';
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

export async function runJobAction(context: Context, name: string, flags: RunJobFlags): Promise<void> {
  prepareReport(context, flags);
  const session = await context.changing();
  const job = await getJob(session, name);
  if (job.metadata.deletionTimestamp !== undefined) throw new CliError(`${failure}Job "${name}" is being deleted`);
  const spec = overTask(job.spec.taskTemplate, taskFieldsOf(flags));
  const app = await getApp(session, spec.appRef.name, failure);
  checkRunnable(app, spec, { prefix: failure, flags: tipFlags(context.flags, session.space) });
  await checkFits(session, memoryOf(spec, app), failure);
  const task = await createTaskOf(context, session, job, spec, flags.force === true);
  const said = `Task ${task.metadata.name} is submitted successfully for execution.`;
  // Kf says it on stdout, where it is in the way of what programs read.
  if (context.dataOnly) context.io.note(said);
  else await context.io.out(`${said}\n`);
  await reportTask(context, task, flags);
}

async function createTaskOf(
  context: Context,
  session: Session,
  job: TaskSchedule,
  spec: Task['spec'],
  force: boolean,
): Promise<Task> {
  const { name } = job.metadata;
  const policy = force ? 'Always' : (job.spec.concurrencyPolicy ?? 'Always');
  for (let attempt = 0; ; attempt++) {
    if (policy === 'Replace') await endActive(context, session, name);
    const tasks = policy === 'Always' ? [] : await tasksOfJob(session, name);
    const active = tasks.find((task) => !isFinal(task));
    // Under Replace: one that a slot has started since.
    if (active !== undefined && policy === 'Replace') continue;
    if (active !== undefined) throw isForbidden(name, active, tipFlags(context.flags, session.space));
    const { object: task, isOurs } = await createOnce(context, Task, {
      metadata: {
        namespace: session.space,
        name: policy === 'Always' ? randomName(`${name}-`) : nextName(job, tasks, attempt),
        labels: { [labels.jobOwner]: name },
        ownerReferences: [controllerRef(job)],
      },
      spec,
    });
    if (isOurs) return task;
  }
}

/**
 * The same for everyone who has seen the same Tasks: of two who run a Job at once and may not both,
 * one finds the name taken, and looks again.
 */
function nextName(job: TaskSchedule, tasks: readonly Task[], attempt: number): string {
  const keyOf = ({ metadata }: Task): string => `${metadata.creationTimestamp} ${metadata.uid}`;
  const newest = tasks.map(keyOf).sort().at(-1);
  const hash = createHash('sha256').update(`${job.metadata.uid} ${newest} ${attempt}`).digest('hex');
  return `${job.metadata.name}-${hash.slice(0, 5)}`;
}

function isForbidden(name: string, active: Task, flags: string): CliError {
  const id = active.status?.id === undefined ? '' : ` (ID ${active.status.id})`;
  return new CliError(
    `${failure}the concurrency policy of Job "${name}" is Forbid, and Task ${active.metadata.name}${id} ${progressOf(active)}`,
    {
      tips: [
        { description: 'Watch that Task', command: `kf logs ${active.metadata.name}${flags}` },
        { description: 'Terminate it', command: `kf terminate-task ${active.metadata.name}${flags}` },
        { description: 'Run beside it', command: `kf run-job ${name} --force${flags}` },
      ],
    },
  );
}

/** Terminates what has not ended and waits for the end. */
async function endActive(context: Context, session: Session, name: string): Promise<void> {
  const active = (await tasksOfJob(session, name)).filter((task) => !isFinal(task));
  for (const task of active) {
    context.io.note(`Terminating Task ${task.metadata.name}: the concurrency policy of Job "${name}" is Replace.`);
    await session.client
      .patch(Task, refOf(task), { type: 'merge', body: { spec: { terminated: true } } })
      .catch((error) => {
        if (!isNotFound(error)) throw error;
      });
  }
  if (active.length === 0) return;
  const progress = setInterval(() => context.io.note('Waiting for the Tasks that are replaced to end...'), 30_000);
  try {
    await Promise.all(active.map((task) => waitFor(context, Task, refOf(task), isFinal)));
  } finally {
    clearInterval(progress);
  }
}
