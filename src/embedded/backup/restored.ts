/**
 * What objects of a backup become, so that nothing that ran since then runs a second time. Pure: what was running is
 * taken for lost as after a reboot, what had not begun is terminated, and slots up to the restore count as dealt with.
 */

import { claimed } from '../../node/pods/recovery/claim.ts';
import { isFinal } from '../../resources/condition.ts';
import { type Pod, podFinished } from '../../resources/core/pod.ts';
import { Task } from '../../resources/kf/task.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { controllerOf } from '../../resources/meta.ts';
import type { PipelineRun } from '../../resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';

/** No machine's boot is called so. */
export const noBoot = 'before-restore';

/** Also Pods that waited: they would start before their TaskRuns are seen to be cancelled. */
export const restoredPod = (pod: Pod, nodeName: string): Pod =>
  podFinished(pod) ? pod : claimed(pod, nodeName, noBoot);

/** A run that has a Pod fails with it; one without would make it, so it is cancelled. */
export function restoredTaskRun(run: TaskRun, reason: string): TaskRun {
  if (isFinal(run) || run.status?.podName !== undefined) return run;
  return { ...run, spec: { ...run.spec, status: 'TaskRunCancelled', statusMessage: reason } };
}

/** A Task's ends with its only TaskRun; in others tasks may be left that run after what was lost, or beside it. */
export function restoredPipelineRun(run: PipelineRun): PipelineRun {
  const isTasks = controllerOf(run)?.kind === Task.kind && run.status?.childReferences !== undefined;
  return isFinal(run) || isTasks ? run : { ...run, spec: { ...run.spec, status: 'Cancelled' } };
}

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
