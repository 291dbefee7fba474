/** What `--drain` and `--kill` do before the server is stopped. */

import { isFinal } from '../../resources/condition.ts';
import { Task } from '../../resources/kf/task.ts';
import { refOf } from '../../resources/meta.ts';
import type { Context } from '../context.ts';
import type { KfClient } from '../kf-client.ts';
import { waitFor } from '../wait/observe.ts';

const isRunning = (task: Task): boolean => !isFinal(task) && task.status?.startTime !== undefined;

async function unfinished(client: KfClient): Promise<readonly Task[]> {
  const { items } = await client.list(Task, { unfinishedOnly: true });
  return items.filter((task) => !isFinal(task));
}

/** A server that does not answer is stopped all the same. */
export async function countRunning(context: Context): Promise<number> {
  try {
    return (await unfinished(await context.client({ mayStart: false }))).filter(isRunning).length;
  } catch {
    return 0;
  } finally {
    context.close();
  }
}

const counted = (count: number): string => (count === 1 ? '1 task' : `${count} tasks`);

/** Resolves when the tasks have ended. Says how many are left, at once and every 30 s. */
export async function endTasks(context: Context, how: 'drain' | 'kill'): Promise<void> {
  const client = await context.client({ mayStart: false });
  const all = await unfinished(client);
  const tasks = how === 'kill' ? all : all.filter(isRunning);
  if (tasks.length > 0)
    context.io.note(`${how === 'kill' ? 'Terminating' : 'Waiting for'} ${counted(tasks.length)}...`);
  if (how === 'kill')
    for (const task of tasks)
      await client.patch(Task, refOf(task), {
        type: 'merge',
        body: { spec: { terminated: true, gracePeriodSeconds: 0 } },
      });
  let left = tasks.map(({ metadata }) => metadata.name);
  const progress = setInterval(() => {
    const names = left.slice(0, 3).join(', ');
    context.io.note(`Still waiting for ${counted(left.length)}: ${names}${left.length > 3 ? ', …' : ''}`);
  }, 30_000);
  try {
    await Promise.all(
      tasks.map(async (task) => {
        await waitFor(context, Task, refOf(task), isFinal, { from: task });
        left = left.filter((name) => name !== task.metadata.name);
      }),
    );
  } finally {
    clearInterval(progress);
    context.close();
  }
}
