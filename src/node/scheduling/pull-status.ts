/** The status of a Pod while its images are pulled, and once they are here. Pure. */

import { mergeConditions } from '../../resources/condition.ts';
import { type ImagePull, pullCondition } from '../../resources/core/image-pull.ts';
import type { Pod } from '../../resources/core/pod.ts';
import type { PodStatus } from '../pods/status/pod-status.ts';
import { unstarted, type Waiting } from './unstarted.ts';

export interface Pulls {
  /** By image: the state of the pulls of those that are missing. */
  readonly states: ReadonlyMap<string, ImagePull>;
  /** When the first pull began; RFC 3339. */
  readonly begun: string;
}

/** @param now RFC 3339 */
export function pullingStatus(pod: Pod, { states, begun }: Pulls, now: string): PodStatus {
  const all = [...states.values()];
  // What goes wrong is said before what goes on.
  const told = all.find(({ state }) => state === 'ImagePullBackOff') ?? all[0];
  return {
    ...pod.status,
    phase: 'Pending',
    startTime: begun,
    ...unstarted(pod, ({ image = '' }) => waitingFor(states.get(image))),
    conditions: mergeConditions(pod.status?.conditions, told === undefined ? [] : [pullCondition(told)], now),
  };
}

function waitingFor(pull: ImagePull | undefined): Waiting {
  if (pull === undefined) return { reason: 'PodInitializing' };
  return { reason: pull.state === 'Pulling' ? 'ContainerCreating' : pull.state, message: pull.message };
}

/** @param now RFC 3339 */
export const pulledStatus = ({ status }: Pod, message: string, now: string): PodStatus => ({
  ...status,
  containerStatuses: undefined,
  initContainerStatuses: undefined,
  conditions: mergeConditions(status?.conditions, [pullCondition({ state: 'Pulled', message })], now),
});
