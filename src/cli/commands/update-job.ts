import { InvalidArgumentError, Option } from 'commander';
import { defineCommand, repeatable } from '../command.ts';
import { policyFlag, scheduleFlags } from '../jobs/job-flags.ts';
import { unsettable } from '../jobs/unset.ts';
import type { UpdateJobFlags } from '../jobs/update-job.ts';
import { notifyFlags } from '../notify/notify-flags.ts';
import { taskFlags } from '../tasks/task-flags.ts';

export const updateJob = defineCommand<UpdateJobFlags>({
  usage: 'update-job JOB_NAME',
  group: 'Jobs:',
  summary: 'Change a Job, suspend or resume it; Tasks that have started stay as they are',
  details:
    'What is not named stays. A variable of --env replaces the one of the same name; --timezone holds for all schedules of the Job.',
  examples: [
    'kf update-job nightly --suspend',
    'kf update-job nightly --resume',
    "kf update-job nightly --command 'node etl.js --full' -m 4G -c Forbid",
    'kf update-job checks --from-file pipeline-run.yaml',
    'kf update-job nightly --unset memory-limit --unset timeout',
  ],
  args: 1,
  flags: (command) => {
    command
      .option('--command <LINE>', 'shell line to run')
      .option(
        '--from-file <PATH>',
        'carry the TaskRun or PipelineRun of this file from now on; of the same kind as now',
      )
      .option('-s, --schedule <CRON>', 'replaces all schedules, as kf schedule-job');
    taskFlags(notifyFlags(scheduleFlags(policyFlag(command))), 'as it is', 'as it is', 'as it is')
      .option('--suspend', 'start no Tasks on schedule until --resume')
      .option('--resume', 'go on with the schedules from now on; what was due meanwhile is not run')
      .addOption(
        new Option('--unset <FLAG>', `takes a flag back (repeatable): ${unsettable.join(', ')}`).argParser(
          (value: string, before: readonly string[] | undefined) => {
            const name = value.replace(/^--/, '');
            if (unsettable.includes(name)) return repeatable(name, before);
            throw new InvalidArgumentError(`It must be one of ${unsettable.join(', ')}.`);
          },
        ),
      );
    return command;
  },
  async run(context, [name], flags) {
    const { updateJobAction } = await import('../jobs/update-job.ts');
    await updateJobAction(context, name!, flags);
  },
});
