/** `kf delete-space`. */

import { isFinal } from '../../resources/condition.ts';
import { App } from '../../resources/kf/app.ts';
import { Space } from '../../resources/kf/space.ts';
import { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import type { Context } from '../context.ts';
import { count, type DeleteFlags, deleteAndWait } from '../delete-object.ts';
import { requireSpace } from './find-space.ts';

export async function deleteSpaceAction(context: Context, name: string, flags: DeleteFlags): Promise<void> {
  const { io } = context;
  const session = { ...(await context.changing(name)), space: name };
  await requireSpace(session);
  const [apps, jobs, tasks] = await Promise.all([
    session.client.list(App, { namespace: name }),
    session.client.list(TaskSchedule, { namespace: name }),
    session.client.list(Task, { namespace: name }),
  ]);
  const unfinished = tasks.items.filter((task) => !isFinal(task)).length;
  io.note(`Deleting Space "${name}"`);
  const withJobs = jobs.items.length === 0 ? ' and' : `, ${count(jobs.items.length, 'Job')} and`;
  if (apps.items.length + jobs.items.length + tasks.items.length > 0)
    io.note(
      `${count(apps.items.length, 'App')}${withJobs} ${count(tasks.items.length, 'Task')}, ${unfinished} unfinished, go with it.`,
    );
  await deleteAndWait(context, session, { kind: Space, ref: { name }, ...flags });
}
