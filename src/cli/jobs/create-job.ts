/** `kf create-job`. */

import { conditionOf, isFinal } from '../../resources/condition.ts';
import { noSchedule, TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { controllerRef, refOf } from '../../resources/meta.ts';
import { alreadyExists, isInvalid } from '../../resources/status.ts';
import { getApp } from '../apps.ts';
import type { Context } from '../context.ts';
import { createOnce } from '../create-once.ts';
import { CliError } from '../errors.ts';
import { checkFits, memoryOf } from '../fits.ts';
import type { NotifyFlags } from '../notify/notify-flags.ts';
import type { TaskFlags } from '../task-flags.ts';
import { checkRetries, given, taskFieldsOf } from '../task-flags.ts';
import { waitFor } from '../wait/observe.ts';
import { spaceZone } from './find-job.ts';
import type { PolicyFlag, ScheduleFlags } from './job-flags.ts';
import { missedFieldsOf } from './job-flags.ts';
import { ensureJobSecret, notifyFieldsOf } from './notify.ts';
import { saySchedule } from './say-schedule.ts';
import { readSchedule } from './schedules.ts';

export interface CreateJobFlags extends TaskFlags, ScheduleFlags, PolicyFlag, NotifyFlags {
  readonly schedule?: string;
  readonly async?: boolean;
}

const failure = 'failed to create Job: ';

export async function createJobAction(
  context: Context,
  [appName, name, command = '']: readonly string[],
  flags: CreateJobFlags,
): Promise<void> {
  if (command.trim() === '' && flags.args === undefined)
    throw new CliError('accepts 3 arg(s), received 2: the COMMAND is missing', {
      tips: [{ description: 'Usage', command: `kf create-job ${appName} ${name} COMMAND [flags]` }],
    });
  checkRetries(flags);
  if (flags.spread && flags.schedule === undefined)
    throw new CliError('--spread moves the minutes of --schedule: give one');
  const schedule = flags.schedule === undefined ? undefined : readSchedule(name!, flags.schedule, flags);
  const notify = notifyFieldsOf(name!, undefined, flags);
  const session = await context.changing();
  const app = await getApp(session, appName!, 'failed to get App: ');
  if (app.metadata.deletionTimestamp !== undefined) throw new CliError(`${failure}App "${appName}" is being deleted`);
  await checkFits(session, memoryOf({ ...given({ memory: flags.memoryLimit }) }, app), failure);
  const timeZone = schedule === undefined ? flags.timezone : (schedule.timeZone ?? (await spaceZone(session)));
  const { object: job, isOurs } = await createOnce(context, TaskSchedule, {
    metadata: { namespace: session.space, name: name!, ownerReferences: [controllerRef(app)] },
    spec: {
      concurrencyPolicy: flags.concurrencyPolicy ?? 'Always',
      schedule: schedule?.expression ?? noSchedule,
      suspend: schedule === undefined,
      ...(timeZone === undefined ? {} : { timeZone }),
      ...missedFieldsOf(flags),
      ...notify,
      taskTemplate: {
        appRef: { name: app.metadata.name },
        ...(command.trim() === '' ? {} : { command }),
        ...taskFieldsOf(flags),
      },
    },
  }).catch((error) => {
    throw isInvalid(error) ? new CliError(failure + error.message) : error;
  });
  if (!isOurs) throw new CliError(failure + alreadyExists(TaskSchedule, name!).message);
  context.io.note(`Job ${name} created.`);
  await ensureJobSecret(context, session, job, flags);
  if (flags.async) context.io.note('Waiting for Job to become ready asynchronously');
  else await awaitReady(context, job);
  await saySchedule(context, job);
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
