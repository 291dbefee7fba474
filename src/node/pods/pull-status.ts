/** The status of a Pod while its images are pulled, and once they are here. Pure. */

import { mergeConditions } from '../../resources/condition.ts';
import { type ImagePull, pullCondition } from '../../resources/core/image-pull.ts';
import type { Container, ContainerStatus, Pod } from '../../resources/core/pod.ts';
import type { PodStatus } from './pod-status.ts';

export interface Pulls {
  /** By image: what is told of those that are missing. */
  readonly states: ReadonlyMap<string, ImagePull>;
  /** When the first pull began; RFC 3339. */
  readonly begun: string;
}

/** @param now RFC 3339 */
export function pullingStatus(pod: Pod, { states, begun }: Pulls, now: string): PodStatus {
  const all = [...states.values()];
  // What goes wrong is said before what goes on.
  const told = all.find(({ state }) => state === 'ImagePullBackOff') ?? all[0];
  const waiting = ({ name, image = '' }: Container): ContainerStatus =>
    waitingContainer(name, image, states.get(image));
  return {
    ...pod.status,
    phase: 'Pending',
    startTime: begun,
    ...(pod.spec.initContainers === undefined ? {} : { initContainerStatuses: pod.spec.initContainers.map(waiting) }),
    containerStatuses: pod.spec.containers.map(waiting),
    conditions: mergeConditions(pod.status?.conditions, told === undefined ? [] : [pullCondition(told)], now),
  };
}

function waitingContainer(name: string, image: string, pull: ImagePull | undefined): ContainerStatus {
  const reason = pull === undefined ? 'PodInitializing' : pull.state === 'Pulling' ? 'ContainerCreating' : pull.state;
  const waiting = { reason, ...(pull === undefined ? {} : { message: pull.message }) };
  return { name, image, imageID: '', ready: false, started: false, restartCount: 0, state: { waiting } };
}

/** @param now RFC 3339 */
export const pulledStatus = ({ status }: Pod, message: string, now: string): PodStatus => ({
  ...status,
  containerStatuses: undefined,
  initContainerStatuses: undefined,
  conditions: mergeConditions(status?.conditions, [pullCondition({ state: 'Pulled', message })], now),
});
