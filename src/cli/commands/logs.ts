import { Option } from 'commander';
import { checked, defineCommand } from '../command.ts';
import { wholeNumber } from '../flags.ts';
import { pattern, since } from '../logs/log-flags.ts';
import type { LogsFlags } from '../logs/logs-action.ts';

const lines = checked(wholeNumber(0, 'number of lines must be greater than or equal to 0'));

export const logs = defineCommand<LogsFlags & { readonly tail?: number }>({
  usage: 'logs {APP_NAME | TASK_NAME | APP_NAME TASK_ID | --job JOB_NAME}',
  group: 'App Management:',
  summary: "Show the logs of an App's Tasks, or of one of them, and follow them",
  details: `One selected Task prints its whole log and the command ends with it. All Tasks print their last 10 lines each, every line with the Task's name and ID before it, and new Tasks as they come, until Ctrl-C. With --since or --grep they print all lines that fit.`,
  examples: [
    'kf logs report --task',
    'kf logs report --task --last',
    'kf logs report --task --id 3 -n 100',
    'kf logs report --failed --recent',
    'kf logs report-x7k2p',
    'kf logs --job nightly --last',
    'kf logs report --since 15m --grep "(?i)error" --timestamps --recent',
    'kf logs report --last --attempt 2 --stream stderr',
  ],
  args: [0, 2],
  flags: (command) =>
    command
      .option('--task', 'logs of Tasks (there are no others: it may be left out)')
      .option('--id <ID|NAME>', 'of this Task only')
      .option('--job <JOB>', 'of Tasks of this Job only; APP_NAME may be left out')
      .option('--last', 'of the newest Task only; with --failed of the newest that failed')
      .option('--failed', 'of the newest Task that failed only')
      .option(
        '-n, --number <N>',
        'lines to begin with; 0: all; default: all of one selected Task, 10 of each Task otherwise',
        lines,
      )
      .option(
        '--since <DURATION|TIME>',
        'what is not older: 15m, 2h, 2026-03-29T02:30:00Z, "2026-03-29 02:30" (local time)',
        checked(since),
      )
      .option(
        '--grep <PATTERN>',
        'lines that match this regular expression; (?i) at its beginning ignores case; -n then counts matching lines',
        checked(pattern),
      )
      .option('--timestamps', 'each line with its time before it')
      .addOption(new Option('--stream <STREAM>', 'of this stream only; default: both').choices(['stdout', 'stderr']))
      .option(
        '--attempt <N>',
        'of this attempt only, from 1; one that is still to come is waited for',
        checked(wholeNumber(1, 'an attempt must be a number of 1 or more')),
      )
      .option('--recent', 'print what there is and end, instead of following')
      .addOption(new Option('--tail <N>').argParser(lines).conflicts('number').hideHelp())
      // As kubectl has it: logs are followed anyway.
      .addOption(new Option('-f, --follow').conflicts('recent').hideHelp()),
  async run(context, args, { tail, ...flags }) {
    const { logsAction } = await import('../logs/logs-action.ts');
    await logsAction(context, args, tail === undefined ? flags : { ...flags, number: tail });
  },
});
