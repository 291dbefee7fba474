/**
 * What is worth an Event of a Pod. Of Pods that runs of Tasks and Builds have: only what does not go as usual, for each
 * Event is a write. Of others all that a kubelet tells. Pure.
 */

import { imagePullOf } from '../../resources/core/image-pull.ts';
import { mountFailureOf } from '../../resources/core/mount-failure.ts';
import type { ContainerStatus, Pod } from '../../resources/core/pod.ts';
import { isKfsOwnPod } from '../../resources/tekton/kfs-own.ts';
import { noticeableWait, type Occurrence } from './occurrence.ts';

export function occurrencesOfPod(pod: Pod): readonly Occurrence[] {
  return [
    ...scheduling(pod),
    ...mounting(pod),
    ...pulling(pod),
    ...ofContainers(pod, 'initContainers', pod.status?.initContainerStatuses),
    ...ofContainers(pod, 'containers', pod.status?.containerStatuses),
    ...ending(pod),
  ];
}

const ofContainers = (pod: Pod, list: string, statuses: readonly ContainerStatus[] = []): readonly Occurrence[] =>
  statuses.flatMap((status) =>
    [...progress(pod, status), ...backOff(pod, status), ...failure(status)].map((occurrence) => ({
      ...occurrence,
      // Each restart is news of its own.
      key: status.restartCount ? `${status.name} ${status.restartCount}` : status.name,
      fieldPath: `spec.${list}{${status.name}}`,
    })),
  );

function scheduling(pod: Pod): readonly Occurrence[] {
  const { namespace, name } = pod.metadata;
  const { nodeName } = pod.spec;
  if (nodeName) {
    // The Task or the Build tells of it.
    if (isKfsOwnPod(pod)) return [];
    const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
    return [{ type: 'Normal', reason: 'Scheduled', message, key: '' }];
  }
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False') return [];
  const { reason = '', message = '' } = scheduled;
  // The scheduler's own words; it says them at once.
  if (reason === 'Unschedulable') return [{ type: 'Warning', reason: 'FailedScheduling', message, key: reason }];
  return [
    {
      type: 'Warning',
      reason: 'FailedScheduling',
      message: `${reason}: ${message}`,
      key: reason,
      holds: noticeableWait,
    },
  ];
}

function mounting(pod: Pod): readonly Occurrence[] {
  const message = mountFailureOf(pod);
  return message === undefined ? [] : [{ type: 'Warning', reason: 'FailedMount', message, key: message }];
}

const pullReasons = { Pulling: 'Pulling', Pulled: 'Pulled', ImagePullBackOff: 'BackOff' } as const;

function pulling(pod: Pod): readonly Occurrence[] {
  const pull = imagePullOf(pod);
  if (pull === undefined) return [];
  const { state, message } = pull;
  const type = state === 'ImagePullBackOff' ? 'Warning' : 'Normal';
  return [{ type, reason: pullReasons[state], message, key: '' }];
}

function progress(pod: Pod, { name, state, started }: ContainerStatus): readonly Occurrence[] {
  const startedAt = state?.running?.startedAt ?? (state?.terminated?.containerID && state.terminated.startedAt);
  if (!startedAt || isKfsOwnPod(pod)) return [];
  const of = { type: 'Normal', key: '' } as const;
  const made: Occurrence[] = [
    { ...of, reason: 'Created', message: `Created container ${name}` },
    { ...of, reason: 'Started', message: `Started container ${name}` },
  ];
  const stops = pod.metadata.deletionTimestamp !== undefined && started === true;
  return stops ? [...made, { ...of, reason: 'Killing', message: `Stopping container ${name}` }] : made;
}

/** In the kubelet's words. */
function backOff({ metadata }: Pod, { name, state }: ContainerStatus): readonly Occurrence[] {
  if (state?.waiting?.reason !== 'CrashLoopBackOff') return [];
  const { name: pod, namespace = '', uid = '' } = metadata;
  const message = `Back-off restarting failed container ${name} in pod ${pod}_${namespace}(${uid})`;
  return [{ type: 'Warning', reason: 'BackOff', message, key: '' }];
}

/** What the command itself did is no business of the node's: its exit code stands in the status. */
const ofTheCommand = ['Completed', 'Error', 'Skipped', 'Terminated'];
const ofTheNode = ['OOMKilled', 'DiskQuotaExceeded', 'DiskPressure', 'NodeRestarted', 'ContainerStatusUnknown'];

function failure({ name, state }: ContainerStatus): readonly Occurrence[] {
  const { reason = 'Completed', message } = state?.terminated ?? {};
  if (ofTheCommand.includes(reason)) return [];
  const of = { type: 'Warning', key: '' } as const;
  if (ofTheNode.includes(reason)) return [{ ...of, reason, message: message ?? `Container ${name}: ${reason}` }];
  return [{ ...of, reason: 'Failed', message: ['Error', reason, message].filter(Boolean).join(': ') }];
}

function ending({ status }: Pod): readonly Occurrence[] {
  const { phase, reason, message = '' } = status ?? {};
  if (phase !== 'Failed' || reason === undefined) return [];
  return [{ type: 'Warning', reason, message, key: '' }];
}
