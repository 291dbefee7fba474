/** `kf update-job`. */

import { withoutEmpty } from '../../resources/json.ts';
import { runKindOf } from '../../resources/kf/job-run.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { isInvalid } from '../../resources/status.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import type { NotifyFlags } from '../notify/notify-flags.ts';
import { checkFits } from '../tasks/fits.ts';
import { overTask, type TaskFlags, taskFieldsOf } from '../tasks/task-flags.ts';
import { tipFlags } from '../tip-flags.ts';
import { changeJob, spaceZone, taskTemplateOf } from './find-job.ts';
import { missedFieldsOf, type PolicyFlag, type ScheduleFlags } from './job-flags.ts';
import { ensureJobSecret, notifyFieldsOf, removeJobSecret } from './notify.ts';
import { printSchedule } from './print-schedule.ts';
import { type RunTemplate, readRunFile } from './run-file.ts';
import { inItsZone, inZone, readSchedule, stateOf, withOnly, withSpread } from './schedules.ts';
import { withDefaults } from './unset.ts';

export interface UpdateJobFlags extends TaskFlags, ScheduleFlags, PolicyFlag, NotifyFlags {
  readonly command?: string;
  readonly fromFile?: string;
  readonly schedule?: string;
  readonly suspend?: boolean;
  readonly resume?: boolean;
  readonly unset?: readonly string[];
}

export async function updateJobAction(context: Context, name: string, flags: UpdateJobFlags): Promise<void> {
  if (Object.keys(flags).length === 0) throw new CliError('nothing to change: see kf update-job --help');
  if (flags.suspend && flags.resume) throw new CliError('--suspend and --resume cannot be combined');
  const file = flags.fromFile === undefined ? undefined : await readRunFile(context, flags.fromFile);
  if (file !== undefined) checkNoTask(flags);
  const schedule = flags.schedule === undefined ? undefined : readSchedule(name, flags.schedule, flags);
  const tips = tipFlags(context.flags, await context.space());
  const zone = schedule === undefined ? undefined : await spaceZone(await context.session());
  const change = (job: TaskSchedule): TaskSchedule => {
    let changed = withFields(withDefaults(withTemplate(job, file, flags.fromFile), flags.unset ?? []), flags);
    if (schedule !== undefined) changed = withOnly(changed, inItsZone(schedule, changed, zone));
    else if (flags.timezone !== undefined) changed = inZone(changed, flags.timezone);
    if (flags.spread && schedule === undefined) changed = withSpread(changed);
    if (flags.resume && stateOf(changed) === 'Unscheduled')
      throw new CliError(`Job "${name}" has no schedule to resume`, {
        tips: [{ description: 'Give it one', command: `kf schedule-job ${name} '0 2 * * *'${tips}` }],
      });
    if (!flags.suspend && !flags.resume) return changed;
    return { ...changed, spec: { ...changed.spec, suspend: flags.suspend === true } };
  };
  const session = await context.changing();
  const { memoryLimit: memory, diskQuota: disk } = flags;
  if (memory !== undefined || disk !== undefined) await checkFits(session, { memory, disk });
  let before: TaskSchedule | undefined;
  const job = await changeJob(session, name, (found) => {
    before = found;
    return change(found);
  }).catch((error) => {
    throw file !== undefined && isInvalid(error) ? new CliError(`failed to update Job: ${error.message}`) : error;
  });
  if (job.spec.notify === undefined && before?.spec.notify !== undefined) await removeJobSecret(session, name);
  await ensureJobSecret(context, session, job, flags);
  if (flags.suspend && before?.spec.suspend) context.io.note(`Job "${name}" was suspended already.`);
  if (flags.resume && !before?.spec.suspend) context.io.note(`Job "${name}" was not suspended.`);
  await context.io.out(`Job ${name} updated.\n`);
  if (schedule !== undefined || flags.timezone !== undefined || flags.spread || flags.resume)
    await printSchedule(context, job);
}

/** What runs is in the file. */
function checkNoTask(flags: UpdateJobFlags): void {
  const [field] = Object.keys({ ...taskFieldsOf(flags), ...withoutEmpty({ command: flags.command }) });
  if (field !== undefined) throw new CliError(`${field} is for Tasks: with --from-file it is in the file`);
}

/** The kind stays: runs of another one would not be known as the Job's any more. @throws CliError */
function withTemplate(job: TaskSchedule, file: RunTemplate | undefined, path: string | undefined): TaskSchedule {
  if (file === undefined) return job;
  const changed = { ...job, spec: { ...job.spec, ...file } };
  const [is, wanted] = [runKindOf(job).kind, runKindOf({ ...job, spec: file }).kind];
  if (is === wanted) return changed;
  throw new CliError(
    `--from-file ${path}: it holds a ${wanted}, Job "${job.metadata.name}" carries a ${is}: make another Job of it`,
  );
}

function withFields(job: TaskSchedule, flags: UpdateJobFlags): TaskSchedule {
  const { spec } = job;
  const fields = { ...taskFieldsOf(flags), ...withoutEmpty({ command: flags.command }) };
  return {
    ...job,
    spec: {
      ...spec,
      ...withoutEmpty({ concurrencyPolicy: flags.concurrencyPolicy }),
      ...missedFieldsOf(flags),
      ...notifyFieldsOf(job.metadata.name, spec.notify, flags),
      ...(Object.keys(fields).length === 0
        ? {}
        : { taskTemplate: overTask(taskTemplateOf(job, Object.keys(fields).join(', ')), fields) }),
    },
  };
}
