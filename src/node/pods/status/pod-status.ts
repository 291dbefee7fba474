/** A Pod's status from the state of its containers. Pure. */

import { mergeConditions } from '../../../resources/condition.ts';
import type { Container, ContainerState, ContainerStatus, Pod } from '../../../resources/core/pod.ts';
import { isRestartable } from '../../../resources/core/pod-containers.ts';
import type { StartOrder } from '../../../resources/core/start-order.ts';
import { type ContainerRun, hasEnded, isReady } from '../containers/container-run.ts';
import { allEnded, type Runs, succeeded } from '../containers/order.ts';
import type { Restart } from '../containers/restart-backoff.ts';
import type { EndedRecord } from '../recovery/state-file.ts';

export type PodStatus = NonNullable<Pod['status']>;

export interface StatusInput {
  readonly pod: Pod;
  readonly runs: Runs;
  readonly order: StartOrder;
  readonly podIP?: string;
  readonly hostIP?: string;
  /** RFC 3339. */
  readonly now: string;
  /** When the Pod had its turn; RFC 3339. */
  readonly admitted: string;
  /** Why the Pod as a whole failed. */
  readonly failure?: { readonly reason: string; readonly message: string };
  readonly containerId: (name: string) => string;
  /** The image by its digest; undefined where that is not known. */
  readonly imageId: (name: string) => string | undefined;
  readonly restartOf: (name: string) => Restart | undefined;
}

/** RFC 3339 with milliseconds. */
export const exactTime = (milliseconds: number): string => new Date(milliseconds).toISOString();

export function podStatus(input: StatusInput): PodStatus {
  const { pod, runs, order, now, failure } = input;
  const phase = phaseOf(pod, order, runs, failure !== undefined);
  const before = pod.status ?? {};
  const { initContainers = [] } = pod.spec;
  const initialized =
    pod.spec.containers.some(({ name }) => hasBegun(runs.get(name)!)) ||
    initContainers.every((container) => isInitialized(container, runs.get(container.name)!));
  const ready = pod.spec.containers.every(({ name }) => {
    const run = runs.get(name)!;
    return run.phase === 'running' && isReady(run);
  });
  const readiness = { status: ready ? 'True' : 'False', ...readyReason(phase) } as const;
  return {
    ...before,
    phase,
    startTime: before.startTime ?? input.admitted,
    ...(input.podIP === undefined ? {} : { podIP: input.podIP, podIPs: [{ ip: input.podIP }] }),
    ...(input.hostIP === undefined ? {} : { hostIP: input.hostIP }),
    ...(failure ?? {}),
    conditions: mergeConditions(
      before.conditions,
      [
        { type: 'PodScheduled', status: 'True' },
        initialized
          ? { type: 'Initialized', status: 'True', ...(phase === 'Succeeded' ? { reason: 'PodCompleted' } : {}) }
          : { type: 'Initialized', status: 'False', reason: 'ContainersNotInitialized' },
        { type: 'Ready', ...readiness },
        { type: 'ContainersReady', ...readiness },
      ],
      now,
    ),
    ...(initContainers.length === 0
      ? {}
      : { initContainerStatuses: initContainers.map((container) => initStatus(container, input)) }),
    containerStatuses: pod.spec.containers.map((container) => containerStatus(container, input)),
  };
}

/** Once one of its own containers has, a Pod is initialized for good. */
const hasBegun = (run: ContainerRun): boolean =>
  run.phase === 'running' || (hasEnded(run) && run.startedAt !== undefined);

/** Whether those behind it may start: it has done its work, or, if it runs on, it is ready. */
const isInitialized = (container: Container, run: ContainerRun): boolean =>
  isRestartable(container) ? run.phase !== 'waiting' && isReady(run) : hasEnded(run) && run.exitCode === 0;

/** A container that has succeeded stays ready. */
function initStatus(container: Container, input: StatusInput): ContainerStatus {
  const status = containerStatus(container, input);
  return isRestartable(container)
    ? status
    : { ...status, ready: isInitialized(container, input.runs.get(container.name)!) };
}

function phaseOf(pod: Pod, order: StartOrder, runs: Runs, failed: boolean): NonNullable<PodStatus['phase']> {
  if (allEnded(runs)) return !failed && succeeded(order, runs) ? 'Succeeded' : 'Failed';
  // A Pod that is being prepared does not run yet.
  const begun = pod.spec.containers.some(({ name }) => {
    const run = runs.get(name)!;
    return run.phase === 'running' || hasEnded(run);
  });
  return begun ? 'Running' : 'Pending';
}

function readyReason(phase: string): { reason?: string } {
  if (phase === 'Succeeded') return { reason: 'PodCompleted' };
  if (phase === 'Failed') return { reason: 'PodFailed' };
  return {};
}

function containerStatus({ name, image = '' }: Container, input: StatusInput): ContainerStatus {
  const run = input.runs.get(name)!;
  const id = input.containerId(name);
  const { containerStatuses = [], initContainerStatuses = [] } = input.pod.status ?? {};
  const before = [...containerStatuses, ...initContainerStatuses].find((status) => status.name === name);
  const begun = hasBegun(run);
  return {
    name,
    image,
    imageID: input.imageId(name) ?? (before?.imageID || image),
    ...restarts(run, id, input.restartOf(name)),
    ready: run.phase === 'running' && isReady(run),
    started: run.phase === 'running',
    ...(begun ? { containerID: `oci://${id}` } : {}),
    state: run.phase === 'backoff' ? backingOff(name, input) : containerState(run, id),
    ...(hasEnded(run) && run.usage !== undefined ? { usage: run.usage } : {}),
  };
}

function containerState(run: ContainerRun, id: string): ContainerState {
  if (run.phase === 'running') return { running: { startedAt: exactTime(run.startedAt) } };
  if (!hasEnded(run))
    return { waiting: { reason: run.phase === 'starting' ? 'ContainerCreating' : 'PodInitializing' } };
  return endState(run, id);
}

function endState({ exitCode, reason, message, startedAt, finishedAt }: EndedRecord, id: string): ContainerState {
  return {
    terminated: {
      exitCode,
      reason,
      ...(message === undefined ? {} : { message }),
      startedAt: exactTime(startedAt ?? finishedAt),
      finishedAt: exactTime(finishedAt),
      ...(startedAt === undefined ? {} : { containerID: `oci://${id}` }),
    },
  };
}

function restarts(run: ContainerRun, id: string, restart: Restart | undefined): Partial<ContainerStatus> {
  if (restart === undefined) return { restartCount: 0 };
  // Its last end is its state once it is not started any more.
  const isOver = hasEnded(run) && run.finishedAt === restart.last.finishedAt;
  const isDue = isOver || run.phase === 'backoff' || run.phase === 'starting';
  return {
    restartCount: restart.count - (isDue ? 1 : 0),
    ...(isOver ? {} : { lastState: endState(restart.last, id) }),
  };
}

/** In the kubelet's words. */
function backingOff(name: string, { pod, restartOf }: StatusInput): ContainerState {
  const { delay = 0 } = restartOf(name) ?? {};
  const { name: podName, namespace = '', uid = '' } = pod.metadata;
  if (delay === 0) return { waiting: { reason: 'ContainerCreating' } };
  const message = `back-off ${goDuration(delay)} restarting failed container=${name} pod=${podName}_${namespace}(${uid})`;
  return { waiting: { reason: 'CrashLoopBackOff', message } };
}

const goDuration = (milliseconds: number): string => {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
};

/** The status of a Pod that waits for room. */
export function waitingStatus(pod: Pod, reason: string, message: string, now: string): PodStatus {
  return {
    ...pod.status,
    phase: 'Pending',
    conditions: mergeConditions(
      pod.status?.conditions,
      [{ type: 'PodScheduled', status: 'False', reason, message }],
      now,
    ),
  };
}
