import { checked, checkedRepeatable, defineCommand, outputFlag, repeatable } from '../command.ts';
import { cores, duration, nonEmpty, seconds, size, variable } from '../flags.ts';
import type { RunTaskFlags } from '../tasks/run-task.ts';

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
  flags: (command) =>
    outputFlag(
      command
        .option('-c, --command <LINE>', "shell line to run; default: the App's start command")
        .option('--args <ARG>', 'one word of the exact argv (repeatable); with -c they become its "$@"', repeatable)
        .option('--name <NAME>', 'display name; default: the name of the Task')
        .option('-m, --memory-limit <SIZE>', "memory, like 512M or 2G; default: the App's", checked(size))
        .option('-k, --disk-quota <SIZE>', "disk, like 512M or 2G; default: the App's", checked(size))
        .option(
          '--cpu-cores <CORES>',
          'cores, like 0.5 or 500m, as request and limit; default: no limit',
          checked(cores),
        )
        .option('-e, --env <NAME=VALUE>', "added to the App's environment (repeatable)", checkedRepeatable(variable))
        .option('--timeout <DURATION>', 'ends the task this long after its start; default: never', checked(duration))
        .option('--grace-period <DURATION>', 'between SIGTERM and SIGKILL; default: 10s', checked(seconds))
        .option('--once <KEY>', 'a second call with this key returns the first Task', checked(nonEmpty))
        .option('-w, --wait', "wait for the end and exit with the task's own code")
        .option('--follow', 'as --wait, and print the log'),
    ),
  async run(context, args, flags) {
    const { runTaskAction } = await import('../tasks/run-task.ts');
    await runTaskAction(context, args[0]!, flags);
  },
});
