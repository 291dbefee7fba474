/** Writes one Pod's spec and status, in order, again after conflicts and passing errors, until the Pod is gone. */

import type { Client } from '../../../client/client.ts';
import { type Clock, pause } from '../../../client/clock.ts';
import { Pod } from '../../../resources/core/pod.ts';
import { refOf } from '../../../resources/meta.ts';
import { isConflict, isInvalid, isNotFound } from '../../../resources/status.ts';
import type { PodStatus } from './pod-status.ts';

export interface PublisherOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly pod: Pod;
  /** Fires when the agent stops. */
  readonly stopping: AbortSignal;
  readonly onError: (message: string, error: unknown) => void;
}

/** The Pod object does not exist any more. */
export class PodGone extends Error {
  override readonly name = 'PodGone';
}

const firstDelay = 50;
const longestDelay = 5000;

export class PodPublisher {
  readonly #options: PublisherOptions;
  #pod: Pod;
  #tail: Promise<unknown> = Promise.resolve();
  #pending: Promise<void> | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#pod = options.pod;
  }

  /** The Pod as last seen. */
  get pod(): Pod {
    return this.#pod;
  }

  /** A newer state, from the watch. */
  observe(pod: Pod): void {
    if (Number(pod.metadata.resourceVersion) > Number(this.#pod.metadata.resourceVersion)) this.#pod = pod;
  }

  /** Changes metadata or spec. @throws PodGone */
  update(change: (pod: Pod) => Pod): Promise<void> {
    return this.#enqueue(() => this.#write((pod) => this.#options.client.update(Pod, change(pod))));
  }

  /** Writes what `status` says at the time of the writing; calls that come meanwhile share one write. @throws PodGone */
  publish(status: (pod: Pod) => PodStatus): Promise<void> {
    this.#pending ??= this.#enqueue(() => {
      this.#pending = undefined;
      return this.#write((pod) => this.#options.client.updateStatus(Pod, { ...pod, status: status(pod) }));
    });
    return this.#pending;
  }

  /** Deletes the object, whose containers have ended. */
  async remove(): Promise<void> {
    const { client } = this.#options;
    const { uid } = this.#pod.metadata;
    await this.#enqueue(() =>
      this.#write(async (pod) => {
        await client.delete(Pod, refOf(pod), { gracePeriodSeconds: 0, preconditions: { uid } });
        return pod;
      }),
    ).catch((error: unknown) => {
      if (!(error instanceof PodGone)) throw error;
    });
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => {});
    return result;
  }

  async #write(send: (pod: Pod) => Promise<Pod>): Promise<void> {
    const { client, clock, stopping, onError } = this.#options;
    for (let delay = firstDelay; ; delay = Math.min(delay * 2, longestDelay)) {
      try {
        this.#pod = await send(this.#pod);
        return;
      } catch (error) {
        if (isNotFound(error)) throw new PodGone();
        if (isInvalid(error) || stopping.aborted) throw error;
        if (!isConflict(error)) {
          onError(`pod ${this.#pod.metadata.name}: writing its status`, error);
          await pause(clock, delay);
        }
      }
      try {
        const current = await client.get(Pod, refOf(this.#pod));
        if (current.metadata.uid !== this.#pod.metadata.uid) throw new PodGone();
        this.#pod = current;
      } catch (error) {
        if (isNotFound(error) || error instanceof PodGone) throw new PodGone();
      }
    }
  }
}
