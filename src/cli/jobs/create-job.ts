/** `kf create-job`. */

import { conditionOf, isFinal } from '../../resources/condition.ts';
import { withoutEmpty } from '../../resources/json.ts';
import { noSchedule, TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { controllerRef, refOf } from '../../resources/meta.ts';
import { alreadyExists, isInvalid } from '../../resources/status.ts';
import { getApp } from '../apps/find-app.ts';
import type { Context, Session } from '../context.ts';
import { createOnce } from '../create-once.ts';
import { CliError } from '../errors.ts';
import type { NotifyFlags } from '../notify/notify-flags.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { checkFits, wantedBy } from '../tasks/fits.ts';
import { checkRetries, type TaskFlags, taskFieldsOf } from '../tasks/task-flags.ts';
import { tipFlags } from '../tip-flags.ts';
import { waitFor } from '../wait/observe.ts';
import { spaceZone } from './find-job.ts';
import { missedFieldsOf, type PolicyFlag, type ScheduleFlags } from './job-flags.ts';
import { ensureJobSecret, notifyFieldsOf } from './notify.ts';
import { printSchedule } from './print-schedule.ts';
import { readRunFile } from './run-file.ts';
import { readSchedule } from './schedules.ts';

export interface CreateJobFlags extends TaskFlags, ScheduleFlags, PolicyFlag, NotifyFlags {
  readonly schedule?: string;
  readonly fromFile?: string;
  readonly async?: boolean;
}

const failure = 'failed to create Job: ';

export async function createJobAction(context: Context, args: readonly string[], flags: CreateJobFlags): Promise<void> {
  const [name, app, command = ''] = flags.fromFile === undefined ? [args[1], args[0], args[2]] : [args[0]];
  if (flags.fromFile === undefined) checkArguments(args, flags);
  else checkNoTask(args, flags);
  checkRetries(flags);
  if (flags.spread && flags.schedule === undefined)
    throw new CliError('--spread moves the minutes of --schedule: give one');
  const schedule = flags.schedule === undefined ? undefined : readSchedule(name!, flags.schedule, flags);
  const notify = notifyFieldsOf(name!, undefined, flags);
  const file = flags.fromFile === undefined ? undefined : await readRunFile(context, flags.fromFile);
  const session = await context.changing();
  const { owners, template } =
    file === undefined
      ? await taskOf(session, app!, command, flags)
      : { owners: {}, template: await inSpace(session, file) };
  const timeZone = schedule === undefined ? flags.timezone : (schedule.timeZone ?? (await spaceZone(session)));
  const { object: job, isOurs } = await createOnce(context, TaskSchedule, {
    metadata: { namespace: session.space, name: name!, ...owners },
    spec: {
      concurrencyPolicy: flags.concurrencyPolicy ?? 'Always',
      schedule: schedule?.expression ?? noSchedule,
      suspend: schedule === undefined,
      ...(timeZone === undefined ? {} : { timeZone }),
      ...missedFieldsOf(flags),
      ...notify,
      ...template,
    },
  }).catch((error) => {
    throw isInvalid(error) ? new CliError(failure + error.message) : error;
  });
  if (!isOurs) {
    const flags = tipFlags(context.flags, session.space);
    throw new CliError(failure + alreadyExists(TaskSchedule, name!).message, {
      tips: [
        { description: 'Show it', command: `kf job ${name}${flags}` },
        { description: 'Change it', command: `kf update-job ${name} --command LINE${flags}` },
        { description: 'Delete it', command: `kf delete-job ${name}${flags}` },
      ],
    });
  }
  context.io.note(`Job ${name} created.`);
  await ensureJobSecret(context, session, job, flags);
  if (flags.async) context.io.note('Waiting for Job to become ready asynchronously');
  else await awaitReady(context, job);
  await printSchedule(context, job);
}

function checkArguments([app, name, command = '']: readonly string[], flags: CreateJobFlags): void {
  const usage = { tips: [{ description: 'Usage', command: `kf create-job ${app} ${name ?? 'JOB'} COMMAND [flags]` }] };
  if (name === undefined) throw new CliError('accepts 3 arg(s), received 1', usage);
  if (command.trim() === '' && flags.args === undefined)
    throw new CliError('accepts 3 arg(s), received 2: the COMMAND is missing', usage);
}

/** What runs is in the file. */
function checkNoTask(args: readonly string[], flags: CreateJobFlags): void {
  if (args.length > 1)
    throw new CliError(`accepts 1 arg(s), received ${args.length}: with --from-file the Job has no App and no COMMAND`);
  const [field] = Object.keys(taskFieldsOf(flags));
  if (field !== undefined) throw new CliError(`${field} is for Tasks: with --from-file it is in the file`);
}

async function taskOf(session: Session, name: string, command: string, flags: CreateJobFlags) {
  const app = await getApp(session, name, 'failed to get App: ');
  if (app.metadata.deletionTimestamp !== undefined) throw new CliError(`${failure}App "${name}" is being deleted`);
  await checkFits(
    session,
    wantedBy(withoutEmpty({ memory: flags.memoryLimit, disk: flags.diskQuota, cpu: flags.cpuCores }), app),
    failure,
  );
  return {
    owners: { ownerReferences: [controllerRef(app)] },
    template: {
      taskTemplate: {
        appRef: { name: app.metadata.name },
        ...(command.trim() === '' ? {} : { command }),
        ...taskFieldsOf(flags),
      },
    },
  };
}

/** The template, once its Space is known to exist. */
async function inSpace<T>(session: Session, template: T): Promise<T> {
  await requireSpace(session);
  return template;
}

async function awaitReady(context: Context, job: TaskSchedule): Promise<void> {
  const { io } = context;
  const text = 'Waiting for Job to become ready...';
  io.note(text);
  const progress = setInterval(() => io.note(text), 30_000);
  try {
    const ready = await waitFor(context, TaskSchedule, refOf(job), isFinal, { from: job });
    if (ready === undefined) throw new CliError(`Job "${job.metadata.name}" was deleted`);
    const { status, message, reason } = conditionOf(ready, 'Ready') ?? {};
    if (status === 'False')
      throw new CliError(`checking Ready failed, status: False message: ${message} reason: ${reason}`);
    io.note('Success');
  } finally {
    clearInterval(progress);
  }
}
