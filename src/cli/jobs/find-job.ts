/** Finding a Job and its Tasks, with errors that say what is missing; changing it. */

import type { AnyKind } from '../../client/client.ts';
import { type JobRun, jobOfRun, runKindOf } from '../../resources/kf/job-run.ts';
import type { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { labels } from '../../resources/labels.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { isConflict, isNotFound } from '../../resources/status.ts';
import type { Session } from '../context.ts';
import { CliError } from '../errors.ts';
import { didYouMean } from '../similar.ts';
import { requireSpace } from '../spaces/find-space.ts';

/** @throws CliError when the Job or its Space does not exist */
export async function getJob({ client, space, serverFlags = '' }: Session, name: string): Promise<TaskSchedule> {
  try {
    return await client.get(TaskSchedule, { namespace: space, name });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await requireSpace({ client, space, serverFlags });
    throw new CliError(`${error.message}${await didYouMean(client, TaskSchedule, name, space)}`, {
      tips: [{ description: 'List the Jobs', command: `kf jobs --space ${space}${serverFlags}` }],
    });
  }
}

/** The zone of new schedules in the Space, where one is set. @throws CliError */
export async function spaceZone(session: Session): Promise<string | undefined> {
  return (await requireSpace(session)).spec?.taskConfig?.timeZone;
}

/** The Jobs of an App; Jobs bear no label with its name, as in Kf. */
export async function jobsOf({ client, space }: Session, app: string): Promise<readonly TaskSchedule[]> {
  const { items } = await client.list(TaskSchedule, { namespace: space });
  return items.filter(({ spec }) => spec.taskTemplate?.appRef.name === app);
}

export const ofJob = (name: string): string => `${labels.jobOwner}=${name}`;

/** All runs of a Job, newest last, whoever started them. */
export async function runsOfJob({ client, space }: Session, job: TaskSchedule): Promise<readonly JobRun[]> {
  const kind: AnyKind = runKindOf(job);
  const options = { namespace: space, labelSelector: ofJob(job.metadata.name) };
  const { items }: { readonly items: readonly JobRun[] } = await client.list(kind, options);
  return items.filter((run) => jobOfRun(run) !== undefined).sort(byCreation);
}

export const byCreation = (a: KubeObject, b: KubeObject): number =>
  (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
  (a.metadata.uid ?? '').localeCompare(b.metadata.uid ?? '');

/** What only a Job with a Task can be asked. @throws CliError */
export function taskTemplateOf(job: TaskSchedule, what: string): Task['spec'] {
  const { taskTemplate } = job.spec;
  if (taskTemplate !== undefined) return taskTemplate;
  const { name } = job.metadata;
  throw new CliError(`Job "${name}" carries a ${runKindOf(job).kind}: ${what} is in its template`);
}

/** Reads and writes until nobody has come between. @throws CliError, StatusError */
export async function changeJob(
  session: Session,
  name: string,
  change: (job: TaskSchedule) => TaskSchedule,
): Promise<TaskSchedule> {
  for (;;) {
    const job = await getJob(session, name);
    if (job.metadata.deletionTimestamp !== undefined) throw new CliError(`Job "${name}" is being deleted`);
    try {
      return await session.client.update(TaskSchedule, change(job));
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}
