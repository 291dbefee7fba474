/** `kf delete-job-schedule` and `kf delete-job`. */

import { isFinal } from '../../resources/condition.ts';
import { runKindOf } from '../../resources/kf/job-run.ts';
import { schedulesOf } from '../../resources/kf/job-schedules.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import type { Context } from '../context.ts';
import type { DeleteFlags } from '../delete-object.ts';
import { count, deleteAndWait } from '../delete-object.ts';
import { CliError } from '../errors.ts';
import { wholeNumber } from '../flags.ts';
import { tipFlags } from '../tip-flags.ts';
import { changeJob, getJob, runsOfJob } from './find-job.ts';
import { listed, without } from './schedules.ts';

export interface DeleteJobScheduleFlags {
  readonly all?: boolean;
}

export async function deleteJobScheduleAction(
  context: Context,
  [name, id]: readonly [string, string?],
  { all }: DeleteJobScheduleFlags,
): Promise<void> {
  if (all && id !== undefined) throw new CliError('--all cannot be combined with an ID');
  const session = await context.changing();
  const tips = tipFlags(context.flags, session.space);
  const job = await changeJob(session, name, (found) => withoutSchedule(found, id, all === true, tips));
  await context.io.out(`Job schedule for ${name} deleted.\n`);
  if (!job.spec.suspend) context.io.note(`Still scheduled: ${listed(schedulesOf(job))}`);
}

/** @param tips flags for the commands that are printed */
function withoutSchedule(job: TaskSchedule, text: string | undefined, all: boolean, tips: string): TaskSchedule {
  const { name } = job.metadata;
  const schedules = schedulesOf(job);
  if (job.spec.suspend) throw new CliError('Job is already suspended.');
  const id = text === undefined ? undefined : idOf(text);
  if (id !== undefined && !schedules.some((schedule) => schedule.id === id))
    throw new CliError(`Job "${name}" has no schedule with ID ${id}; it has ${listed(schedules)}`);
  if (all || schedules.length < 2) {
    const { moreSchedules: _, ...spec } = job.spec;
    // As Kf: the text stays, the Job is suspended.
    return { ...job, spec: { ...spec, suspend: true } };
  }
  if (id !== undefined) return without(job, id);
  throw new CliError(`Job "${name}" has several schedules: ${listed(schedules)}`, {
    tips: [
      { description: 'Delete one', command: `kf delete-job-schedule ${name} ${schedules[0]!.id}${tips}` },
      { description: 'Delete all', command: `kf delete-job-schedule ${name} --all${tips}` },
    ],
  });
}

function idOf(text: string): number {
  try {
    return wholeNumber(1, '')(text);
  } catch {
    throw new CliError(`"${text}" is no ID of a schedule: a number, see kf job-schedules`);
  }
}

export async function deleteJobAction(context: Context, name: string, flags: DeleteFlags): Promise<void> {
  const session = await context.changing();
  const job = await getJob(session, name);
  const tasks = await runsOfJob(session, job);
  const unfinished = tasks.filter((task) => !isFinal(task)).length;
  context.io.note(`Deleting Job "${name}" in Space "${session.space}"`);
  if (tasks.length > 0)
    context.io.note(
      `${count(tasks.length, runKindOf(job).kind)} of it, ${unfinished} unfinished, and their logs go with it.`,
    );
  await deleteAndWait(context, session, { kind: TaskSchedule, ref: { namespace: session.space, name }, ...flags });
}
