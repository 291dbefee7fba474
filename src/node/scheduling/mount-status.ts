/** The status of a Pod while its volumes cannot be mounted, and once they can. Pure. */

import { mergeConditions } from '../../resources/condition.ts';
import { mountFailure, mountFailureOf, volumesMounted } from '../../resources/core/mount-failure.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { type PodStatus, waitingStatus } from '../pods/status/pod-status.ts';
import type { MissingVolumes } from './missing-volumes.ts';
import { unstarted } from './unstarted.ts';

const unschedulable = 'Unschedulable';

/** Whether the Pod says it already. */
export const says = (pod: Pod, { kind, message }: MissingVolumes): boolean =>
  kind === 'claims' ? unschedulableMessage(pod) === message : mountFailureOf(pod) === message;

const unschedulableMessage = ({ status }: Pod): string | undefined =>
  status?.conditions?.find(({ type, reason }) => type === 'PodScheduled' && reason === unschedulable)?.message;

/** @param now RFC 3339 */
export function missingStatus(pod: Pod, { kind, message }: MissingVolumes, now: string): PodStatus {
  const before = mountableStatus(pod);
  if (kind === 'claims') return waitingStatus({ ...pod, status: before }, unschedulable, message, now);
  return {
    ...before,
    phase: 'Pending',
    // Kubernetes says the rest in Events only; whoever looks at the status is to know it too.
    ...unstarted(pod, () => ({ reason: 'ContainerCreating', message })),
    conditions: mergeConditions(before.conditions, [mountFailure(message)], now),
  };
}

/** Nothing of what kept it back holds any more. */
export const mountableStatus = ({ status }: Pod): PodStatus => ({
  ...status,
  containerStatuses: undefined,
  initContainerStatuses: undefined,
  conditions: status?.conditions?.filter(
    ({ type, status: is }) => type !== volumesMounted && !(type === 'PodScheduled' && is === 'False'),
  ),
});

/** Whether the status has to be put right before the Pod goes on; a server before this one may have written it. */
export const isHeldBack = (pod: Pod): boolean =>
  mountFailureOf(pod) !== undefined || unschedulableMessage(pod) !== undefined;
