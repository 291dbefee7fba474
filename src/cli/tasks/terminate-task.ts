/** `kf terminate-task`: asks for the end, and waits for it. */

import { isFinal } from '../../resources/condition.ts';
import { Task } from '../../resources/kf/task.ts';
import { refOf } from '../../resources/meta.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { waitFor } from '../wait/observe.ts';
import { findTask } from './find-task.ts';
import { outcomeOf } from './outcome.ts';

export interface TerminateTaskFlags {
  readonly async?: boolean;
  readonly now?: boolean;
}

export async function terminateTaskAction(
  context: Context,
  args: readonly string[],
  { async: isAsync, now }: TerminateTaskFlags,
): Promise<void> {
  const { io } = context;
  const session = await context.changing();
  const task = await findTask(session, args);
  const { name } = task.metadata;
  if (isFinal(task)) throw new CliError(`Can't terminate completed Task: ${outcomeOf(task).text}`);
  // Whoever asks twice does not want to wait.
  const atOnce = now === true || task.spec.terminated === true;
  const requested = await session.client.patch(Task, refOf(task), {
    type: 'merge',
    body: { spec: { terminated: true, ...(atOnce ? { gracePeriodSeconds: 0 } : {}) } },
  });
  io.note(`Task "${name}" is successfully submitted for termination${atOnce ? ', without grace period' : ''}`);
  if (isAsync) return;
  const final = await awaitEnd(context, requested);
  io.note(final === undefined ? `Task ${name} was deleted.` : `${outcomeOf(final).text}.`);
}

async function awaitEnd(context: Context, task: Task): Promise<Task | undefined> {
  const progress = setInterval(() => context.io.note(`Waiting for Task ${task.metadata.name} to end...`), 30_000);
  try {
    return await waitFor(context, Task, refOf(task), isFinal, { from: task });
  } finally {
    clearInterval(progress);
  }
}
