/** Runs TaskRuns: makes the Pod, mirrors its state, cancels it. */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import {
  type ControllerContext,
  itself,
  ownedBy,
  type Result,
  type RunningController,
  soon,
  startController,
} from '../../client/controller.ts';
import { getChild, getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { isFinal, mergeConditions } from '../../resources/condition.ts';
import { Pod } from '../../resources/core/pod.ts';
import { annotations } from '../../resources/labels.ts';
import { isControlledBy, isLeftoverOf, type ObjectRef, refOf } from '../../resources/meta.ts';
import { isAlreadyExists, isInvalid, isNotFound } from '../../resources/status.ts';
import { TaskRun } from '../../resources/tekton/task-run.ts';
import type { TaskSpec } from '../../resources/tekton/task-spec.ts';
import { hold, isAbandoned, letGo } from './held-pod.ts';
import { gracePeriodOf, podName, podOf } from './pod.ts';
import { resolveTaskSpec, TaskRunValidationError } from './task-run-spec.ts';
import { cancelledMessage, finalStatus, isUntold, started, statusFromPod } from './task-run-status.ts';

export function startTaskRunController(options: ControllerContext): RunningController {
  const controller = new TaskRunController(options);
  return startController({
    ...options,
    name: 'taskrun',
    watches: [itself(TaskRun, { unfinishedOnly: true }), ownedBy(TaskRun, Pod, { unfinishedOnly: true })],
    reconcile: (request) => controller.reconcile(request),
  });
}

export class TaskRunController {
  readonly #client: Client;
  readonly #clock: Clock;

  constructor({ client, clock }: ControllerContext) {
    this.#client = client;
    this.#clock = clock;
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const run = await getIfExists(this.#client, TaskRun, request);
    if (run === undefined || run.metadata.deletionTimestamp !== undefined || isFinal(run))
      return letGo(this.#client, { ...request, name: podName({ metadata: request }) }, request);
    if (run.spec.status === 'TaskRunPending') return;
    try {
      return await this.#advance(run, resolveTaskSpec(run));
    } catch (error) {
      if (!(error instanceof TaskRunValidationError)) throw error;
      await this.#finish(run, error.reason, error.message);
    }
  }

  async #advance(run: TaskRun, spec: TaskSpec): Promise<Result | void> {
    const found = await getChild(this.#client, Pod, podRef(run), run);
    const isOurs = found !== undefined && isControlledBy(found, run);
    if (isOurs && isAbandoned(found)) return this.#gone(run);
    if (run.spec.status === 'TaskRunCancelled' && (isOurs || found === undefined))
      return this.#cancel(run, spec, found ?? (await getFromServer(this.#client, Pod, podRef(run))));
    if (found === undefined) return this.#createPod(run, spec);
    if (!isOurs) return this.#wayBlocked(run, found);
    await this.#mirror(run, spec, found);
  }

  /** What bears the name of our Pod is not ours. */
  async #wayBlocked(run: TaskRun, pod: Pod): Promise<Result | void> {
    if (run.spec.status === 'TaskRunCancelled') return this.#finish(run, 'TaskRunCancelled', cancelledMessage(run));
    // Its processes may take a while to end.
    if (isLeftoverOf(pod, run)) return soon;
    return this.#finish(
      run,
      'PodCreationFailed',
      `there is a Pod "${pod.metadata.name}" that belongs to something else`,
    );
  }

  async #createPod(run: TaskRun, spec: TaskSpec): Promise<Result | void> {
    if (run.status?.podName !== undefined) {
      // It was there once: its command may have run, so it is never made again.
      const pod = await getFromServer(this.#client, Pod, podRef(run));
      if (pod !== undefined && isControlledBy(pod, run)) return this.#mirror(run, spec, pod);
      return this.#gone(run);
    }
    try {
      await this.#client.create(Pod, podOf(run, spec));
    } catch (error) {
      if (isInvalid(error)) return this.#finish(run, 'PodCreationFailed', error.message);
      if (!isAlreadyExists(error)) throw error;
      // Made by an earlier attempt whose answer was lost; unless it is somebody else's.
      const pod = await getFromServer(this.#client, Pod, podRef(run));
      if (pod === undefined) throw error;
      if (!isControlledBy(pod, run)) return this.#wayBlocked(run, pod);
    }
    const now = this.#now();
    await writeStatus(this.#client, TaskRun, run, {
      ...run.status,
      // From here on a Pod that is not there is one that was deleted.
      podName: podName(run),
      startTime: run.status?.startTime ?? now,
      conditions: mergeConditions(run.status?.conditions, [started()], now),
    });
  }

  /** Its Pod is not there any more, and has said nothing of an end. */
  #gone(run: TaskRun): Promise<void> {
    if (run.spec.status === 'TaskRunCancelled') return this.#finish(run, 'TaskRunCancelled', cancelledMessage(run));
    return this.#finish(run, 'PodDeleted', `the Pod "${podName(run)}" was deleted`);
  }

  /** Ends the Pod first; the run is final once the Pod's processes have ended, so that "cancelled" means "stopped". */
  async #cancel(run: TaskRun, spec: TaskSpec, found: Pod | undefined): Promise<void> {
    if (found === undefined || !isControlledBy(found, run)) return this.#gone(run);
    const wanted = gracePeriodOf(run);
    // Without any grace the API would take the Pod away at once, and with it its exit code; so the node is told apart.
    const grace = wanted === undefined ? undefined : Math.max(1, wanted);
    const { deletionTimestamp, deletionGracePeriodSeconds = 0 } = found.metadata;
    const due = deletionTimestamp === undefined || deletionGracePeriodSeconds > (grace ?? Infinity);
    try {
      let pod = found;
      if (wanted === 0 && pod.metadata.annotations?.[annotations.gracePeriod] !== '0')
        pod = await this.#client.patch(Pod, podRef(run), {
          type: 'merge',
          body: { metadata: { annotations: { [annotations.gracePeriod]: '0' } } },
        });
      if (due) await this.#delete(await hold(this.#client, pod), grace);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return this.#gone(run);
    }
    await this.#mirror(run, spec, found);
  }

  /** As it was read: a node that has taken it meanwhile may have started it. */
  #delete({ metadata }: Pod, gracePeriodSeconds: number | undefined): Promise<void> {
    const { resourceVersion } = metadata;
    return this.#client.delete(Pod, refOf({ apiVersion: '', kind: '', metadata }), {
      preconditions: { resourceVersion },
      ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    });
  }

  async #mirror(run: TaskRun, spec: TaskSpec, pod: Pod): Promise<void> {
    if (run.status?.podName !== undefined && isUntold(pod)) return;
    await writeStatus(this.#client, TaskRun, run, statusFromPod(run, spec, pod, this.#now()));
  }

  async #finish(run: TaskRun, reason: string, message: string): Promise<void> {
    await writeStatus(this.#client, TaskRun, run, finalStatus(run, reason, message, this.#now()));
  }

  #now(): string {
    return rfc3339(this.#clock.now());
  }
}

const podRef = (run: TaskRun): ObjectRef => ({ ...refOf(run), name: podName(run) });
