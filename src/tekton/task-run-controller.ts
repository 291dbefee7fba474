/** Runs TaskRuns: makes the Pod, mirrors its state, cancels it. */

import type { Client } from '../client/client.ts';
import { type Clock, rfc3339 } from '../client/clock.ts';
import { itself, ownedBy, type Result, type RunningController, startController } from '../client/controller.ts';
import { getFromServer, getIfExists } from '../client/get-if-exists.ts';
import { writeStatus } from '../client/status-writer.ts';
import { isFinal, mergeConditions } from '../resources/condition.ts';
import { Pod } from '../resources/core/pod.ts';
import { annotations } from '../resources/labels.ts';
import { isControlledBy, type ObjectRef, refOf } from '../resources/meta.ts';
import { isAlreadyExists, isInvalid, isNotFound } from '../resources/status.ts';
import { TaskRun } from '../resources/tekton/task-run.ts';
import type { TaskSpec } from '../resources/tekton/task-spec.ts';
import { podName, podOf } from './pod.ts';
import { resolveTaskSpec, TaskRunValidationError } from './task-run-spec.ts';
import { cancelledMessage, finalStatus, started, statusFromPod } from './task-run-status.ts';

interface Options {
  readonly client: Client;
  readonly clock: Clock;
  readonly onError?: (message: string, error: unknown) => void;
}

export function startTaskRunController(options: Options): RunningController {
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

  constructor({ client, clock }: Options) {
    this.#client = client;
    this.#clock = clock;
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const run = await getIfExists(this.#client, TaskRun, request);
    if (run === undefined || run.metadata.deletionTimestamp !== undefined || isFinal(run)) return;
    if (run.spec.status === 'TaskRunPending') return;
    try {
      await this.#advance(run, resolveTaskSpec(run));
    } catch (error) {
      if (!(error instanceof TaskRunValidationError)) throw error;
      await this.#finish(run, error.reason, error.message);
    }
  }

  async #advance(run: TaskRun, spec: TaskSpec): Promise<void> {
    const pod = await getIfExists(this.#client, Pod, { ...refOf(run), name: podName(run) });
    if (pod !== undefined && !isControlledBy(pod, run))
      return this.#finish(
        run,
        'PodCreationFailed',
        `there is a Pod "${pod.metadata.name}" that belongs to something else`,
      );
    if (run.spec.status === 'TaskRunCancelled') return this.#cancel(run, spec, pod);
    if (pod === undefined) return this.#createPod(run, spec);
    await this.#mirror(run, spec, pod);
  }

  async #createPod(run: TaskRun, spec: TaskSpec): Promise<void> {
    if (run.status?.podName !== undefined) {
      // It was there once: its command may have run, so it is never made again.
      const pod = await getFromServer(this.#client, Pod, { ...refOf(run), name: podName(run) });
      if (pod !== undefined) return this.#mirror(run, spec, pod);
      return this.#finish(run, 'Failed', `the Pod "${run.status.podName}" was deleted`);
    }
    try {
      await this.#client.create(Pod, podOf(run, spec));
    } catch (error) {
      if (isInvalid(error)) return this.#finish(run, 'PodCreationFailed', error.message);
      // Made by an earlier attempt whose answer was lost; its events bring us back.
      if (!isAlreadyExists(error)) throw error;
    }
    if (run.status?.startTime !== undefined) return;
    const now = this.#now();
    await writeStatus(this.#client, TaskRun, run, {
      ...run.status,
      startTime: now,
      conditions: mergeConditions(run.status?.conditions, [started()], now),
    });
  }

  /** Ends the Pod first; the run is final once the Pod's processes have ended, so that "cancelled" means "stopped". */
  async #cancel(run: TaskRun, spec: TaskSpec, pod: Pod | undefined): Promise<void> {
    const grace = gracePeriod(run);
    const due =
      pod?.metadata.deletionTimestamp === undefined ||
      (pod.metadata.deletionGracePeriodSeconds ?? 0) > (grace ?? Infinity);
    try {
      if (due)
        await this.#client.delete(
          Pod,
          { ...refOf(run), name: podName(run) },
          grace === undefined ? {} : { gracePeriodSeconds: grace },
        );
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return this.#finish(run, 'TaskRunCancelled', cancelledMessage(run));
    }
    if (pod !== undefined) await this.#mirror(run, spec, pod);
  }

  async #mirror(run: TaskRun, spec: TaskSpec, pod: Pod): Promise<void> {
    await writeStatus(this.#client, TaskRun, run, statusFromPod(run, spec, pod, this.#now()));
  }

  async #finish(run: TaskRun, reason: string, message: string): Promise<void> {
    await writeStatus(this.#client, TaskRun, run, finalStatus(run, reason, message, this.#now()));
  }

  #now(): string {
    return rfc3339(this.#clock.now());
  }
}

function gracePeriod(run: TaskRun): number | undefined {
  const text = run.metadata.annotations?.[annotations.gracePeriod];
  return text === undefined ? undefined : Number(text);
}
