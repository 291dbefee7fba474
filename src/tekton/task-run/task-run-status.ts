/** The status of a TaskRun as it follows from its Pod. Pure. */

import { type ConditionDraft, mergeConditions } from '../../resources/condition.ts';
import { imagePullOf } from '../../resources/core/image-pull.ts';
import type { ContainerStatus, Pod } from '../../resources/core/pod.ts';
import type { StepState, TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { stepContainer } from './pod.ts';

type TaskRunStatus = NonNullable<TaskRun['status']>;

const succeeded = (status: ConditionDraft['status'], reason: string, message: string): ConditionDraft => ({
  type: 'Succeeded',
  status,
  reason,
  message,
});

export const started = (): ConditionDraft => succeeded('Unknown', 'Started', 'The TaskRun has been accepted');

/** Whether nothing of the Pod runs any more. */
export function podEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Whether nobody has said anything of the Pod yet: it may have been given to a node, which is no news for its run. */
export const isUntold = ({ status }: Pod): boolean =>
  (status?.phase ?? 'Pending') === 'Pending' &&
  (status?.conditions ?? []).length === 0 &&
  (status?.containerStatuses ?? []).length === 0;

/** @param now RFC 3339 */
export function statusFromPod(run: TaskRun, spec: TaskSpec, pod: Pod, now: string): TaskRunStatus {
  const condition = conditionFromPod(run, pod);
  const final = condition.status !== 'Unknown';
  return {
    ...run.status,
    observedGeneration: run.metadata.generation,
    podName: pod.metadata.name,
    startTime: run.status?.startTime ?? now,
    ...(final ? { completionTime: run.status?.completionTime ?? lastFinish(pod) ?? now } : {}),
    steps: stepStates(spec, pod),
    conditions: mergeConditions(run.status?.conditions, [condition], now),
  };
}

/** The status of a run that ends without, or before, its Pod. */
export function finalStatus(run: TaskRun, reason: string, message: string, now: string): TaskRunStatus {
  return {
    ...run.status,
    observedGeneration: run.metadata.generation,
    startTime: run.status?.startTime ?? now,
    completionTime: run.status?.completionTime ?? now,
    conditions: mergeConditions(run.status?.conditions, [succeeded('False', reason, message)], now),
  };
}

export const cancelledMessage = (run: TaskRun): string =>
  `TaskRun "${run.metadata.name}" was cancelled. ${run.spec.statusMessage ?? ''}`.trim();

function conditionFromPod(run: TaskRun, pod: Pod): ConditionDraft {
  if (!podEnded(pod)) return liveCondition(pod);
  if (run.spec.status === 'TaskRunCancelled') return succeeded('False', 'TaskRunCancelled', cancelledMessage(run));
  if (pod.status?.phase === 'Succeeded') return succeeded('True', 'Succeeded', 'All Steps have completed executing');
  return failure(run, pod);
}

function liveCondition(pod: Pod): ConditionDraft {
  if (pod.status?.phase === 'Running')
    return succeeded('Unknown', 'Running', 'Not all Steps in the Task have finished executing');
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (scheduled?.status === 'False')
    return succeeded('Unknown', 'Pending', `${scheduled.reason ?? 'Unschedulable'}: ${scheduled.message ?? ''}`);
  const pull = imagePullOf(pod);
  if (pull !== undefined && pull.state !== 'Pulled')
    return succeeded(
      'Unknown',
      pull.state === 'ImagePullBackOff' ? 'PullImageFailed' : 'Pending',
      `${pull.state}: ${pull.message}`,
    );
  const waiting = pod.status?.containerStatuses?.find((status) => status.state?.waiting?.message !== undefined);
  return succeeded('Unknown', 'Pending', waiting?.state?.waiting?.message ?? 'Pending');
}

function failure(run: TaskRun, pod: Pod): ConditionDraft {
  if (pod.status?.reason === 'DeadlineExceeded')
    return succeeded(
      'False',
      'TaskRunTimeout',
      `TaskRun "${run.metadata.name}" failed to finish within "${run.spec.timeout}"`,
    );
  if (wasDeletedWhileItRan(pod))
    return succeeded('False', 'PodDeleted', `the Pod "${pod.metadata.name}" was deleted while it ran`);
  const failed = firstFailure(pod);
  const ended = failed?.state?.terminated;
  if (failed === undefined || ended === undefined)
    return succeeded('False', podReason(pod), pod.status?.message ?? pod.status?.reason ?? 'the Pod failed');
  const detail = ended.reason !== undefined && ended.reason !== 'Error' ? `: ${ended.reason}` : '';
  const message = `"${failed.name}" exited with code ${ended.exitCode}${detail}${ended.message ? ` (${ended.message})` : ''}`;
  return succeeded('False', failureReason(ended.reason), message);
}

/** Of an image that could not be had. */
const isPullProblem = (reason = ''): boolean => ['ErrImagePull', 'InvalidImageName'].includes(reason);

function failureReason(reason: string | undefined): string {
  if (isPullProblem(reason)) return 'TaskRunImagePullFailed';
  return reason === 'OOMKilled' ? 'StepOOM' : 'StepFailed';
}

/** Only a Pod that has not ended gets time for it. */
const wasDeletedWhileItRan = ({ metadata }: Pod): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.deletionGracePeriodSeconds ?? 0) > 0;

const podReason = (pod: Pod): string => (pod.status?.reason === 'Evicted' ? 'PodEvicted' : 'Failed');

/** The container that failed by itself: not one that was skipped because of another. */
function firstFailure(pod: Pod): ContainerStatus | undefined {
  return pod.status?.containerStatuses?.find((status) => {
    const ended = status.state?.terminated;
    return ended !== undefined && ended.exitCode !== 0 && ended.reason !== 'Skipped';
  });
}

function stepStates(spec: TaskSpec, pod: Pod): readonly StepState[] {
  return (spec.steps ?? []).map((step, index) => {
    const container = stepContainer(step, index);
    const status = pod.status?.containerStatuses?.find((candidate) => candidate.name === container);
    const ended = status?.state?.terminated;
    return {
      ...(status?.state ?? { waiting: { reason: 'PodInitializing' } }),
      name: container.replace(/^step-/, ''),
      container,
      ...(status?.imageID === undefined ? {} : { imageID: status.imageID }),
      ...(status?.usage === undefined ? {} : { usage: status.usage }),
      ...(ended === undefined ? {} : { terminationReason: terminationReason(step.onError, ended) }),
    };
  });
}

function terminationReason(onError: string | undefined, ended: { exitCode: number; reason?: string }): string {
  if (ended.exitCode !== 0 && ended.reason === 'Error' && onError === 'continue') return 'Continued';
  return ended.reason ?? (ended.exitCode === 0 ? 'Completed' : 'Error');
}

function lastFinish(pod: Pod): string | undefined {
  const times = (pod.status?.containerStatuses ?? []).map((status) => status.state?.terminated?.finishedAt);
  return times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
}
