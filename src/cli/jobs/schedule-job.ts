/** `kf schedule-job`. */

import { schedulesOf } from '../../resources/kf/job-schedules.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import type { Context } from '../context.ts';
import type { NotifyFlags } from '../notify/notify-flags.ts';
import { tipFlags } from '../tip-flags.ts';
import { changeJob, getJob, spaceZone } from './find-job.ts';
import type { ScheduleFlags } from './job-flags.ts';
import { missedFieldsOf } from './job-flags.ts';
import { ensureJobSecret, notifyFieldsOf } from './notify.ts';
import { announced, printSchedule, runsOf } from './print-schedule.ts';
import { inItsZone, listed, readSchedule, stateOf, withOneMore, withOnly } from './schedules.ts';

export interface ScheduleJobFlags extends ScheduleFlags, NotifyFlags {
  readonly add?: boolean;
  readonly preview?: number | true;
}

export async function scheduleJobAction(
  context: Context,
  [name, text]: readonly [string, string],
  flags: ScheduleJobFlags,
): Promise<void> {
  const schedule = readSchedule(name, text, flags);
  const tips = tipFlags(context.flags, await context.space());
  const zone = await spaceZone(await context.session());
  const change = (job: TaskSchedule): TaskSchedule => {
    const zoned = inItsZone(schedule, job, zone);
    const scheduled = flags.add ? withOneMore(job, zoned, tips) : withOnly(job, zoned);
    const notify = notifyFieldsOf(name, job.spec.notify, flags);
    return { ...scheduled, spec: { ...scheduled.spec, ...missedFieldsOf(flags), ...notify } };
  };
  if (flags.preview !== undefined) {
    const job = await getJob(await context.session(), name);
    // Nothing is counting yet for what is only looked at.
    const { status: _, ...preview } = change(job);
    return context.io.out(runsOf(context, preview, flags.preview === true ? announced : flags.preview));
  }
  const session = await context.changing();
  let before: TaskSchedule | undefined;
  const job = await changeJob(session, name, (found) => {
    before = found;
    return change(found);
  });
  await ensureJobSecret(context, session, job, flags);
  if (!flags.add && before !== undefined && stateOf(before) === 'Scheduled') {
    context.io.note('WARNING: Scheduling an already scheduled Job. This will overwrite the existing schedule.');
    context.io.note(`Replaced: ${listed(schedulesOf(before))}`);
  }
  await context.io.out(`Job ${name} scheduled.\n`);
  await printSchedule(context, job);
}
