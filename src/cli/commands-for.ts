/** The commands that a command line may mean. */

import type { CommandFile } from './command.ts';

/** What is typed all day, by its word. Each is loaded alone: loading and declaring all of them takes 20 ms. */
const alone = new Map<string, () => Promise<CommandFile>>([
  ['tasks', async () => (await import('./commands/tasks.ts')).tasks],
  ['task', async () => (await import('./commands/task.ts')).task],
  ['run-task', async () => (await import('./commands/run-task.ts')).runTask],
  ['terminate-task', async () => (await import('./commands/terminate-task.ts')).terminateTask],
  ['logs', async () => (await import('./commands/logs.ts')).logs],
  ['apps', async () => (await import('./commands/apps.ts')).apps],
  ['app', async () => (await import('./commands/app.ts')).app],
  ['push', async () => (await import('./commands/push.ts')).push],
  ['jobs', async () => (await import('./commands/jobs.ts')).jobs],
  ['job', async () => (await import('./commands/jobs.ts')).job],
  ['run-job', async () => (await import('./commands/run-job.ts')).runJob],
]);

export const wordsAlone: readonly string[] = [...alone.keys()];

/** @param argv without node and the program's file */
export async function commandsFor(argv: readonly string[]): Promise<readonly CommandFile[]> {
  // Not among the commands: it looks at them all.
  if (argv[0] === 'complete') return [(await import('./commands/complete.ts')).complete];
  const load = alone.get(argv[0] ?? '');
  return load === undefined ? (await import('./commands.ts')).commands : [await load()];
}
