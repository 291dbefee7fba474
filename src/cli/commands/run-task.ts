import { checked, defineCommand, outputFlag } from '../command.ts';
import { nonEmpty } from '../flags.ts';
import type { RunTaskFlags } from '../tasks/run-task.ts';
import { taskFlags, waitFlags } from '../tasks/task-flags.ts';

export const runTask = defineCommand<RunTaskFlags>({
  usage: 'run-task APP_NAME',
  group: 'Tasks:',
  summary: 'Run a one-off task with the image, environment and limits of an App',
  details: `The command is a shell line, run as /bin/sh -c LINE in the App's folder; without -c the App's start command is used. Returns as soon as the Task is accepted, unless --wait or --follow is given. With these the exit code is the task's own, 128+n when signal n ended it, or: 122 lost (reboot, eviction), 123 watching stopped, 124 timed out, 125 not started, 143 terminated. The last line on stderr says which it was.`,
  examples: [
    "kf run-task report -c 'node etl.js --full'",
    'kf run-task report --follow',
    'kf run-task report --args python3 --args etl.py -m 2G --timeout 30m --wait',
    "kf run-task report -c 'node migrate.js' --once release-42 -o name",
  ],
  args: 1,
  tooMany: ([app]) => ({
    description: 'A command is one word behind -c, in quotes',
    command: `kf run-task ${app} -c 'LINE'`,
  }),
  flags: (command) => {
    command
      .option('-c, --command <LINE>', "shell line to run; default: the App's start command")
      .option('--name <NAME>', 'display name; default: the name of the Task');
    taskFlags(command).option('--once <KEY>', 'a second call with this key returns the first Task', checked(nonEmpty));
    return outputFlag(waitFlags(command));
  },
  async run(context, args, flags) {
    const { runTaskAction } = await import('../tasks/run-task.ts');
    await runTaskAction(context, args[0]!, flags);
  },
});
