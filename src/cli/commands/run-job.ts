import { defineCommand, outputFlag } from '../command.ts';
import type { RunJobFlags } from '../jobs/run-job.ts';
import { taskFlags, waitFlags } from '../tasks/task-flags.ts';

export const runJob = defineCommand<RunJobFlags>({
  usage: 'run-job JOB_NAME',
  group: 'Jobs:',
  summary: 'Run a Job now, suspended or not, as its concurrency policy allows',
  details:
    'Other flags hold for this run only. Under Forbid a Task of the Job that has not ended refuses it (exit code 1), under Replace that Task is terminated first. Exit codes with --wait and --follow are those of run-task.',
  examples: ['kf run-job nightly', 'kf run-job nightly --follow', 'kf run-job nightly -e FULL=1 -m 4G --force --wait'],
  args: 1,
  flags: (command) => {
    taskFlags(command, "the Job's", "the Job's", "the Job's").option(
      '--force',
      'run beside Tasks of the Job that have not ended',
    );
    return outputFlag(waitFlags(command));
  },
  async run(context, [name], flags) {
    const { runJobAction } = await import('../jobs/run-job.ts');
    await runJobAction(context, name!, flags);
  },
});
