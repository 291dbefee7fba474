/** The run of one slot of a Job. Pure. */

import type { Draft } from '../../client/client.ts';
import { rfc3339 } from '../../client/clock.ts';
import { type JobRun, runOf } from '../../resources/kf/job-run.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { annotations } from '../../resources/labels.ts';

/** Kf's name, `JOB-UNIXTIME`: one slot, one name, so that it never yields two. */
const slotRunName = (job: TaskSchedule, slot: number): string => `${job.metadata.name}-${Math.floor(slot / 1000)}`;

export function slotRunOf(job: TaskSchedule, slot: number): Draft<JobRun> {
  const time = rfc3339(slot);
  const run = runOf(job, {
    name: slotRunName(job, slot),
    annotations: {
      [annotations.scheduledTime]: time,
      [annotations.createdBy]: `Job ${job.metadata.name}, slot ${time}`,
    },
  });
  return {
    ...run,
    metadata: { ...run.metadata, labels: { ...job.metadata.labels, ...run.metadata.labels } },
  } as Draft<JobRun>;
}
