/** The Pods that are being run here, and those that were lately. */

import type { Pod } from '../../resources/core/pod.ts';
import type { PodWorker } from './pod-worker.ts';

interface Running {
  readonly worker: PodWorker;
  readonly ended: Promise<void>;
}

/** Ended Pods that are remembered; far more than events can lag behind. */
const mostPast = 10_000;

export class PodWorkers {
  readonly #running = new Map<string, Running>();
  /** Ended Pods whose last event has not come by yet: an older one must not start them again. */
  readonly #past = new Set<string>();

  get size(): number {
    return this.#running.size;
  }

  get(uid: string): PodWorker | undefined {
    return this.#running.get(uid)?.worker;
  }

  all(): readonly PodWorker[] {
    return [...this.#running.values()].map(({ worker }) => worker);
  }

  /** The objects as last seen. */
  pods(): readonly Pod[] {
    return this.all().map(({ pod }) => pod);
  }

  /** Whether the Pod has ended here. */
  hasEnded(uid: string): boolean {
    return this.#past.has(uid);
  }

  /** Its end has come by. */
  forget(uid: string): void {
    this.#past.delete(uid);
  }

  /**
   * @param ended resolves when the Pod has ended and nothing is left of it; rejects when nothing of it was started
   * @param then called when it has ended, with the error that it was rejected with
   */
  add(uid: string, worker: PodWorker, ended: Promise<void>, then: (failed: boolean, error?: unknown) => void): void {
    const over = ended.then(
      () => {
        this.#running.delete(uid);
        this.#remember(uid);
        then(false);
      },
      (error: unknown) => {
        this.#running.delete(uid);
        then(true, error);
      },
    );
    this.#running.set(uid, { worker, ended: over });
  }

  /** Resolves when the Pods that are being run now have ended and all that was made for them is removed. */
  async idle(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  #remember(uid: string): void {
    this.#past.add(uid);
    const [oldest] = this.#past;
    if (this.#past.size > mostPast) this.#past.delete(oldest!);
  }
}
