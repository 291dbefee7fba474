/** `kf run-task`: create, say so, and with --wait or --follow see it through. */

import type { OutputFlag } from '../command.ts';
import type { Context } from '../context.ts';
import { createTask } from './create-task.ts';
import { prepareReport, reportTask } from './report-task.ts';
import { checkRetries, type TaskFlags, taskFieldsOf, type WaitFlags } from './task-flags.ts';

export interface RunTaskFlags extends TaskFlags, WaitFlags, OutputFlag {
  readonly command?: string;
  readonly name?: string;
  readonly once?: string;
}

export async function runTaskAction(context: Context, app: string, flags: RunTaskFlags): Promise<void> {
  prepareReport(context, flags);
  checkRetries(flags);
  const { task, existed } = await createTask(context, {
    app,
    ...taskFieldsOf(flags),
    command: flags.command,
    displayName: flags.name,
    once: flags.once,
  });
  const { name } = task.metadata;
  context.io.note(
    existed
      ? `Task ${name} was submitted before with this key; no other is made.`
      : `Task ${name} is submitted successfully for execution.`,
  );
  await reportTask(context, task, flags);
}
