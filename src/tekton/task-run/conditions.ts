/** How a TaskRun stands, as its Pod says it: the condition Succeeded, with Tekton's reasons. Pure. */

import type { ConditionDraft } from '../../resources/condition.ts';
import { imagePullOf } from '../../resources/core/image-pull.ts';
import type { ContainerStatus, Pod } from '../../resources/core/pod.ts';
import { isKfsOwn } from '../../resources/tekton/kfs-own.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import { isSidecar, isStep } from './step-names.ts';

export const succeeded = (status: ConditionDraft['status'], reason: string, message: string): ConditionDraft => ({
  type: 'Succeeded',
  status,
  reason,
  message,
});

export const started = (): ConditionDraft => succeeded('Unknown', 'Started', 'The TaskRun has been accepted');

/** Whether nothing of the Pod runs any more. */
export const podEnded = (pod: Pod): boolean => pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';

/** Adds what the condition said before the run was ended, as Tekton does. */
function withPrevious(run: TaskRun, message: string): string {
  const before = run.status?.conditions?.find(({ type }) => type === 'Succeeded');
  if (before?.status !== 'Unknown' || !before.message) return message;
  if (['Started', 'Running', 'TaskRunPending', 'TaskRunCancelled'].includes(before.reason ?? '')) return message;
  return `${message}\nPrevious status: [${before.reason}] ${before.message}`;
}

export const cancelled = (run: TaskRun): ConditionDraft =>
  succeeded(
    'False',
    'TaskRunCancelled',
    withPrevious(run, `TaskRun "${run.metadata.name}" was cancelled. ${run.spec.statusMessage ?? ''}`.trim()),
  );

export const timedOut = (run: TaskRun): ConditionDraft =>
  succeeded(
    'False',
    'TaskRunTimeout',
    withPrevious(run, `TaskRun "${run.metadata.name}" failed to finish within "${run.spec.timeout}"`),
  );

/** Set on the runs of a PipelineTask with `onError: continue`. */
const onErrorAnnotation = 'pipeline.tekton.dev/pipeline-task-on-error';

/** A failure of the run's own doing that its PipelineRun shall not mind. */
const ignoredWhereAsked = (run: TaskRun, condition: ConditionDraft): ConditionDraft =>
  condition.status === 'False' && run.metadata.annotations?.[onErrorAnnotation] === 'continue'
    ? { ...condition, reason: 'FailureIgnored' }
    : condition;

/** @param forgiven containers of steps that may exit as they like */
export function conditionFromPod(run: TaskRun, pod: Pod, forgiven: ReadonlySet<string> = new Set()): ConditionDraft {
  if (!podEnded(pod)) return ending(run, pod) ?? liveCondition(run, pod);
  if (run.spec.status === 'TaskRunCancelled') return cancelled(run);
  const starved = isKfsOwn(run) ? undefined : stepOutOfMemory(pod);
  if (pod.status?.phase === 'Succeeded' && !sidecarFailed(pod) && starved === undefined)
    return succeeded('True', 'Succeeded', 'All Steps have completed executing');
  return failure(run, pod, forgiven);
}

/** Kf's own Tasks say it themselves. */
const ending = (run: TaskRun, pod: Pod): ConditionDraft | undefined =>
  run.spec.status === 'TaskRunCancelled' && pod.status?.phase === 'Running' && !isKfsOwn(run)
    ? succeeded('Unknown', 'TaskRunCancelled', `TaskRun "${run.metadata.name}" is being cancelled`)
    : undefined;

function liveCondition(run: TaskRun, pod: Pod): ConditionDraft {
  if (pod.status?.phase === 'Running')
    return succeeded('Unknown', 'Running', 'Not all Steps in the Task have finished executing');
  const scheduled = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (scheduled?.reason === 'Unschedulable' && scheduled.message?.includes('Insufficient'))
    return succeeded('Unknown', 'ExceededNodeResources', 'TaskRun Pod exceeded available resources');
  if (scheduled?.status === 'False') {
    const { reason = 'Unschedulable', message = '' } = scheduled;
    // A Kf Task looks for the reason.
    const told = isKfsOwn(run)
      ? `${reason}: ${message}`
      : `pod status "PodScheduled":"False"; message: ${JSON.stringify(message)}`;
    return succeeded('Unknown', 'Pending', told);
  }
  const pull = imagePullOf(pod);
  if (pull !== undefined && pull.state !== 'Pulled')
    return succeeded(
      'Unknown',
      pull.state === 'ImagePullBackOff' ? 'PullImageFailed' : 'Pending',
      `${pull.state}: ${pull.message}`,
    );
  const waiting = pod.status?.containerStatuses?.find((status) => status.state?.waiting?.message !== undefined);
  const why = waiting?.state?.waiting?.message;
  if (why === undefined || isKfsOwn(run)) return succeeded('Unknown', 'Pending', why ?? 'Pending');
  return succeeded('Unknown', 'Pending', `build step "${waiting?.name}" is pending with reason ${JSON.stringify(why)}`);
}

function failure(run: TaskRun, pod: Pod, forgiven: ReadonlySet<string>): ConditionDraft {
  if (pod.status?.reason === 'DeadlineExceeded') return timedOut(run);
  if (pod.status?.reason === 'Evicted') return succeeded('False', 'PodEvicted', pod.status.message ?? 'Evicted');
  if (wasDeletedWhileItRan(pod))
    return succeeded('False', 'PodDeleted', `the Pod "${pod.metadata.name}" was deleted while it ran`);
  const failed = firstFailure(pod, forgiven);
  const ended = failed?.state?.terminated;
  if (failed === undefined && !isKfsOwn(run) && stepOutOfMemory(pod) !== undefined)
    return ignoredWhereAsked(run, succeeded('False', 'StepOOM', 'OOMKilled'));
  if (failed === undefined || ended === undefined)
    return succeeded('False', 'Failed', pod.status?.message ?? pod.status?.reason ?? 'the Pod failed');
  return ignoredWhereAsked(run, succeeded('False', reasonOf(failed, ended), messageOf(run, failed, ended)));
}

/** A step of which the kernel killed a process, though it ended well: what it has left cannot be relied on. */
const stepOutOfMemory = ({ status }: Pod): ContainerStatus | undefined =>
  status?.containerStatuses?.find(
    ({ name, state, usage }) => isStep(name) && state?.terminated !== undefined && (usage?.oomKills ?? 0) > 0,
  );

type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

/** What kept a container from starting, and the reason that Tekton gives it. */
const startProblems: Readonly<Record<string, string>> = {
  ErrImagePull: 'TaskRunImagePullFailed',
  ImagePullBackOff: 'TaskRunImagePullFailed',
  ErrImageNeverPull: 'TaskRunImagePullFailed',
  InvalidImageName: 'TaskRunImagePullFailed',
  CreateContainerConfigError: 'CreateContainerConfigError',
  CreateContainerError: 'PodCreationFailed',
};

function reasonOf({ name }: ContainerStatus, { reason = '' }: Terminated): string {
  const problem = startProblems[reason];
  if (problem !== undefined) return problem;
  const [oom, failed] = isSidecar(name) ? ['SidecarOOM', 'SidecarFailed'] : ['StepOOM', 'StepFailed'];
  return reason === 'OOMKilled' ? oom! : failed!;
}

/**
 * A container that waits for what will not come, unless somebody mends it: Tekton does not wait for that.
 * @param mayPullAgain whether a registry that did not answer is asked again
 */
export function stuckStart(run: TaskRun, pod: Pod, mayPullAgain = false): ConditionDraft | undefined {
  for (const status of pod.status?.containerStatuses ?? []) {
    const { reason = '', message } = status.state?.waiting ?? {};
    const passes = reason === 'ErrImagePull' || (mayPullAgain && reason === 'ImagePullBackOff');
    const problem = passes ? undefined : startProblems[reason];
    if (problem === undefined) continue;
    const ended = { exitCode: 1, reason, ...(message === undefined ? {} : { message }) };
    return ignoredWhereAsked(run, succeeded('False', problem, messageOf(run, status, ended)));
  }
  return undefined;
}

function messageOf(run: TaskRun, status: ContainerStatus, { exitCode, reason = '', message }: Terminated): string {
  const { name } = status;
  const problem = startProblems[reason];
  if (problem !== undefined) {
    const which = `the ${isSidecar(name) ? 'sidecar' : 'step'} "${name.replace(/^(step|sidecar)-/, '')}" in TaskRun "${run.metadata.name}"`;
    const what =
      problem === 'TaskRunImagePullFailed' ? `failed to pull the image "${status.image ?? ''}"` : 'failed to start';
    return `${which} ${what}. The pod errored with the message: "${message ?? reason}."`;
  }
  if (reason === 'TimeoutExceeded') return `"${name}" exited because the step exceeded the specified timeout limit`;
  const detail = reason === '' ? '' : `: ${reason}`;
  // Results are no explanation.
  const told = message && !message.startsWith('[{') && message !== '[]' ? ` (${message})` : '';
  return `"${name}" exited with code ${exitCode}${detail}${told}`;
}

/** Only a Pod that has not ended gets time for it. */
const wasDeletedWhileItRan = ({ metadata }: Pod): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.deletionGracePeriodSeconds ?? 0) > 0;

/** The container whose failure tells most, in Tekton's order; not one that was skipped because of another. */
function firstFailure(pod: Pod, forgiven: ReadonlySet<string>): ContainerStatus | undefined {
  const { containerStatuses: all = [] } = pod.status ?? {};
  const failed = all.filter(({ name, state }) => {
    const ended = state?.terminated;
    if (ended === undefined || ended.exitCode === 0 || ended.reason === 'Skipped') return false;
    return ended.reason !== 'Error' || !forgiven.has(name);
  });
  const sidecars = failed.filter((status) => isSidecar(status.name) && endedByItself(status, all));
  const steps = failed.filter(({ name }) => !isSidecar(name));
  const oom = ({ state }: ContainerStatus): boolean => state?.terminated?.reason === 'OOMKilled';
  return sidecars.find(oom) ?? steps.find(oom) ?? sidecars[0] ?? steps[0];
}

/** Before the last step had ended: the node ends sidecars after it. */
function endedByItself({ state }: ContainerStatus, all: readonly ContainerStatus[]): boolean {
  const steps = all.filter(({ name }) => isStep(name)).map(({ state: other }) => other?.terminated?.finishedAt ?? '');
  const last = steps.sort().at(-1) ?? '';
  const finished = state?.terminated?.finishedAt ?? '';
  return finished !== '' && (last === '' || finished < last);
}

/** Whether the Pod failed by a sidecar alone: nothing was left running when the steps had ended. */
function sidecarFailed(pod: Pod): boolean {
  const { containerStatuses: all = [] } = pod.status ?? {};
  const sidecars = all.filter(({ name }) => isSidecar(name));
  return (
    sidecars.some(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0) &&
    sidecars.every((status) => endedByItself(status, all))
  );
}
