/** What is to be heard of a Job, and where. */

import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { controllerRef } from '../../resources/meta.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';
import type { NotifyFlags } from '../notify/notify-flags.ts';
import { ensureSecret, jobSecretName, removeSecret } from '../notify/secret.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { tipFlags } from '../tip-flags.ts';

type NotifyFields = Pick<TaskSchedule['spec'], 'notify' | 'expectEvery'>;

/** The fields that the flags change, over those that there are. @throws CliError */
export function notifyFieldsOf(
  job: string,
  before: TaskSchedule['spec']['notify'],
  { notify: url = before?.url, notifyOn, notifySecret, expectEvery }: NotifyFlags,
): NotifyFields {
  if (url === undefined && (notifyOn !== undefined || notifySecret !== undefined))
    throw new CliError(
      `${notifyOn === undefined ? '--notify-secret' : '--notify-on'} needs --notify: Job "${job}" has no URL of its own`,
    );
  const on = notifyOn ?? before?.on;
  return {
    ...(expectEvery === undefined ? {} : { expectEvery }),
    ...(url === undefined
      ? {}
      : { notify: { url, ...(on === undefined ? {} : { on }), secretName: jobSecretName(job) } }),
  };
}

export const removeJobSecret = (session: Session, job: string): Promise<void> =>
  removeSecret(session, jobSecretName(job));

/** Makes the Secret that the Job names; it goes with the Job. What is posted before it is there is tried again. */
export async function ensureJobSecret(
  context: Context,
  session: Session,
  job: TaskSchedule,
  { notify, notifySecret, expectEvery }: NotifyFlags,
): Promise<void> {
  if (expectEvery !== undefined) await warnWithoutReceiver(context, session, job);
  if (notify === undefined && notifySecret === undefined) return;
  await ensureSecret(context, session, {
    name: jobSecretName(job.metadata.name),
    owner: controllerRef(job),
    ...(notifySecret === undefined ? {} : { chosen: notifySecret }),
  });
}

/** Warns where an overdue success would be shown by `kf job` only. */
async function warnWithoutReceiver({ io, flags }: Context, session: Session, job: TaskSchedule): Promise<void> {
  if (job.spec.notify !== undefined) return;
  const { spec } = await requireSpace(session);
  if (spec?.taskConfig?.notify !== undefined) return;
  const more = tipFlags(flags, session.space);
  io.note(`Nobody is told yet when a success is overdue: kf update-job ${job.metadata.name} --notify URL${more}`);
}
