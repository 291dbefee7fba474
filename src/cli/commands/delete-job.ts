import { defineCommand } from '../command.ts';
import type { DeleteFlags } from '../delete-object.ts';
import type { DeleteJobScheduleFlags } from '../jobs/delete-job.ts';
import { deleteFlags } from './delete.ts';

const group = 'Jobs:';

export const deleteJobSchedule = defineCommand<DeleteJobScheduleFlags>({
  usage: 'delete-job-schedule JOB_NAME [SCHEDULE_ID]',
  group,
  summary: 'Delete a schedule of a Job; without its last one the Job is suspended',
  details: 'Of several schedules one is named by its ID, see kf job-schedules. Running Tasks go on.',
  examples: [
    'kf delete-job-schedule nightly',
    'kf delete-job-schedule nightly 3',
    'kf delete-job-schedule nightly --all',
  ],
  args: [1, 2],
  flags: (command) => command.option('--all', 'all of several schedules'),
  async run(context, [name, id], flags) {
    const { deleteJobScheduleAction } = await import('../jobs/delete-job.ts');
    await deleteJobScheduleAction(context, [name!, id], flags);
  },
});

export const deleteJob = defineCommand<DeleteFlags>({
  usage: 'delete-job JOB_NAME',
  group,
  summary: 'Delete a Job with all its Tasks, running ones too, and their logs',
  examples: ['kf delete-job nightly', 'kf delete-job nightly --async'],
  args: 1,
  flags: deleteFlags,
  async run(context, [name], flags) {
    const { deleteJobAction } = await import('../jobs/delete-job.ts');
    await deleteJobAction(context, name!, flags);
  },
});
