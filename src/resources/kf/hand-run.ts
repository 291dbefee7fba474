/** A run of a Job by hand: it is made pending, and the Job's controller lets it start or takes it away. Pure. */

import { labels } from '../labels.ts';
import { controllerRef } from '../meta.ts';
import type { Task } from './task.ts';
import type { TaskSchedule } from './task-schedule.ts';

export interface HandRun {
  readonly name: string;
  readonly spec: Task['spec'];
  /** Starts at once, whatever the concurrency policy says. */
  readonly force?: boolean;
}

export const handRunOf = (job: TaskSchedule, { name, spec, force = false }: HandRun) => ({
  metadata: {
    namespace: job.metadata.namespace!,
    name,
    labels: { [labels.jobOwner]: job.metadata.name },
    ownerReferences: [controllerRef(job)],
  },
  spec: force ? spec : { ...spec, pending: true },
});

export interface Refusal {
  readonly outcome: 'Skipped' | 'Replaced' | 'Missed';
  readonly message: string;
}

/** Why a pending run that is gone was refused; undefined when somebody else took it away. */
export function refusalOf(job: TaskSchedule, run: string): Refusal | undefined {
  const entry = job.status?.history?.find((line) => line.run === run);
  return entry === undefined ? undefined : { outcome: entry.outcome, message: entry.message ?? entry.outcome };
}
