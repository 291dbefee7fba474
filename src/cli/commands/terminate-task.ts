import { Option } from 'commander';
import { defineCommand } from '../command.ts';
import type { TerminateTaskFlags } from '../tasks/terminate-task.ts';

export const terminateTask = defineCommand<TerminateTaskFlags>({
  usage: 'terminate-task {TASK_NAME | APP_NAME TASK_ID}',
  group: 'Tasks:',
  summary: 'End a Task: SIGTERM to its processes, SIGKILL after the grace period; its log stays',
  details: 'Waits for the end unless --async is given. A second terminate-task, or --now, kills at once.',
  examples: [
    'kf terminate-task report 3',
    'kf terminate-task report-x7k2p --now',
    'kf terminate-task report 3 --async',
  ],
  args: [1, 2],
  flags: (command) =>
    command
      .option('--async', 'do not wait for the end')
      .option('--now', 'kill at once, without grace period')
      // Kf declares them and does nothing with them.
      .addOption(new Option('--retries <N>').hideHelp())
      .addOption(new Option('--retry-delay <DURATION>').hideHelp()),
  async run(context, args, flags) {
    const { terminateTaskAction } = await import('../tasks/terminate-task.ts');
    await terminateTaskAction(context, args, flags);
  },
});
