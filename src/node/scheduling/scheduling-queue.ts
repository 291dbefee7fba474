/** The queue of Pods that wait for memory, a place or another try; their status says why they wait. */

import type { Timer } from '../../client/clock.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { formatBytes } from '../../resources/quantity.ts';
import type { NodeContext } from '../context.ts';
import { podMemory } from '../pods/plan/resources.ts';
import { PodPublisher } from '../pods/status/status-publisher.ts';
import type { Admission, Candidate } from './admission.ts';
import { cordoned } from './cordon.ts';
import { reportWaiting } from './report-waiting.ts';
import { Reservations } from './reservations.ts';

export interface SchedulingQueueOptions {
  readonly context: NodeContext;
  readonly admission: Admission;
  /** Called for a Pod that may start now. */
  readonly admit: (pod: Pod) => void;
}

/** Milliseconds after which a Pod that could not be begun is tried again. */
const retryDelay = 2000;

export class SchedulingQueue {
  readonly #options: SchedulingQueueOptions;
  readonly #pods = new Map<string, PodPublisher>();
  readonly #timers = new Map<string, Timer>();
  /** Room that was asked for before there was a Pod. */
  readonly reservations: Reservations;
  /** Why nobody may start at present. */
  #closed: string | undefined;

  constructor(options: SchedulingQueueOptions) {
    this.#options = options;
    this.reservations = new Reservations({ ...options, pump: () => this.pump() });
    options.context.stopping.addEventListener('abort', () => this.#cancelTimers(), { once: true });
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  candidate(pod: Pod): Candidate {
    const { uid, namespace = '', creationTimestamp = '' } = pod.metadata;
    const memoryBytes = podMemory(pod, this.#options.context.defaults);
    return { uid: uid!, namespace, memoryBytes, since: creationTimestamp };
  }

  arrive(pod: Pod): void {
    const { admission, admit } = this.#options;
    const candidate = this.candidate(pod);
    if (this.#closed === undefined && this.reservations.redeem(pod, candidate)) {
      admit(pod);
      return;
    }
    this.#remember(pod);
    admission.enqueue(candidate);
    this.pump();
    if (this.has(candidate.uid)) this.#explain(candidate);
  }

  /** Admits no Pod, for this reason, until it is called with undefined. */
  close(reason: string | undefined): void {
    if (reason === this.#closed) return;
    this.#closed = reason;
    this.pump();
    this.reservations.close(reason);
    for (const [uid, { pod }] of this.#pods) if (!this.#timers.has(uid)) this.#explain(this.candidate(pod));
  }

  #explain(candidate: Candidate): void {
    if (this.#closed !== undefined) this.#say(candidate.uid, cordoned, this.#closed);
    else this.#say(candidate.uid, 'WaitingForRoom', this.#options.admission.explain(candidate, formatBytes));
  }

  /** A newer state of a Pod that waits. */
  observe(pod: Pod): void {
    this.#pods.get(pod.metadata.uid!)?.observe(pod);
  }

  /** Waits without standing in the queue, and arrives again later. */
  postpone(pod: Pod, reason: string, message: string): void {
    const uid = pod.metadata.uid!;
    this.#remember(pod);
    this.#say(uid, reason, message);
    const again = (): void => {
      const waiting = this.#pods.get(uid)?.pod;
      if (waiting !== undefined) this.arrive(waiting);
    };
    this.#timers.set(uid, this.#options.context.clock.after(retryDelay, again));
  }

  leave(uid: string): void {
    this.#pods.delete(uid);
    this.#timers.get(uid)?.cancel();
    this.#timers.delete(uid);
    this.#options.admission.withdraw(uid);
  }

  release(uid: string): void {
    this.#options.admission.release(uid);
    this.pump();
  }

  pump(): void {
    const { admission, admit, context } = this.#options;
    while (!context.stopping.aborted && this.#closed === undefined) {
      const candidate = admission.next();
      if (candidate === undefined) return;
      if (this.reservations.turnOf(candidate.uid)) continue;
      const { pod } = this.#pods.get(candidate.uid)!;
      this.leave(candidate.uid);
      admit(pod);
    }
  }

  #remember(pod: Pod): void {
    const { client, clock, stopping, onError } = this.#options.context;
    const uid = pod.metadata.uid!;
    const known = this.#pods.get(uid);
    if (known === undefined) this.#pods.set(uid, new PodPublisher({ client, clock, pod, stopping, onError }));
    else known.observe(pod);
  }

  #say(uid: string, reason: string, message: string): void {
    const publisher = this.#pods.get(uid)!;
    reportWaiting(this.#options.context, publisher, { reason, message }, () => this.#pods.get(uid) === publisher);
  }

  #cancelTimers(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }
}
