/** Tells the API how a Pod's containers are, and at the end makes that durable. */

import type { Timer } from '../../../client/clock.ts';
import { syncFiles } from '../../../files/durable.ts';
import type { Pod } from '../../../resources/core/pod.ts';
import type { StartOrder } from '../../../resources/core/start-order.ts';
import type { NodeContext } from '../../context.ts';
import { isFull } from '../../disk/disk-pressure.ts';
import { appendNotices } from '../../logs/notice.ts';
import type { Runs } from '../containers/order.ts';
import type { PodProcesses } from '../containers/pod-processes.ts';
import type { PodJournal } from '../recovery/pod-journal.ts';
import type { PodPlace } from '../sandbox/pod-place.ts';
import { flush, untilDone } from './flush.ts';
import { exactTime, type PodStatus, podStatus } from './pod-status.ts';
import { PodGone, type PodPublisher } from './status-publisher.ts';

/** Why a Pod as a whole failed. */
export interface Failure {
  readonly reason: string;
  readonly message: string;
}

/**
 * Milliseconds for which the news that a container runs waits for its end: of a short command there is one write less at
 * every level, and everybody hears of its end sooner. Where as many containers are being started as may be, commands
 * take longer, and it waits again, up to the longest: otherwise half of the short ones were told of there, which cost a
 * sixth of the throughput.
 */
const newsDelay = 25;
const longestNewsDelay = 100;

export interface PodReporterOptions {
  readonly context: Pick<NodeContext, 'barrier' | 'clock' | 'layout' | 'network' | 'onError' | 'starting' | 'stopping'>;
  readonly publisher: PodPublisher;
  readonly order: StartOrder;
  readonly runs: Runs;
  readonly imageIds: ReadonlyMap<string, string>;
  readonly place: Pick<PodPlace, 'network'>;
  readonly processes: Pick<PodProcesses, 'idOf'>;
  readonly journal: Pick<PodJournal, 'restartOf'>;
  /** The object does not exist any more. */
  readonly onGone: (error: PodGone) => void;
}

export class PodReporter {
  readonly #options: PodReporterOptions;
  /** The first one stays. */
  #failure: Failure | undefined;
  #logMayLack = false;
  readonly #admitted: string;
  #news: Timer | undefined;

  constructor(options: PodReporterOptions) {
    this.#options = options;
    this.#admitted = exactTime(options.context.clock.now());
  }

  failed(failure: Failure | undefined): void {
    this.#failure ??= failure;
  }

  logMayLack(): void {
    this.#logMayLack = true;
  }

  /** Like `publish`, after a short delay: another write in the meantime covers this one. */
  publishSoon(): void {
    this.#news ??= this.#newsAfter(newsDelay);
  }

  /** @param delay milliseconds since `publishSoon` was called */
  #newsAfter(delay: number): Timer {
    const { clock, starting } = this.#options.context;
    return clock.after(newsDelay, () => {
      if (delay < longestNewsDelay && starting.isFull) this.#news = this.#newsAfter(delay + newsDelay);
      else this.publish();
    });
  }

  /** Writes the present state, some time soon. */
  publish(): void {
    this.#dropNews();
    const { context, publisher, onGone } = this.#options;
    publisher
      .publish((pod) => this.#status(pod))
      .catch((error: unknown) => {
        if (error instanceof PodGone) onGone(error);
        else context.onError(`pod ${publisher.pod.metadata.name}: writing its status`, error);
      });
  }

  /** Resolves when the outcome and the logs are on disk; an object that waited for that is let go. @throws PodGone */
  async conclude(logs: readonly string[]): Promise<void> {
    const { context, publisher } = this.#options;
    this.#dropNews();
    if (await isFull(context.layout.logs)) this.#logMayLack = true;
    const note = (): Promise<void> =>
      appendNotices(logs, 'the disk was full: lines may be missing above', context.clock.now());
    // Before the end is published, so that followers of the log see it; else as soon as there is room.
    const noted = !this.#logMayLack || (await succeeds(note()));
    await publisher.publish((pod) => this.#status(pod));
    if (!noted) await untilDone(context, note);
    await Promise.all([flush(context), untilDone(context, () => syncFiles(logs))]);
    if (publisher.pod.metadata.deletionTimestamp !== undefined) await publisher.remove();
  }

  /** Nothing more is published. */
  close(): void {
    this.#dropNews();
  }

  #dropNews(): void {
    this.#news?.cancel();
    this.#news = undefined;
  }

  #status(pod: Pod): PodStatus {
    const { context, runs, imageIds, order, place, processes, journal } = this.#options;
    return podStatus({
      pod,
      runs,
      order,
      now: exactTime(context.clock.now()),
      admitted: this.#admitted,
      containerId: (name) => processes.idOf(name),
      imageId: (name) => imageIds.get(name),
      restartOf: (name) => journal.restartOf(name),
      hostIP: context.network.hostAddress,
      ...(place.network === undefined ? {} : { podIP: place.network.ip }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    });
  }
}

const succeeds = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );
