import { defineCommand } from '../command.ts';
import type { CreateJobFlags } from '../jobs/create-job.ts';
import { policyFlag, scheduleFlags } from '../jobs/job-flags.ts';
import { notifyFlags } from '../notify/notify-flags.ts';
import { taskFlags } from '../tasks/task-flags.ts';

export const createJob = defineCommand<CreateJobFlags>({
  usage: 'create-job APP_NAME JOB_NAME COMMAND',
  group: 'Jobs:',
  summary: 'Create a Job: a command of an App that is run by hand or on a schedule',
  details:
    'The command is a shell line, run as a Task of the App. Without --schedule the Job runs when kf run-job says so. COMMAND may be left out where --args gives the exact argv.',
  examples: [
    'kf create-job report nightly "node etl.js"',
    'kf create-job report nightly "node etl.js" -s "0 2 * * *" --timezone Europe/Berlin -c Forbid',
    'kf create-job checks --from-file pipeline-run.yaml -s @daily',
    'kf create-job report load --args python3 --args load.py -m 2G --timeout 30m',
  ],
  args: [1, 3],
  flags: (command) => {
    policyFlag(
      command.option('-s, --schedule <CRON>', 'when to run: five cron fields, @daily and its like, or @every 90m'),
    );
    command.option(
      '--from-file <PATH>',
      'carry the TaskRun or PipelineRun of this file instead of a command: kf create-job JOB_NAME --from-file PATH',
    );
    taskFlags(notifyFlags(scheduleFlags(command))).option('--async', 'do not wait until the Job is ready');
    return command;
  },
  async run(context, args, flags) {
    const { createJobAction } = await import('../jobs/create-job.ts');
    await createJobAction(context, args, flags);
  },
});
