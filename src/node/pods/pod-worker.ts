/**
 * Runs one Pod on this machine: claims it, makes network and disk, starts its containers in their order, stops them
 * when told to, writes the outcome, and removes what was made. A command is started at most once.
 */

import { stat } from 'node:fs/promises';
import type { Timer } from '../../client/clock.ts';
import type { Container, Pod } from '../../resources/core/pod.ts';
import { type StartOrder, startOrderOf } from '../../resources/core/start-order.ts';
import type { NodeContext } from '../context.ts';
import { deferred } from '../deferred.ts';
import { bootOfClaim, claimed } from './claim.ts';
import { ConfigError } from './config-error.ts';
import type { ContainerProcess, Exit } from './container.ts';
import { type ContainerRun, type Ended, hasEnded, isAlive, lost, type StopReason, skipped } from './container-run.ts';
import { setDeadlines } from './deadlines.ts';
import { endTime, monotonic } from './end-time.ts';
import { endingOf, refusalOf } from './ending.ts';
import { flush } from './flush.ts';
import { deletionGrace, evictionGrace, usualGrace } from './grace.ts';
import { allEnded, nextMoves, orderError } from './order.ts';
import { PodJournal } from './pod-journal.ts';
import { PodPlace } from './pod-place.ts';
import { PodProcesses } from './pod-processes.ts';
import { type Failure, PodReporter } from './pod-reporter.ts';
import type { Found } from './recovery.ts';
import { specOf } from './sandbox.ts';
import type { PodRecord } from './state-file.ts';
import { PodGone, PodPublisher } from './status-publisher.ts';

/** The agent stops: what runs goes on without us. */
class Detached extends Error {}

const deadlineExceeded: Failure = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
};

export class PodWorker {
  readonly #context: NodeContext;
  readonly #publisher: PodPublisher;
  readonly #order: StartOrder;
  readonly #containers: ReadonlyMap<string, Container>;
  readonly #runs = new Map<string, ContainerRun>();
  readonly #place: PodPlace;
  readonly #journal: PodJournal;
  readonly #processes: PodProcesses;
  readonly #reporter: PodReporter;
  readonly #timers: Timer[] = [];
  readonly #done = deferred();
  /** Starts in flight: the agent's stop waits for them, so that none is cut in two. */
  readonly #starts = new Set<Promise<void>>();
  /** Resolves when the intent to start is on disk. */
  #claimed: Promise<void> = Promise.resolve();
  #stopping: { readonly reason: StopReason; readonly grace: number } | undefined;
  /** Until everything is known of what there is, nothing more is started. */
  #begun = false;
  #mayHaveRun = false;

  constructor(context: NodeContext, pod: Pod) {
    this.#context = context;
    const { client, clock, stopping, onError } = context;
    this.#publisher = new PodPublisher({ client, clock, pod, stopping, onError });
    this.#order = startOrderOf(pod);
    this.#containers = new Map(pod.spec.containers.map((container) => [container.name, container]));
    for (const name of this.#containers.keys()) this.#runs.set(name, { phase: 'waiting' });
    this.#place = new PodPlace(context, pod);
    this.#journal = new PodJournal(pod, context.bootId, this.#place);
    this.#processes = new PodProcesses(context, pod, this.#place);
    this.#reporter = new PodReporter({
      context,
      publisher: this.#publisher,
      order: this.#order,
      runs: this.#runs,
      place: this.#place,
      processes: this.#processes,
      onGone: (gone) => this.#done.reject(gone),
    });
  }

  /** As last seen. */
  get pod(): Pod {
    return this.#publisher.pod;
  }

  /**
   * Runs the Pod to its end. `freed` is called when its processes are gone, before what they left is removed.
   * @throws DiskReserveError and others only while nothing has been started: the Pod may be tried again
   */
  run(freed: () => void): Promise<void> {
    return this.#supervise(freed, () => this.#begin());
  }

  /** Goes on with a Pod that another server started. */
  resume(freed: () => void, record: PodRecord, found: ReadonlyMap<string, Found>): Promise<void> {
    this.#mayHaveRun = true;
    return this.#supervise(freed, () => this.#takeUp(record, found));
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
    if (pod.metadata.deletionTimestamp === undefined) return;
    this.stop('Terminated', deletionGrace(pod));
  }

  /** The object is gone: nothing is left to report. */
  forget(): void {
    this.#done.reject(new PodGone());
  }

  /** Ends all containers; called again, the shorter grace period counts. */
  stop(reason: StopReason, graceSeconds: number, failure?: Failure): void {
    if (this.#stopping !== undefined && this.#stopping.grace <= graceSeconds) return;
    this.#stopping = { reason: this.#stopping?.reason ?? reason, grace: graceSeconds };
    this.#reporter.failed(failure);
    for (const [name, run] of this.#runs) if (run.phase === 'running') this.#stopContainer(name, reason, graceSeconds);
    this.#advance();
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
      this.#begun = true;
      this.#mayHaveRun = true;
      this.#advance();
      await this.#done.promise;
      freed();
      await this.#reporter.conclude(this.#journal.names.map((name) => this.#processes.logOf(name)));
      await this.#remove();
    } catch (error) {
      if (error instanceof Detached || stopping.aborted) return this.#detach();
      await Promise.allSettled(this.#starts);
      if (this.#mayHaveRun && !(error instanceof PodGone)) {
        // Something may have run, so the Pod must not be tried again, and what tells of it stays for the next start.
        this.#context.onError(`pod ${this.pod.metadata.name}: its end cannot be reported`, error);
        return this.#detach();
      }
      await this.#remove();
      if (!(error instanceof PodGone)) throw error;
    } finally {
      stopping.removeEventListener('abort', detach);
      for (const timer of this.#timers) timer.cancel();
      freed();
    }
  }

  async #begin(): Promise<void> {
    const problem = orderError(this.#order, [...this.#containers.keys()]);
    if (problem !== undefined) return this.#refuseAll(problem);
    await this.#place.reserve(this.pod);
    // Flushing the intent takes as long as half of the making does: both at once.
    this.#claimed = this.#claim();
    this.#claimed.catch(() => {});
    await this.#place.sandbox(this.pod);
  }

  async #claim(): Promise<void> {
    const { nodeName, bootId } = this.#context;
    if (bootOfClaim(this.pod) !== bootId) await this.#publisher.update((pod) => claimed(pod, nodeName, bootId));
    await flush(this.#context);
  }

  #refuseAll(message: string): void {
    const refusal = refusalOf(new ConfigError(message), this.#context.clock.now());
    for (const name of this.#runs.keys()) this.#runs.set(name, refusal);
  }

  /** Starts and skips what may be now; ends the Pod when nothing is left. */
  #advance(): void {
    if (!this.#begun) return;
    if (this.#stopping !== undefined) this.#skipWaiting();
    let moves = nextMoves(this.#order, this.#runs);
    while (moves.skip.length > 0) {
      const now = this.#context.clock.now();
      for (const name of moves.skip) this.#runs.set(name, skipped('an earlier container failed', now));
      moves = nextMoves(this.#order, this.#runs);
    }
    for (const name of moves.start) {
      this.#runs.set(name, { phase: 'starting' });
      this.#track(this.#start(name));
    }
    if (allEnded(this.#runs)) this.#done.resolve();
  }

  #skipWaiting(): void {
    const now = this.#context.clock.now();
    for (const [name, run] of this.#runs)
      if (run.phase === 'waiting')
        this.#runs.set(name, skipped('the Pod was stopped before this container began', now));
  }

  #track(start: Promise<void>): void {
    this.#starts.add(start);
    void start.finally(() => this.#starts.delete(start));
  }

  /** Never rejects: what goes wrong becomes the container's end. */
  async #start(name: string): Promise<void> {
    try {
      await this.#context.starting.run(() => this.#createAndStart(name));
    } catch (error) {
      this.#notStarted(name, error);
    }
  }

  #notStarted(name: string, error: unknown): void {
    if (error instanceof PodGone) this.#done.reject(error);
    // Cut short by the agent's stop: the next one finds out how far it came.
    else if (this.#context.stopping.aborted) this.#done.reject(new Detached());
    else this.#ended(name, refusalOf(error, this.#context.clock.now()));
  }

  async #createAndStart(name: string): Promise<void> {
    const process = this.#processes.of(name);
    if (this.#context.stopping.aborted) throw new Detached();
    const sandbox = await this.#place.sandbox(this.pod);
    this.#journal.write(name, { id: process.place.id, stage: 'creating' });
    const spec = await specOf(this.#context, this.pod, this.#containers.get(name)!, sandbox, {
      id: process.place.id,
      podDirectory: this.#place.directory,
    });
    await process.create(spec);
    await this.#claimed;
    await this.#startCreated(name, process);
  }

  async #startCreated(name: string, process: ContainerProcess): Promise<void> {
    const { clock } = this.#context;
    if (this.#stopping !== undefined) {
      await process.remove();
      return this.#ended(name, skipped('the Pod was stopped before this container began', clock.now()));
    }
    const startedAt = clock.now();
    this.#journal.write(name, { id: process.place.id, stage: 'starting', startedAt, startedMonotonic: monotonic() });
    await process.start();
    this.#follow(name, process, startedAt);
  }

  /** Looks after a container that runs. */
  #follow(name: string, process: ContainerProcess, startedAt: number): void {
    this.#runs.set(name, { phase: 'running', startedAt });
    process.watch();
    void process.ended().then((exit) => this.#exited(name, process, exit, startedAt));
    this.#watchClock(name, startedAt);
    if (this.#stopping !== undefined) this.#stopContainer(name, this.#stopping.reason, this.#stopping.grace);
    this.#reporter.publish();
  }

  #watchClock(name: string, startedAt: number): void {
    const grace = this.pod.spec.terminationGracePeriodSeconds ?? usualGrace;
    const timeoutSeconds = this.#order[name]?.timeoutSeconds;
    this.#timers.push(
      ...setDeadlines({
        clock: this.#context.clock,
        pod: this.pod,
        startedAt,
        first: this.#journal.isFirst(startedAt),
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
        onTimeout: () => this.#stopContainer(name, 'TimeoutExceeded', grace),
        onDeadline: () => this.stop('DeadlineExceeded', grace, deadlineExceeded),
      }),
    );
  }

  #stopContainer(name: string, reason: StopReason, graceSeconds: number): void {
    const record = this.#journal.get(name);
    if (record === undefined || !isAlive(this.#runs.get(name)!)) return;
    if (record.stopReason === undefined) this.#journal.write(name, { ...record, stopReason: reason });
    this.#processes.of(name).stop(graceSeconds);
  }

  /** Never rejects. */
  async #exited(name: string, process: ContainerProcess, exit: Exit, startedAt: number | undefined): Promise<void> {
    // Closed by us, not by the monitor's end.
    if (this.#context.stopping.aborted) return;
    const { startedMonotonic } = this.#journal.get(name) ?? {};
    const now = this.#context.clock.now();
    const at = endTime({ startedAt, startedMonotonic, endedAt: exit.at, now, nowMonotonic: monotonic() });
    const ending = endingOf(this.#context, {
      container: this.#containers.get(name)!,
      process,
      exit: { ...exit, at },
      startedAt,
      stopped: this.#journal.get(name)?.stopReason as StopReason | undefined,
      disk: this.#place.disk,
    });
    this.#ended(name, await ending.catch((error: Error) => lost(error.message, exit.at, startedAt)));
  }

  #ended(name: string, ended: Ended): void {
    this.#runs.set(name, ended);
    const record = this.#journal.get(name);
    // A single container's exit file says it all; of several the earlier ones must be remembered.
    if (record !== undefined && this.#runs.size > 1) this.#journal.write(name, { ...record, stage: 'ended', ended });
    this.#advance();
    if (!allEnded(this.#runs)) this.#reporter.publish();
  }

  async #takeUp(record: PodRecord, found: ReadonlyMap<string, Found>): Promise<void> {
    this.#journal.load(record);
    await this.#place.adopt(this.pod, record);
    this.#claimed = this.#claim();
    this.#claimed.catch(() => {});
    for (const [name, what] of found) await this.#takeUpContainer(name, what);
    if (this.pod.metadata.deletionTimestamp !== undefined) this.observe(this.pod);
  }

  async #takeUpContainer(name: string, what: Found): Promise<void> {
    if (!this.#runs.has(name)) return;
    const process = this.#processes.of(name);
    const record = this.#journal.get(name);
    const startedAt = record?.startedAt;
    if (what.decision === 'ended' && record?.ended !== undefined) {
      this.#runs.set(name, { phase: 'ended', ...record.ended });
    } else if (what.decision === 'ended') {
      this.#runs.set(name, { phase: 'running', startedAt: startedAt ?? 0 });
      await this.#exited(
        name,
        process,
        process.exit() ?? { code: undefined, at: this.#context.clock.now() },
        startedAt,
      );
    } else if (what.decision === 'adopt') {
      this.#follow(name, process, startedAt ?? this.#context.clock.now());
    } else if (what.decision === 'start') {
      process.watch();
      this.#runs.set(name, { phase: 'starting' });
      this.#track(this.#startAgain(name, process));
    } else if (what.decision === 'anew') {
      this.#journal.forget(name);
      await this.#processes.discard(name);
    } else {
      this.#runs.set(name, lost(what.why, this.#context.clock.now(), startedAt));
    }
  }

  /** A created container that the earlier server may just have been starting. */
  async #startAgain(name: string, process: ContainerProcess): Promise<void> {
    try {
      await this.#claimed;
      await this.#startCreated(name, process);
    } catch (error) {
      this.#notStarted(name, error);
    }
  }

  async #detach(): Promise<void> {
    await Promise.allSettled(this.#starts);
    this.#processes.detach();
    if (this.#journal.names.length === 0) await this.#remove();
  }

  /** Removes all that was made for the Pod but its logs. */
  async #remove(): Promise<void> {
    const removals = this.#journal.names.map((name) => this.#processes.of(name).remove());
    await Promise.all(removals.map((removal) => removal.catch((error: unknown) => this.#leftover(error))));
    await this.#place.release().catch((error: unknown) => this.#leftover(error));
  }

  #leftover(error: unknown): void {
    this.#context.onError(`pod ${this.pod.metadata.name}: cleaning up`, error);
  }
}
