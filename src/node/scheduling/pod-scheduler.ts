/**
 * Decides when a Pod may start on this Node. It goes through the stages one after the other: whether it can ever fit, its
 * scheduling rules, its volumes, its images, and the queue for memory and a place.
 */

import type { MachineRoom } from '../../client/machine-room.ts';
import type { Node } from '../../resources/core/kinds.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { containersOf } from '../../resources/core/pod-containers.ts';
import type { NodeContext } from '../context.ts';
import { ownerOf } from '../logs/log-path.ts';
import type { Failure } from '../pods/status/pod-reporter.ts';
import { Admission, type AdmissionLimits } from './admission.ts';
import { AwaitedImages } from './awaited-images.ts';
import { AwaitedVolumes } from './awaited-volumes.ts';
import { Placement } from './placement.ts';
import { neverFits } from './reservations.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

export interface PodSchedulerOptions {
  readonly context: NodeContext;
  readonly limits: AdmissionLimits;
  /** Pods that run here. */
  readonly placed: () => readonly Pod[];
  /** Called for a Pod whose turn it is; its room is taken. */
  readonly admit: (pod: Pod) => void;
  /** Called for a Pod that can never run here. */
  readonly refuse: (pod: Pod, failure: Failure) => void;
}

export class PodScheduler {
  readonly #options: PodSchedulerOptions;
  readonly #admission: Admission;
  readonly #placement: Placement;
  readonly #volumes: AwaitedVolumes;
  readonly #images: AwaitedImages;
  readonly #queue: SchedulingQueue;

  constructor(options: PodSchedulerOptions) {
    const { context, limits, placed, admit, refuse } = options;
    this.#options = options;
    this.#admission = new Admission(limits);
    this.#placement = new Placement({ context, placed, ready: (pod) => this.arrive(pod) });
    this.#volumes = new AwaitedVolumes({
      ...context,
      ready: (pod) => {
        // The Node may have changed meanwhile.
        if (!this.#placement.holds(pod)) this.#provide(pod);
      },
    });
    this.#images = new AwaitedImages({ ...context, ready: (pod) => this.#queue.arrive(pod), refuse });
    this.#queue = new SchedulingQueue({ context, admission: this.#admission, admit });
  }

  /** Room for what is to become a Pod. */
  get room(): MachineRoom {
    return this.#queue.reservations;
  }

  arrive(pod: Pod): void {
    const candidate = this.#queue.candidate(pod);
    if (!this.#admission.fitsEver(candidate))
      this.#options.refuse(pod, { reason: 'NeverFits', message: neverFits(this.#admission, candidate) });
    // It may wait long: others may have the room that was kept for it.
    else if (this.#placement.holds(pod)) this.#queue.reservations.withdraw(ownerOf(pod));
    else if (this.#volumes.concerns(pod)) this.#volumes.arrive(pod);
    else this.#provide(pod);
  }

  #provide(pod: Pod): void {
    if (this.#hasImages(pod)) this.#queue.arrive(pod);
    else {
      // A pull may take long: others may have the room that was kept for it.
      this.#queue.reservations.withdraw(ownerOf(pod));
      this.#images.arrive(pod);
    }
  }

  /** Whether no pull is needed, as far as that can be told without asking a registry. */
  #hasImages(pod: Pod): boolean {
    return containersOf(pod).every(
      ({ image = '', imagePullPolicy }) => imagePullPolicy !== 'Always' && this.#options.context.images.isHere(image),
    );
  }

  /** A newer state of a Pod. False: it is not on its way. */
  observe(pod: Pod): boolean {
    const uid = pod.metadata.uid!;
    for (const stage of [this.#placement, this.#volumes, this.#queue, this.#images])
      if (stage.has(uid)) {
        stage.observe(pod);
        return true;
      }
    return false;
  }

  leave(uid: string): void {
    for (const stage of [this.#placement, this.#volumes, this.#queue, this.#images]) stage.leave(uid);
  }

  /** It had its turn and could not begin: it waits a while, and says why. */
  postpone(pod: Pod, reason: string, message: string): void {
    this.#queue.postpone(pod, reason, message);
  }

  /** The Pod has room already: an earlier server gave it. */
  occupy(pod: Pod): void {
    this.#admission.occupy(this.#queue.candidate(pod));
  }

  /** The Pod's room is free. */
  release(uid: string): void {
    this.#queue.release(uid);
  }

  /** Admits no Pod, for this reason, until it is called with undefined. */
  close(reason: string | undefined): void {
    this.#queue.close(reason);
  }

  /** The Node has changed; undefined when there is no such object. */
  nodeChanged(node: Node | undefined): void {
    this.#placement.nodeChanged(node);
  }

  /** The Pods that run here have changed. */
  podsChanged(): void {
    this.#placement.podsChanged();
  }
}
