/** The status of a TaskRun as it follows from its Pod. Pure. */

import { rfc3339 } from '../../client/clock.ts';
import { type ConditionDraft, mergeConditions } from '../../resources/condition.ts';
import type { ContainerState, ContainerStatus, Pod } from '../../resources/core/pod.ts';
import { isKfsOwn } from '../../resources/tekton/kfs-own.ts';
import type { Step } from '../../resources/tekton/step.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import type { SidecarState, StepState, TaskRunStatus } from '../../resources/tekton/task-run-status.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { artifactsOf } from './artifacts.ts';
import { attemptOf, podName } from './attempt.ts';
import { breakpointsOf, overridesOnError } from './breakpoints.ts';
import { conditionFromPod, podEnded, succeeded } from './conditions.ts';
import { TaskRunFailure } from './failure.ts';
import { artifactsIn, checkResults, fittingResults, stepResults, taskResults } from './results.ts';
import { returned } from './start-order.ts';
import { sidecarContainer, stepContainer } from './step-names.ts';

/** Whether nobody has said anything of the Pod yet: it may have been given to a node, which is no news for its run. */
export const isUntold = ({ status }: Pod): boolean =>
  (status?.phase ?? 'Pending') === 'Pending' &&
  (status?.conditions ?? []).length === 0 &&
  (status?.containerStatuses ?? []).length === 0;

/** Whether any step has been started. */
export const hasStartedStep = (spec: TaskSpec, pod: Pod): boolean =>
  (spec.steps ?? []).some((step, index) => {
    const { running, terminated } = statusOf(pod, stepContainer(step, index))?.state ?? {};
    return running !== undefined || terminated?.startedAt !== undefined;
  });

const statusOf = ({ status = {} }: Pod, container: string): ContainerStatus | undefined =>
  [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])].find(({ name }) => name === container);

/**
 * @param now RFC 3339
 * @param end how the run ends whatever its Pod says; default: what its Pod says
 */
export function statusFromPod(
  run: TaskRun,
  spec: TaskSpec,
  pod: Pod,
  now: string,
  end?: ConditionDraft,
): TaskRunStatus {
  const said = end !== undefined && podEnded(pod) ? end : conditionFromPod(run, pod, forgivenSteps(run, spec));
  const results = said.status === 'Unknown' ? [] : taskResults(spec, messagesOf(spec, pod));
  const condition = said.status === 'True' ? checked(spec, results, said) : said;
  const final = condition.status !== 'Unknown';
  const fitting = fittingResults(spec, results);
  const sidecars = sidecarStates(spec, pod);
  const artifacts = final ? artifactsOf([...messagesOf(spec, pod).values()]) : undefined;
  return {
    ...run.status,
    podName: pod.metadata.name,
    startTime: run.status?.startTime ?? now,
    ...(final ? { completionTime: run.status?.completionTime ?? endOf(run, pod) ?? now } : {}),
    steps: stepStates(run, spec, pod, condition),
    ...(sidecars.length === 0 ? {} : { sidecars }),
    ...(fitting.length === 0 ? {} : { results: fitting }),
    // Empty where there are none, as with Tekton's flag enable-artifacts.
    ...(final && !isKfsOwn(run) ? { artifacts: artifacts ?? {} } : {}),
    conditions: mergeConditions(run.status?.conditions, [condition], now),
  };
}

function checked(
  spec: TaskSpec,
  results: Parameters<typeof checkResults>[1],
  condition: ConditionDraft,
): ConditionDraft {
  try {
    checkResults(spec, results);
    return condition;
  } catch (error) {
    if (!(error instanceof TaskRunFailure)) throw error;
    return succeeded('False', error.reason, error.message);
  }
}

const messagesOf = (spec: TaskSpec, pod: Pod): ReadonlyMap<string, string | undefined> =>
  new Map(
    (spec.steps ?? []).map((step, index) => {
      const container = stepContainer(step, index);
      return [container, statusOf(pod, container)?.state?.terminated?.message];
    }),
  );

/** The status of a run that ends without, or before, its Pod. */
export function finalStatus(run: TaskRun, condition: ConditionDraft, now: string): TaskRunStatus {
  return {
    ...run.status,
    startTime: run.status?.startTime ?? now,
    completionTime: run.status?.completionTime ?? now,
    ...(run.status?.steps === undefined || isKfsOwn(run)
      ? {}
      : { steps: run.status.steps.map((state) => endedWith(run, state, condition.reason ?? '', now)) }),
    conditions: mergeConditions(run.status?.conditions, [condition], now),
  };
}

/** A step that never said its end. */
function endedWith(run: TaskRun, state: StepState, reason: string, now: string): StepState {
  if (state.terminated !== undefined) return state;
  const { running, waiting: _waiting, ...rest } = state;
  const pod = run.status?.podName ?? podName(run, attemptOf(run));
  return {
    ...rest,
    terminated: {
      exitCode: 1,
      reason,
      message: endedWithPod(state, pod),
      ...(running?.startedAt === undefined ? {} : { startedAt: running.startedAt }),
      finishedAt: now,
    },
    terminationReason: reason,
  };
}

/** In Tekton's words. */
const endedWithPod = ({ name = '' }: StepState, pod: string): string =>
  `Step ${name} terminated as pod ${pod} is terminated`;

const notYet: ContainerState = { waiting: { reason: 'PodInitializing' } };

/** Steps of a Pod of which nothing has been told yet. @param known what is known of some, by name */
export const awaitedSteps = ({ steps = [] }: TaskSpec, known: readonly StepState[]): readonly StepState[] =>
  steps.map((step, index) => {
    const container = stepContainer(step, index);
    const name = container.replace(/^step-/, '');
    const { provenance } = known.find((state) => state.name === name) ?? {};
    return { ...notYet, name, container, ...(provenance === undefined ? {} : { provenance }) };
  });

/** Reasons for which somebody, or the time limit, ended the steps. */
const endedFromOutside = ['TaskRunCancelled', 'TaskRunTimeout'];

/** Whether a step's failure keeps the others from running; a breakpoint at failures overrides what the step says. */
function onErrorOf(run: TaskRun, { onError }: Step): string | undefined {
  const breakpoints = breakpointsOf(run);
  return breakpoints !== undefined && overridesOnError(breakpoints) ? undefined : onError;
}

const forgivenSteps = (run: TaskRun, { steps = [] }: TaskSpec): ReadonlySet<string> =>
  new Set(steps.flatMap((step, index) => (onErrorOf(run, step) === 'continue' ? [stepContainer(step, index)] : [])));

function stepStates(run: TaskRun, spec: TaskSpec, pod: Pod, condition: ConditionDraft): readonly StepState[] {
  // Kf reads the ends of its own Tasks from the containers' states.
  const outside = !isKfsOwn(run) && condition.status === 'False' && endedFromOutside.includes(condition.reason ?? '');
  return (spec.steps ?? []).map((step, index) => {
    const container = stepContainer(step, index);
    const status = statusOf(pod, container);
    const said = isKfsOwn(run) ? status?.state : starved(status);
    const ended = said?.terminated;
    const onError = onErrorOf(run, step);
    const name = container.replace(/^step-/, '');
    const before = run.status?.steps?.find((state) => state.name === name);
    const results = stepResults(step, ended?.message);
    const state: StepState = {
      ...asOfKubernetes(said ?? notYet, onError),
      name,
      container,
      ...(status?.imageID === undefined ? {} : { imageID: status.imageID }),
      ...(before?.provenance === undefined ? {} : { provenance: before.provenance }),
      ...(status?.usage === undefined ? {} : { usage: status.usage }),
      ...(results.length === 0 ? {} : { results }),
      ...artifactsIn(ended?.message, returned.stepArtifacts),
      ...(ended === undefined ? {} : { terminationReason: terminationReason(onError, ended) }),
    };
    return outside && ended !== undefined && ended.exitCode !== 0
      ? stopped(state, condition.reason ?? '', pod.metadata.name)
      : state;
  });
}

/** In Kubernetes a container ends for want of memory, too, that lost one of its processes and ended well all the same. */
function starved(status: ContainerStatus | undefined): ContainerState | undefined {
  const ended = status?.state?.terminated;
  const isStarved = ended?.exitCode === 0 && (status?.usage?.oomKills ?? 0) > 0;
  return isStarved ? { terminated: { ...ended, reason: 'OOMKilled' } } : status?.state;
}

/** Reasons that a container's end has on this node only. Kubernetes knows the exit code's; `terminationReason` says more. */
const ofThisNode = ['Skipped', 'TimeoutExceeded'];

function asOfKubernetes(state: ContainerState, onError: string | undefined): ContainerState {
  const { terminated } = state;
  if (terminated === undefined) return state;
  // Tekton's own program ended well; the code is its command's.
  if (terminationReason(onError, terminated) === 'Continued')
    return { terminated: { ...terminated, reason: 'Completed' } };
  if (!ofThisNode.includes(terminated.reason ?? '')) return state;
  const { message, ...rest } = terminated;
  return {
    terminated: {
      ...rest,
      ...(message === undefined || terminated.reason === 'Skipped' ? {} : { message }),
      reason: terminated.exitCode === 0 ? 'Completed' : 'Error',
    },
  };
}

/** The exit code stays what it was; what has never run has none of its own. */
const stopped = (state: StepState, reason: string, pod: string): StepState =>
  state.terminated === undefined || state.terminationReason === 'Continued'
    ? state
    : {
        ...state,
        terminated: { message: endedWithPod(state, pod), ...state.terminated, reason },
        terminationReason: reason,
      };

function terminationReason(onError: string | undefined, ended: { exitCode: number; reason?: string }): string {
  if (ended.exitCode !== 0 && ended.reason === 'Error' && onError === 'continue') return 'Continued';
  return ended.reason ?? (ended.exitCode === 0 ? 'Completed' : 'Error');
}

function sidecarStates({ sidecars = [] }: TaskSpec, pod: Pod): readonly SidecarState[] {
  return sidecars.flatMap((sidecar) => {
    const container = sidecarContainer(sidecar);
    const status = statusOf(pod, container);
    if (status?.state === undefined) return [];
    return [
      {
        ...status.state,
        name: sidecar.name,
        container,
        ...(status.imageID === undefined ? {} : { imageID: status.imageID }),
      },
    ];
  });
}

/** In whole seconds, as the times of other runs that it is compared with; of Kf's own as the container had it. */
function endOf(run: TaskRun, pod: Pod): string | undefined {
  const finish = lastFinish(pod);
  return finish === undefined || isKfsOwn(run) ? finish : rfc3339(Date.parse(finish));
}

function lastFinish(pod: Pod): string | undefined {
  const times = (pod.status?.containerStatuses ?? []).map((status) => status.state?.terminated?.finishedAt);
  return times
    .filter((time) => time !== undefined)
    .sort()
    .at(-1);
}
