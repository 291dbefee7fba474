import { defineCommand, type OutputFlag, outputFlag } from '../command.ts';

const group = 'Jobs:';

export const jobs = defineCommand<OutputFlag>({
  usage: 'jobs',
  group,
  summary: 'List the Jobs of the Space, with their next run and last result',
  examples: ['kf jobs', 'kf jobs -o json'],
  flags: outputFlag,
  async run(context, _, flags) {
    const { listJobs } = await import('../jobs/list-jobs.ts');
    await listJobs(context, flags);
  },
});

export const jobSchedules = defineCommand<OutputFlag>({
  usage: 'job-schedules',
  group,
  summary: 'List the schedules that are in force, with their IDs, time zones and next runs',
  examples: ['kf job-schedules', 'kf job-schedules -o name'],
  flags: outputFlag,
  async run(context, _, flags) {
    const { listSchedules } = await import('../jobs/list-jobs.ts');
    await listSchedules(context, flags);
  },
});

export const job = defineCommand<OutputFlag>({
  usage: 'job JOB_NAME',
  group,
  summary: 'Show everything about one Job: schedules in words, next runs, last results, what waits and why',
  examples: ['kf job nightly', 'kf job nightly -o yaml'],
  args: 1,
  flags: outputFlag,
  async run(context, [name], { output }) {
    const { describeJob } = await import('../jobs/describe-job.ts');
    await describeJob(context, name!, output);
  },
});

export const jobHistory = defineCommand<OutputFlag>({
  usage: 'job-history JOB_NAME',
  group,
  summary: 'List the Tasks of a Job and the runs that were missed, skipped or replaced, newest last',
  examples: ['kf job-history nightly', 'kf job-history nightly -o json'],
  args: 1,
  flags: outputFlag,
  async run(context, [name], flags) {
    const { listHistory } = await import('../jobs/list-jobs.ts');
    await listHistory(context, name!, flags);
  },
});
