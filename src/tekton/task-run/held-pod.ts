/** A Pod that is being ended stays until its TaskRun has its outcome: its exit code must not go with it. */

import type { Client } from '../../client/client.ts';
import { getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { isFinal } from '../../resources/condition.ts';
import { Pod } from '../../resources/core/pod.ts';
import { finalizers } from '../../resources/labels.ts';
import { isControlledBy, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isNotFound } from '../../resources/status.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import { podName } from './attempt.ts';
import { podEnded } from './conditions.ts';

export const isHeld = (pod: Pod): boolean => pod.metadata.finalizers?.includes(finalizers.outcome) === true;

/**
 * To be called before a Pod is deleted; the Pod as it is to be deleted then. One that no node has taken has no outcome,
 * and goes at once. @throws StatusError Conflict when it was read too early
 */
export async function hold(client: Client, pod: Pod): Promise<Pod> {
  const { resourceVersion, deletionTimestamp, finalizers: others = [] } = pod.metadata;
  if (isHeld(pod) || !pod.spec.nodeName || deletionTimestamp !== undefined || podEnded(pod)) return pod;
  return client.patch(Pod, refOf(pod), {
    type: 'merge',
    body: { metadata: { resourceVersion, finalizers: [...others, finalizers.outcome] } },
  });
}

/**
 * Lets the Pods of the run at `owner` go once nobody needs their outcome any more.
 * @param attempt of the run, from 0; undefined where the run is no more
 * @throws StatusError Conflict
 */
export async function letGo(client: Client, owner: ObjectRef, attempt: number | undefined): Promise<void> {
  if (attempt !== undefined) {
    await letGoOf(client, owner, attempt);
    return;
  }
  for (let index = 0; await letGoOf(client, owner, index); index++);
}

/** @returns whether the attempt has a Pod */
async function letGoOf(client: Client, owner: ObjectRef, attempt: number): Promise<boolean> {
  const ref = { ...owner, name: podName({ metadata: owner }, attempt) };
  const pod = await getIfExists(client, Pod, ref);
  if (pod === undefined) return false;
  if (!isHeld(pod)) return true;
  // Decides for good, so a read that lags is not enough.
  const run = await getFromServer(client, TaskRun, owner);
  if (run !== undefined && isControlledBy(pod, run) && !isFinal(run) && run.metadata.deletionTimestamp === undefined)
    return true;
  const { resourceVersion, finalizers: all = [] } = pod.metadata;
  const rest = all.filter((finalizer) => finalizer !== finalizers.outcome);
  try {
    await client.patch(Pod, ref, { type: 'merge', body: { metadata: { resourceVersion, finalizers: rest } } });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return true;
}

/** The node has let it go without an outcome: nothing of it had been started. */
export const isAbandoned = (pod: Pod): boolean =>
  isHeld(pod) &&
  !podEnded(pod) &&
  pod.metadata.deletionTimestamp !== undefined &&
  (pod.metadata.deletionGracePeriodSeconds ?? 0) === 0;
