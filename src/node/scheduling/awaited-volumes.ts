/**
 * Pods of whose volumes a claim, a Secret or a ConfigMap is not there yet: they wait for it, with nothing made for them and
 * no room taken, and go on as soon as it is there. Their status says so meanwhile, in Kubernetes' words.
 */

import type { Client } from '../../client/client.ts';
import type { Clock, Timer } from '../../client/clock.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { exactTime } from '../pods/status/pod-status.ts';
import { PodGone, PodPublisher } from '../pods/status/status-publisher.ts';
import { FollowedObjects } from './followed-objects.ts';
import { hasAwaitable, type MissingVolumes, missingVolumes } from './missing-volumes.ts';
import { isHeldBack, missingStatus, mountableStatus, says } from './mount-status.ts';

export interface AwaitedVolumesOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** Fires when the agent stops. */
  readonly stopping: AbortSignal;
  /** Called for a Pod that lacks nothing. */
  readonly ready: (pod: Pod) => void;
  readonly onError: (message: string, error: unknown) => void;
}

/** Milliseconds for which a volume may be in the making before the Pod says that it waits for it. */
const quiet = 1000;
/** Milliseconds until a read that failed is tried again. */
const retryDelay = 1000;

interface Entry {
  readonly uid: string;
  readonly publisher: PodPublisher;
  /** Something has changed since the last look. */
  stale: boolean;
  looking: boolean;
  timer: Timer | undefined;
  /** A volume that is being made has taken long. */
  late: boolean;
}

export class AwaitedVolumes {
  readonly #options: AwaitedVolumesOptions;
  readonly #pods = new Map<string, Entry>();
  readonly #followed: FollowedObjects;

  constructor(options: AwaitedVolumesOptions) {
    this.#options = options;
    this.#followed = new FollowedObjects({ ...options, onChange: (uid) => this.#look(uid) });
    options.stopping.addEventListener('abort', () => this.#clear(), { once: true });
  }

  /** Whether there is anything to look at before the Pod goes on. */
  concerns(pod: Pod): boolean {
    return hasAwaitable(pod);
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  /** Objects that are watched at present. */
  get watching(): number {
    return this.#followed.size;
  }

  arrive(pod: Pod): void {
    const { client, clock, stopping, onError } = this.#options;
    const uid = pod.metadata.uid!;
    const publisher = new PodPublisher({ client, clock, pod, stopping, onError });
    this.#pods.set(uid, { uid, publisher, stale: false, looking: false, timer: undefined, late: false });
    this.#look(uid);
  }

  /** A newer state of a Pod that waits. */
  observe(pod: Pod): void {
    this.#pods.get(pod.metadata.uid!)?.publisher.observe(pod);
  }

  leave(uid: string): void {
    this.#pods.get(uid)?.timer?.cancel();
    this.#pods.delete(uid);
    this.#followed.leave(uid);
  }

  #clear(): void {
    for (const uid of [...this.#pods.keys()]) this.leave(uid);
  }

  /** One check at a time per Pod; a change in the meantime brings another one. */
  #look(uid: string): void {
    const entry = this.#pods.get(uid);
    if (entry === undefined) return;
    entry.stale = true;
    if (entry.looking) return;
    entry.looking = true;
    this.#catchUp(entry).catch((error: unknown) => {
      const isHere = this.#isHere(entry);
      if (error instanceof PodGone || this.#options.stopping.aborted) return isHere ? this.leave(uid) : undefined;
      this.#options.onError(`pod ${entry.publisher.pod.metadata.name}: looking for its volumes`, error);
      if (isHere) this.#lookAgain(entry, retryDelay);
    });
  }

  async #catchUp(entry: Entry): Promise<void> {
    try {
      while (entry.stale && this.#isHere(entry)) {
        entry.stale = false;
        const missing = await missingVolumes(this.#options.client, entry.publisher.pod);
        if (!this.#isHere(entry)) return;
        if (missing === undefined) return await this.#goOn(entry);
        this.#followed.follow(entry.uid, missing.objects);
        await this.#say(entry, missing);
      }
    } finally {
      entry.looking = false;
    }
  }

  async #goOn(entry: Entry): Promise<void> {
    const { uid, publisher } = entry;
    // From here on a claim that is to go waits for this Pod.
    if (isHeldBack(publisher.pod)) await publisher.publish(mountableStatus);
    if (!this.#isHere(entry)) return;
    this.leave(uid);
    this.#options.ready(publisher.pod);
  }

  async #say(entry: Entry, missing: MissingVolumes): Promise<void> {
    const { clock } = this.#options;
    if (missing.passing && !entry.late) {
      if (entry.timer === undefined) this.#lookAgain(entry, quiet);
      return;
    }
    if (says(entry.publisher.pod, missing)) return;
    await entry.publisher.publish((pod) =>
      this.#isHere(entry) ? missingStatus(pod, missing, exactTime(clock.now())) : (pod.status ?? {}),
    );
  }

  #lookAgain(entry: Entry, delay: number): void {
    entry.timer?.cancel();
    entry.timer = this.#options.clock.after(delay, () => {
      entry.timer = undefined;
      entry.late = true;
      this.#look(entry.uid);
    });
  }

  #isHere(entry: Entry): boolean {
    return this.#pods.get(entry.uid) === entry;
  }
}
