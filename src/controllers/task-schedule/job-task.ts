/** The Task of one slot of a Job. Pure. */

import type { Draft } from '../../client/client.ts';
import { rfc3339 } from '../../client/clock.ts';
import type { Task } from '../../resources/kf/task.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { annotations, labels } from '../../resources/labels.ts';
import { controllerRef } from '../../resources/meta.ts';

/** Kf's name, `JOB-UNIXTIME`: one slot, one name, so that it never yields two Tasks. */
export const jobTaskName = (job: TaskSchedule, slot: number): string =>
  `${job.metadata.name}-${Math.floor(slot / 1000)}`;

export function jobTaskOf(job: TaskSchedule, slot: number): Draft<Task> {
  const time = rfc3339(slot);
  return {
    metadata: {
      name: jobTaskName(job, slot),
      ...(job.metadata.namespace === undefined ? {} : { namespace: job.metadata.namespace }),
      labels: { ...job.metadata.labels, [labels.jobOwner]: job.metadata.name },
      annotations: {
        [annotations.scheduledTime]: time,
        [annotations.createdBy]: `Job ${job.metadata.name}, slot ${time}`,
      },
      ownerReferences: [controllerRef(job)],
    },
    spec: job.spec.taskTemplate,
  };
}
