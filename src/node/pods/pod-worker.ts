/**
 * Runs one Pod on this machine: claims it, makes network and disk, has its containers run in their order
 * (containers/), stops them when told to, writes the outcome, and removes what was made. A command is started at most once.
 */

import { stat } from 'node:fs/promises';
import { pause } from '../../client/clock.ts';
import { endOfTurn } from '../../client/turns.ts';
import type { Container, Pod } from '../../resources/core/pod.ts';
import { containersOf, orderOf } from '../../resources/core/pod-containers.ts';
import type { StartOrder } from '../../resources/core/start-order.ts';
import type { NodeContext } from '../context.ts';
import { deferred } from '../deferred.ts';
import { hasAwaitable, missingVolumes, VolumesMissing } from '../scheduling/missing-volumes.ts';
import { type ContainerRun, hasEnded, type StopReason } from './containers/container-run.ts';
import { ContainerStarts } from './containers/container-starts.ts';
import { ContainerWatch } from './containers/container-watch.ts';
import { orderError } from './containers/order.ts';
import { PodProcesses } from './containers/pod-processes.ts';
import { Sequence } from './containers/sequence.ts';
import { refusalOf } from './end/ending.ts';
import { evictionGrace, wantedEnd } from './end/grace.ts';
import { ConfigError } from './plan/config-error.ts';
import { Detached, type PodParts } from './pod-parts.ts';
import { bootOfClaim, claimed } from './recovery/claim.ts';
import type { Found } from './recovery/decide.ts';
import { PodJournal } from './recovery/pod-journal.ts';
import { resumeContainer } from './recovery/resume-container.ts';
import type { PodRecord } from './recovery/state-file.ts';
import { PodPlace } from './sandbox/pod-place.ts';
import { flush } from './status/flush.ts';
import { type Failure, PodReporter } from './status/pod-reporter.ts';
import { PodGone, PodPublisher } from './status/status-publisher.ts';

const deadlineExceeded: Failure = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};

/** Milliseconds between attempts to remove a container; after the last one it is left for the next start of the server. */
const removalDelays = [500, 2000, 10_000, undefined];

export class PodWorker {
  readonly #context: NodeContext;
  readonly #publisher: PodPublisher;
  readonly #order: StartOrder;
  readonly #containers: ReadonlyMap<string, Container>;
  readonly #runs = new Map<string, ContainerRun>();
  readonly #imageIds = new Map<string, string>();
  readonly #place: PodPlace;
  readonly #journal: PodJournal;
  readonly #processes: PodProcesses;
  readonly #reporter: PodReporter;
  readonly #done = deferred();
  readonly #watch: ContainerWatch;
  readonly #starts: ContainerStarts;
  readonly #sequence: Sequence;
  readonly #parts: PodParts;
  /** Resolves when the intent to start is on disk. */
  #claimed: Promise<void> = Promise.resolve();
  #mayHaveRun = false;

  constructor(context: NodeContext, pod: Pod) {
    this.#context = context;
    const { client, clock, stopping, onError } = context;
    this.#publisher = new PodPublisher({ client, clock, pod, stopping, onError });
    this.#order = orderOf(pod);
    this.#containers = new Map(containersOf(pod).map((container) => [container.name, container]));
    for (const name of this.#containers.keys()) this.#runs.set(name, { phase: 'waiting' });
    this.#place = new PodPlace(context, pod);
    this.#journal = new PodJournal(pod, context, this.#place);
    this.#processes = new PodProcesses(context, pod, this.#place);
    this.#reporter = new PodReporter({
      context,
      publisher: this.#publisher,
      order: this.#order,
      runs: this.#runs,
      imageIds: this.#imageIds,
      place: this.#place,
      processes: this.#processes,
      journal: this.#journal,
      onGone: (gone) => this.#done.reject(gone),
    });
    this.#parts = {
      context,
      order: this.#order,
      containers: this.#containers,
      runs: this.#runs,
      imageIds: this.#imageIds,
      place: this.#place,
      journal: this.#journal,
      processes: this.#processes,
      reporter: this.#reporter,
      pod: () => this.pod,
      stopOf: (name) => this.#sequence.stopOf(name),
      claimed: () => this.#claimed,
      advance: () => this.#sequence.advance(),
      restart: (name) => this.#starts.restart(name),
      abandon: (error) => this.#done.reject(error),
      deadlineExceeded: (grace) => this.stop('DeadlineExceeded', grace, deadlineExceeded),
    };
    this.#watch = new ContainerWatch(this.#parts);
    this.#starts = new ContainerStarts(this.#parts, this.#watch);
    this.#sequence = new Sequence({
      parts: this.#parts,
      starts: this.#starts,
      watch: this.#watch,
      onEnd: () => this.#done.resolve(),
    });
  }

  /** The object as last seen. */
  get pod(): Pod {
    return this.#publisher.pod;
  }

  /**
   * Runs the Pod to its end. `freed` is called when its processes are gone, before what they left is removed.
   * @throws VolumesMissing, DiskReserveError and others only while nothing has been started: the Pod may be tried again
   */
  run(freed: () => void): Promise<void> {
    return this.#supervise(freed, () => this.#begin());
  }

  /** Takes over a Pod that an earlier server started. */
  resume(freed: () => void, record: PodRecord, found: ReadonlyMap<string, Found>): Promise<void> {
    this.#mayHaveRun = true;
    return this.#supervise(freed, () => this.#resumeContainers(record, found));
  }

  /** Ends a Pod of which nothing is left. */
  fail(failure: Failure, exitCode: number): Promise<void> {
    this.#reporter.failed(failure);
    const now = this.#context.clock.now();
    for (const [name, run] of this.#runs)
      if (!hasEnded(run)) this.#runs.set(name, { phase: 'ended', exitCode, ...failure, finishedAt: now });
    return this.#supervise(
      () => {},
      async () => {},
    );
  }

  /** A newer state of the object. */
  observe(pod: Pod): void {
    this.#publisher.observe(pod);
    this.#context.policies.observe(pod);
    const grace = wantedEnd(pod);
    if (grace !== undefined) this.stop('Terminated', grace);
  }

  /** The object is gone: nothing is left to report. */
  forget(): void {
    this.#done.reject(new PodGone());
  }

  /** Ends all containers; called again, the shorter grace period counts. */
  stop(reason: StopReason, graceSeconds: number, failure?: Failure): void {
    if (!this.#sequence.stop(reason, graceSeconds)) return;
    this.#reporter.failed(failure);
    this.#sequence.advance();
  }

  /** Bytes of its logs and its disk. */
  async footprint(): Promise<number> {
    const sizes = this.#journal.names.map((name) =>
      stat(this.#processes.logOf(name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    const bytes = await Promise.all([...sizes, this.#place.diskBytes()]);
    return bytes.reduce((sum, size) => sum + size, 0);
  }

  evict(message: string): void {
    this.stop('DiskPressure', evictionGrace, { reason: 'Evicted', message });
  }

  logMayLack(): void {
    this.#reporter.logMayLack();
  }

  async #supervise(freed: () => void, begin: () => Promise<void>): Promise<void> {
    const { stopping } = this.#context;
    const detach = (): void => this.#done.reject(new Detached());
    stopping.addEventListener('abort', detach, { once: true });
    try {
      await begin();
      this.#mayHaveRun = true;
      this.#sequence.begin();
      await this.#done.promise;
      freed();
      await this.#reporter.conclude(this.#journal.names.map((name) => this.#processes.logOf(name)));
      await this.#remove();
    } catch (error) {
      if (error instanceof Detached || stopping.aborted) return this.#detach();
      await this.#starts.close();
      if (this.#mayHaveRun && !(error instanceof PodGone)) {
        // A command may have run, so the Pod must not be tried again; its state stays for the next start of the server.
        this.#context.onError(`pod ${this.pod.metadata.name}: its end cannot be reported`, error);
        return this.#detach();
      }
      await this.#remove();
      if (!(error instanceof PodGone)) throw error;
    } finally {
      stopping.removeEventListener('abort', detach);
      this.#watch.close();
      this.#reporter.close();
      freed();
    }
  }

  async #begin(): Promise<void> {
    const problem = orderError(this.#order, [...this.#containers.keys()]);
    if (problem !== undefined) return this.#refuseAll(problem);
    // It may have waited in the queue for long.
    if (hasAwaitable(this.pod) && (await missingVolumes(this.#context.client, this.pod)) !== undefined)
      throw new VolumesMissing();
    await this.#place.reserve(this.pod);
    // Flushing the claim takes half as long as making the sandbox: both go on at the same time.
    this.#claimed = this.#claim();
    this.#claimed.catch(() => {});
    await this.#place.sandbox(this.pod);
  }

  async #claim(): Promise<void> {
    const { nodeName, bootId } = this.#context;
    await endOfTurn();
    if (bootOfClaim(this.pod) !== bootId) await this.#publisher.update((pod) => claimed(pod, nodeName, bootId));
    await flush(this.#context);
  }

  #refuseAll(message: string): void {
    const refusal = refusalOf(new ConfigError(message), this.#context.clock.now());
    for (const name of this.#runs.keys()) this.#runs.set(name, refusal);
  }

  async #resumeContainers(record: PodRecord, found: ReadonlyMap<string, Found>): Promise<void> {
    this.#journal.load(record);
    await this.#place.adopt(this.pod, record);
    this.#claimed = this.#claim();
    this.#claimed.catch(() => {});
    const engine = { parts: this.#parts, starts: this.#starts, watch: this.#watch };
    for (const [name, what] of found) await resumeContainer(engine, name, what);
    if (wantedEnd(this.pod) !== undefined) this.observe(this.pod);
  }

  async #detach(): Promise<void> {
    await this.#starts.close();
    this.#processes.detach();
    if (this.#journal.names.length === 0) await this.#remove();
  }

  /** Removes all that was made for the Pod but its logs. */
  async #remove(): Promise<void> {
    await Promise.all(this.#journal.names.map((name) => this.#removeContainer(name)));
    await this.#place.release().catch((error: unknown) => this.#leftover(error));
  }

  /** A machine that is short of something for a moment must not leave it running for good. */
  async #removeContainer(name: string): Promise<void> {
    const { clock, stopping } = this.#context;
    for (const delay of removalDelays)
      try {
        return await this.#processes.of(name).remove();
      } catch (error) {
        if (delay === undefined || stopping.aborted) return this.#leftover(error);
        await pause(clock, delay, stopping);
      }
  }

  #leftover(error: unknown): void {
    this.#context.onError(`pod ${this.pod.metadata.name}: cleaning up`, error);
  }
}
