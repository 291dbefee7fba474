/**
 * Pods whose images are not here yet: they are pulled, again after a while where nobody answered, before the Pod stands in
 * line for room. Its status says so meanwhile, in Kubernetes' words, and keeps from when to when.
 */

import type { Client } from '../../client/client.ts';
import type { Clock, Timer } from '../../client/clock.ts';
import { podCredentials } from '../../client/pull-credentials.ts';
import type { ImagePull } from '../../resources/core/image-pull.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { containersOf } from '../../resources/core/pod-containers.ts';
import { errorMessage } from '../../resources/errors.ts';
import { formatBytes } from '../../resources/quantity.ts';
import type { Images } from '../images/node-images.ts';
import { PullError } from '../images/pull-error.ts';
import { ImageToolsMissing } from '../images/skopeo.ts';
import type { Failure } from '../pods/status/pod-reporter.ts';
import { exactTime } from '../pods/status/pod-status.ts';
import { PodGone, PodPublisher } from '../pods/status/status-publisher.ts';
import { type Pulls, pulledStatus, pullingStatus } from './pull-status.ts';

export interface AwaitedImagesOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly images: Images;
  /** Fires when the agent stops. */
  readonly stopping: AbortSignal;
  /** Called for a Pod whose images are here. */
  readonly ready: (pod: Pod) => void;
  /** Called for a Pod that will never have its images. */
  readonly refuse: (pod: Pod, failure: Failure) => void;
  readonly onError: (message: string, error: unknown) => void;
}

/** Milliseconds before an image is asked for again: as Kubernetes, 10 s, doubled up to 5 minutes. */
const firstDelay = 10_000;
const longestDelay = 300_000;
/** Times that damaged content is asked for. */
const mostDamaged = 3;
/** Milliseconds between two words about how far a pull is. */
const sayInterval = 3000;

interface Entry extends Pulls {
  readonly publisher: PodPublisher;
  readonly states: Map<string, ImagePull>;
  readonly timers: Set<Timer>;
  left: boolean;
  said: number;
}

export class AwaitedImages {
  readonly #options: AwaitedImagesOptions;
  readonly #pods = new Map<string, Entry>();

  constructor(options: AwaitedImagesOptions) {
    this.#options = options;
    options.stopping.addEventListener('abort', () => this.#leaveAll(), { once: true });
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  arrive(pod: Pod): void {
    const { client, clock, stopping, onError } = this.#options;
    const publisher = new PodPublisher({ client, clock, pod, stopping, onError });
    // A server before this one may have begun.
    const begun = pod.status?.startTime ?? exactTime(clock.now());
    const entry: Entry = { publisher, states: new Map(), timers: new Set(), begun, left: false, said: 0 };
    this.#pods.set(pod.metadata.uid!, entry);
    this.#provide(entry).catch((error: unknown) => {
      if (entry.left || error instanceof PodGone || stopping.aborted) return this.leave(pod.metadata.uid!);
      this.#refuse(entry, error);
    });
  }

  /** A newer state of a Pod that waits. */
  observe(pod: Pod): void {
    this.#pods.get(pod.metadata.uid!)?.publisher.observe(pod);
  }

  leave(uid: string): void {
    const entry = this.#pods.get(uid);
    if (entry === undefined) return;
    entry.left = true;
    for (const timer of entry.timers) timer.cancel();
    this.#pods.delete(uid);
  }

  #leaveAll(): void {
    for (const uid of this.#pods.keys()) this.leave(uid);
  }

  async #provide(entry: Entry): Promise<void> {
    const { images, clock, ready } = this.#options;
    const { pod } = entry.publisher;
    const wanted = new Map<string, boolean>();
    for (const { image = '', imagePullPolicy } of containersOf(pod))
      wanted.set(image, wanted.get(image) || (await images.wants(image, imagePullPolicy)));
    const missing = [...wanted].filter(([, isWanted]) => isWanted).map(([image]) => image);
    if (missing.length > 0) {
      const credentials = await podCredentials(this.#options.client, pod);
      await Promise.all(missing.map((image) => this.#pull(entry, image, credentials)));
      if (entry.left) return;
      const message = missing.join(', ');
      await entry.publisher.publish((latest) => pulledStatus(latest, message, exactTime(clock.now())));
    }
    if (entry.left) return;
    this.leave(pod.metadata.uid!);
    ready(entry.publisher.pod);
  }

  /** @throws PullError for what is final */
  async #pull(entry: Entry, image: string, credentials: string | undefined): Promise<void> {
    const { images } = this.#options;
    let damaged = 0;
    const onProgress = (bytes: number): void =>
      this.#say(entry, image, pulling(`${image}, ${formatBytes(bytes)} have come`), sayInterval);
    for (let delay = firstDelay; !entry.left; delay = Math.min(2 * delay, longestDelay)) {
      this.#say(entry, image, pulling(image));
      try {
        await images.pull(image, { onProgress, ...(credentials === undefined ? {} : { credentials }) });
        entry.states.delete(image);
        return;
      } catch (error) {
        if (!(error instanceof PullError) || error.kind === 'fact') throw error;
        if (error.kind === 'damaged' && ++damaged >= mostDamaged) throw error;
        const message = `Back-off pulling image ${JSON.stringify(image)}: ${error.message}`;
        this.#say(entry, image, { state: 'ImagePullBackOff', message });
      }
      await this.#pause(entry, delay);
    }
  }

  /** Ends early, or never, when the Pod leaves. */
  #pause(entry: Entry, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(milliseconds, () => {
        entry.timers.delete(timer);
        resolve();
      });
      entry.timers.add(timer);
    });
  }

  #refuse(entry: Entry, error: unknown): void {
    const { pod } = entry.publisher;
    const message = errorMessage(error);
    this.leave(pod.metadata.uid!);
    if (!(error instanceof PullError || error instanceof ImageToolsMissing))
      this.#options.onError(`pod ${pod.metadata.name}: pulling its images`, error);
    this.#options.refuse(pod, { reason: error instanceof PullError ? error.reason : 'ErrImagePull', message });
  }

  /** @param pause milliseconds since the last word before there is another one */
  #say(entry: Entry, image: string, state: ImagePull, pause = 0): void {
    const { clock, onError } = this.#options;
    entry.states.set(image, state);
    if (entry.left || clock.now() - entry.said < pause) return;
    entry.said = clock.now();
    entry.publisher
      .publish((pod) => (entry.left ? (pod.status ?? {}) : pullingStatus(pod, entry, exactTime(clock.now()))))
      .catch((error: unknown) => {
        if (!(error instanceof PodGone) && !entry.left) onError(`pod ${nameOf(entry)}: writing its status`, error);
      });
  }
}

const pulling = (message: string): ImagePull => ({ state: 'Pulling', message });
const nameOf = ({ publisher }: Entry): string => publisher.pod.metadata.name;
