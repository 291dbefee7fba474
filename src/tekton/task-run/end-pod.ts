/** Ends the Pod of a run. */

import type { Client } from '../../client/client.ts';
import { Pod } from '../../resources/core/pod.ts';
import { annotations } from '../../resources/labels.ts';
import { refOf } from '../../resources/meta.ts';
import { isNotFound } from '../../resources/status.ts';
import { isKfsOwn } from '../../resources/tekton/kfs-own.ts';
import type { TaskRun } from '../../resources/tekton/task-run.ts';
import { gracePeriodOf } from './attempt.ts';
import { podEnded } from './conditions.ts';
import { hold, isHeld } from './held-pod.ts';

/**
 * Asks for the end of the Pod with the run's grace period. One of Kf's own runs, whose log `kf logs` finds without it, and
 * one that no node has taken, goes once the run has its outcome; others stay, for kubectl and tkn find a log by its Pod.
 * @returns false when it is there no more
 * @throws StatusError Conflict when it was read too early
 */
export const endPod = (client: Client, run: TaskRun, found: Pod): Promise<boolean> =>
  isKfsOwn(run) || !found.spec.nodeName ? deletePod(client, run, found) : stopPod(client, run, found);

/** Seconds; also the default of Pods. */
const usualGrace = 10;

/**
 * Has the Pod end and stay. @param asRead resourceVersion that it must still have
 * @throws StatusError Conflict when it has another
 */
export async function stopPod(client: Client, run: TaskRun, found: Pod, asRead?: string): Promise<boolean> {
  if (podEnded(found)) return true;
  const grace = gracePeriodOf(run) ?? found.spec.terminationGracePeriodSeconds ?? usualGrace;
  if (Number(found.metadata.annotations?.[annotations.endWithin] ?? Infinity) <= grace) return true;
  const metadata = { annotations: { [annotations.endWithin]: String(grace) } };
  const body = { metadata: asRead === undefined ? metadata : { ...metadata, resourceVersion: asRead } };
  try {
    await client.patch(Pod, refOf(found), { type: 'merge', body });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return false;
  }
  return true;
}

/** None of its steps began in time, and it was told to end. */
export const isGivenUp = (run: TaskRun, pod: Pod): boolean =>
  run.spec.status !== 'TaskRunCancelled' && pod.metadata.annotations?.[annotations.endWithin] !== undefined;

async function deletePod(client: Client, run: TaskRun, found: Pod): Promise<boolean> {
  const wanted = gracePeriodOf(run);
  // Without any grace the API would take the Pod away at once, and with it its exit code; so the node is told apart.
  const grace = wanted === undefined ? undefined : Math.max(1, wanted);
  const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = found.metadata;
  const due = deletionTimestamp === undefined || deletionGracePeriodSeconds > (grace ?? Infinity);
  try {
    let pod = found;
    if (wanted === 0 && pod.metadata.annotations?.[annotations.gracePeriod] !== '0')
      pod = await client.patch(Pod, refOf(found), {
        type: 'merge',
        body: { metadata: { annotations: { [annotations.gracePeriod]: '0' } } },
      });
    if (due) await deleteAsRead(client, await hold(client, pod), grace);
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return false;
  }
  return true;
}

/** Ends a Pod nobody knows any more what it was. @returns whether it has ended */
export async function endUnknown(client: Client, pod: Pod): Promise<boolean> {
  if (podEnded(pod)) return true;
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  const held = await hold(client, pod);
  await deleteAsRead(client, held);
  return !isHeld(held);
}

/** Removes a Pod nothing of which has started. @throws StatusError Conflict when it was read too early */
export async function removeUnstarted(client: Client, pod: Pod): Promise<void> {
  try {
    await deleteAsRead(client, pod);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** A node that has taken it meanwhile may have started it. */
function deleteAsRead(client: Client, pod: Pod, gracePeriodSeconds?: number): Promise<void> {
  const { resourceVersion } = pod.metadata;
  return client.delete(Pod, refOf(pod), {
    preconditions: { resourceVersion },
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
  });
}
