/**
 * What objects of a backup become, so that nothing that ran since then runs a second time. Pure: what was running is
 * taken for lost as after a reboot, what had not begun is terminated, and slots up to the restore count as dealt with.
 */

import { bootOfClaim, claimed } from '../../node/pods/claim.ts';
import { isFinal } from '../../resources/condition.ts';
import { type Pod, podFinished } from '../../resources/core/pod.ts';
import type { Task } from '../../resources/kf/task.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';

/** No machine's boot is called so. */
const noBoot = 'before-restore';

export const restoredPod = (pod: Pod, nodeName: string): Pod =>
  podFinished(pod) || bootOfClaim(pod) === undefined ? pod : claimed(pod, nodeName, noBoot);

export function restoredTask(task: Task): Task {
  if (isFinal(task)) return task;
  if (task.status?.startTime === undefined) return { ...task, spec: { ...task.spec, terminated: true } };
  // What was lost would be tried again, and may have succeeded since.
  const { retries: _, ...spec } = task.spec;
  return { ...task, spec };
}

export function restoredJob(job: TaskSchedule, now: string, madeAt: string): TaskSchedule {
  if (job.status === undefined || job.spec.suspend) return job;
  const { starting: _, backlog: __, replacing: ___, ...status } = job.status;
  const message = `restored from a backup of ${madeAt}: what was due in between was let go`;
  const history = [{ time: now, outcome: 'Missed' as const, message }, ...(status.history ?? [])].slice(0, 50);
  return { ...job, status: { ...status, countedUntil: now, history } };
}
