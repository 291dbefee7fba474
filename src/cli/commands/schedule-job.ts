import { checked, defineCommand } from '../command.ts';
import { wholeNumber } from '../flags.ts';
import { scheduleFlags } from '../jobs/job-flags.ts';
import type { ScheduleJobFlags } from '../jobs/schedule-job.ts';
import { notifyFlags } from '../notify/notify-flags.ts';

export const scheduleJob = defineCommand<ScheduleJobFlags>({
  usage: 'schedule-job JOB_NAME SCHEDULE',
  group: 'Jobs:',
  summary: 'Give a Job its schedule, instead of what it had, and print the next three runs',
  details:
    "Five cron fields (minute, hour, day of month, month, day of week), @yearly, @monthly, @weekly, @daily, @hourly, or @every with a duration of whole minutes. The time zone is the Job's, else the Space's, else UTC.",
  examples: [
    'kf schedule-job nightly "0 2 * * *"',
    'kf schedule-job nightly "30 8 * * MON-FRI" --timezone Europe/Berlin --missed skip',
    'kf schedule-job nightly "@every 90m" --add',
    'kf schedule-job nightly "0 2 * * *" --spread',
    'kf schedule-job nightly "0 2 * * *" --preview 10',
  ],
  args: 2,
  flags: (command) =>
    notifyFlags(scheduleFlags(command))
      .option('--add', 'keep the schedules that there are')
      .option(
        '--preview [N]',
        'only print the next N runs (default: 3), changing nothing',
        checked(wholeNumber(1, 'It must be a number of runs from 1 on.')),
      ),
  async run(context, [name, schedule], flags) {
    const { scheduleJobAction } = await import('../jobs/schedule-job.ts');
    await scheduleJobAction(context, [name!, schedule!], flags);
  },
});
