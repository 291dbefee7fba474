/**
 * Runs one Pod on this machine: claims it, makes network and disk, starts its containers in their order, stops them
 * when told to, writes the outcome, and removes what was made. A command is started at most once.
 */

import { mkdirSync, rmSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Timer } from '../../client/clock.ts';
import type { Container, Pod } from '../../resources/core/pod.ts';
import { type StartOrder, startOrderOf } from '../../resources/core/start-order.ts';
import type { NodeContext } from '../context.ts';
import { deferred } from '../deferred.ts';
import type { PodDisk } from '../disk/disk.ts';
import { syncFiles } from '../durable.ts';
import { logPathOf } from '../logs/log-path.ts';
import { appendNotices } from '../logs/notice.ts';
import type { PodNetwork } from '../network/network.ts';
import { bootOfClaim, claimed } from './claim.ts';
import { ContainerProcess, type Exit } from './container.ts';
import { type ContainerRun, type Ended, hasEnded, isAlive, lost, type StopReason, skipped } from './container-run.ts';
import { endingOf, refusalOf } from './ending.ts';
import { allEnded, nextMoves, orderError } from './order.ts';
import { podStatus } from './pod-status.ts';
import type { Found } from './recovery.ts';
import { podDisk } from './resources.ts';
import { makeSandbox, type Sandbox, specOf } from './sandbox.ts';
import { type ContainerRecord, type PodRecord, writeRecord } from './state-file.ts';
import { PodGone, PodPublisher } from './status-publisher.ts';

/** The agent stops: what runs goes on without us. */
class Detached extends Error {}

const usualGrace = 10;
/** Seconds: whoever fills the disk may not go on for long. */
const evictionGrace = 1;

export interface Failure {
  readonly reason: string;
  readonly message: string;
}

export class PodWorker {
  readonly #context: NodeContext;
  readonly #publisher: PodPublisher;
  readonly #order: StartOrder;
  readonly #containers: ReadonlyMap<string, Container>;
  readonly #runs = new Map<string, ContainerRun>();
  readonly #records = new Map<string, ContainerRecord>();
  readonly #processes = new Map<string, ContainerProcess>();
  readonly #timers: Timer[] = [];
  readonly #directory: string;
  readonly #done = deferred();
  /** Starts in flight: the agent's stop waits for them, so that none is cut in two. */
  readonly #starts = new Set<Promise<void>>();
  #sandbox: Sandbox | undefined;
  #network: PodNetwork | undefined;
  #disk: PodDisk | undefined;
  /** Resolves when the intent to start is on disk. */
  #claimed: Promise<void> = Promise.resolve();
  #stopping: { readonly reason: StopReason; readonly grace: number } | undefined;
  #failure: Failure | undefined;
  #logMayLack = false;
  /** Until everything is known of what there is, nothing more is started. */
  #begun = false;

  constructor(context: NodeContext, pod: Pod) {
    this.#context = context;
    const { client, clock, stopping, onError } = context;
    this.#publisher = new PodPublisher({ client, clock, pod, stopping, onError });
    this.#order = startOrderOf(pod);
    this.#containers = new Map(pod.spec.containers.map((container) => [container.name, container]));
    for (const name of this.#containers.keys()) this.#runs.set(name, { phase: 'waiting' });
    this.#directory = join(context.layout.pods, pod.metadata.uid!);
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
    return this.#supervise(freed, () => this.#takeUp(record, found));
  }

  /** Ends a Pod of which nothing is left. */
  fail(failure: Failure, exitCode: number): Promise<void> {
    this.#failure = failure;
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
    if (pod.metadata.deletionTimestamp === undefined) return;
    this.stop('Terminated', pod.metadata.deletionGracePeriodSeconds ?? usualGrace);
  }

  /** The object is gone: nothing is left to report. */
  forget(): void {
    this.#done.reject(new PodGone());
  }

  /** Ends all containers; called again, the shorter grace period counts. */
  stop(reason: StopReason, graceSeconds: number, failure?: Failure): void {
    if (this.#stopping !== undefined && this.#stopping.grace <= graceSeconds) return;
    this.#stopping = { reason: this.#stopping?.reason ?? reason, grace: graceSeconds };
    this.#failure ??= failure;
    for (const [name, run] of this.#runs) if (run.phase === 'running') this.#stopContainer(name, reason, graceSeconds);
    this.#advance();
  }

  /** Bytes of its logs and its disk. */
  async footprint(): Promise<number> {
    const sizes = [...this.#records.keys()].map((name) =>
      stat(this.#process(name).place.logPath).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    const disk = this.#disk?.usage().then(
      ({ usedBytes }) => usedBytes,
      () => 0,
    );
    return (await Promise.all([...sizes, disk])).reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  }

  evict(message: string): void {
    this.stop('DiskPressure', evictionGrace, { reason: 'Evicted', message });
  }

  logMayLack(): void {
    this.#logMayLack = true;
  }

  async #supervise(freed: () => void, begin: () => Promise<void>): Promise<void> {
    const { stopping } = this.#context;
    const detach = (): void => this.#done.reject(new Detached());
    stopping.addEventListener('abort', detach, { once: true });
    try {
      await begin();
      this.#begun = true;
      this.#advance();
      await this.#done.promise;
      freed();
      await this.#report();
      await this.#remove();
    } catch (error) {
      if (error instanceof Detached || stopping.aborted) return this.#detach();
      await Promise.allSettled(this.#starts);
      await this.#remove();
      if (!(error instanceof PodGone)) throw error;
    } finally {
      stopping.removeEventListener('abort', detach);
      for (const timer of this.#timers) timer.cancel();
      freed();
    }
  }

  async #begin(): Promise<void> {
    const { pod } = this.#publisher;
    const { clock, disk, defaults, network } = this.#context;
    const problem = orderError(this.#order, [...this.#containers.keys()]);
    if (problem !== undefined) return this.#refuseAll(problem, clock.now());
    this.#disk = await disk.acquire(podDisk(pod, defaults));
    // Flushing the intent takes as long as half of the making does: both at once.
    this.#claimed = this.#claim();
    this.#claimed.catch(() => {});
    this.#network = await network.acquire();
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#sandbox = await makeSandbox(this.#context, pod, this.#directory, this.#network, this.#disk);
  }

  async #claim(): Promise<void> {
    const { nodeName, bootId, barrier } = this.#context;
    if (bootOfClaim(this.#publisher.pod) !== bootId)
      await this.#publisher.update((pod) => claimed(pod, nodeName, bootId));
    await barrier();
  }

  #refuseAll(message: string, finishedAt: number): void {
    for (const name of this.#runs.keys())
      this.#runs.set(name, {
        phase: 'ended',
        exitCode: 128,
        reason: 'CreateContainerConfigError',
        message,
        finishedAt,
      });
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
    const process = this.#process(name);
    if (this.#context.stopping.aborted) throw new Detached();
    this.#record(name, { id: process.place.id, stage: 'creating' });
    const spec = await specOf(this.#context, this.#publisher.pod, this.#containers.get(name)!, this.#sandbox!, {
      id: process.place.id,
      podDirectory: this.#directory,
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
    this.#record(name, { id: process.place.id, stage: 'starting', startedAt });
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
    this.#publish();
  }

  #watchClock(name: string, startedAt: number): void {
    const { clock } = this.#context;
    const { activeDeadlineSeconds, terminationGracePeriodSeconds = usualGrace } = this.#publisher.pod.spec;
    const timeoutSeconds = this.#order[name]?.timeoutSeconds;
    const left = (seconds: number): number => Math.max(0, startedAt + seconds * 1000 - clock.now());
    if (timeoutSeconds !== undefined)
      this.#timers.push(
        clock.after(left(timeoutSeconds), () =>
          this.#stopContainer(name, 'TimeoutExceeded', terminationGracePeriodSeconds),
        ),
      );
    const first = [...this.#records.values()].every((record) => (record.startedAt ?? Infinity) >= startedAt);
    if (activeDeadlineSeconds !== undefined && first)
      this.#timers.push(
        clock.after(left(activeDeadlineSeconds), () =>
          this.stop('DeadlineExceeded', terminationGracePeriodSeconds, {
            reason: 'DeadlineExceeded',
            message: 'Pod was active on the node longer than the specified deadline',
          }),
        ),
      );
  }

  #stopContainer(name: string, reason: StopReason, graceSeconds: number): void {
    const record = this.#records.get(name);
    if (record === undefined || !isAlive(this.#runs.get(name)!)) return;
    if (record.stopReason === undefined) this.#record(name, { ...record, stopReason: reason });
    this.#processes.get(name)?.stop(graceSeconds);
  }

  async #exited(name: string, process: ContainerProcess, exit: Exit, startedAt: number | undefined): Promise<void> {
    // Closed by us, not by the monitor's end.
    if (this.#context.stopping.aborted) return;
    const container = this.#containers.get(name)!;
    const stopped = this.#records.get(name)?.stopReason as StopReason | undefined;
    const at = Math.max(exit.at, startedAt ?? 0);
    this.#ended(
      name,
      await endingOf(this.#context, {
        container,
        process,
        exit: { ...exit, at },
        startedAt,
        stopped,
        disk: this.#disk,
      }),
    );
  }

  #ended(name: string, ended: Ended): void {
    this.#runs.set(name, ended);
    const record = this.#records.get(name);
    // A single container's exit file says it all; of several the earlier ones must be remembered.
    if (record !== undefined && this.#runs.size > 1) this.#record(name, { ...record, stage: 'ended', ended });
    this.#advance();
    if (!allEnded(this.#runs)) this.#publish();
  }

  /** Makes the outcome known and durable; the evidence is removed only after that. */
  async #report(): Promise<void> {
    const { layout, barrier, clock } = this.#context;
    const { pod } = this.#publisher;
    await this.#publisher.publish((current) => this.#status(current));
    const logs = [...this.#records.keys()].map((name) => logPathOf(layout.logs, pod, name));
    if (this.#logMayLack) await appendNotices(logs, 'the disk was full: lines may be missing above', clock.now());
    await Promise.all([barrier(), syncFiles(logs)]);
    if (this.#publisher.pod.metadata.deletionTimestamp !== undefined) await this.#publisher.remove();
  }

  #publish(): void {
    this.#publisher
      .publish((pod) => this.#status(pod))
      .catch((error: unknown) => {
        if (error instanceof PodGone) this.#done.reject(error);
        else this.#context.onError(`pod ${this.#publisher.pod.metadata.name}: writing its status`, error);
      });
  }

  #status(pod: Pod): NonNullable<Pod['status']> {
    return podStatus({
      pod,
      runs: this.#runs,
      order: this.#order,
      now: new Date(this.#context.clock.now()).toISOString(),
      containerId: (name) => this.#process(name).place.id,
      hostIP: this.#context.network.hostAddress,
      ...(this.#network === undefined ? {} : { podIP: this.#network.ip }),
      ...(this.#failure === undefined ? {} : { failure: this.#failure }),
    });
  }

  #process(name: string): ContainerProcess {
    let process = this.#processes.get(name);
    if (process === undefined) {
      const index = [...this.#containers.keys()].indexOf(name);
      process = new ContainerProcess(this.#context, {
        id: `${this.#publisher.pod.metadata.uid!}-${index}`,
        bundle: join(this.#directory, name),
        logPath: logPathOf(this.#context.layout.logs, this.#publisher.pod, name),
      });
      this.#processes.set(name, process);
    }
    return process;
  }

  #record(name: string, record: ContainerRecord): void {
    this.#records.set(name, record);
    const { namespace = '', name: podName } = this.#publisher.pod.metadata;
    writeRecord(this.#directory, {
      version: 1,
      uid: this.#publisher.pod.metadata.uid!,
      namespace,
      name: podName,
      bootId: this.#context.bootId,
      networkId: this.#network?.id ?? '',
      diskId: this.#disk?.id ?? '',
      containers: Object.fromEntries(this.#records),
    });
  }

  async #takeUp(record: PodRecord, found: ReadonlyMap<string, Found>): Promise<void> {
    const { pod } = this.#publisher;
    const { disk, network, defaults } = this.#context;
    this.#disk = (await disk.adopt(record.diskId)) ?? (await disk.acquire(podDisk(pod, defaults)));
    this.#network = (await network.adopt(record.networkId)) ?? (await network.acquire());
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    this.#sandbox = await makeSandbox(this.#context, pod, this.#directory, this.#network, this.#disk);
    for (const [name, container] of Object.entries(record.containers)) this.#records.set(name, container);
    for (const [name, what] of found) await this.#takeUpContainer(name, what);
    this.#claimed = this.#claim();
    this.#claimed.catch(() => {});
    if (pod.metadata.deletionTimestamp !== undefined) this.observe(pod);
  }

  async #takeUpContainer(name: string, what: Found): Promise<void> {
    if (!this.#runs.has(name)) return;
    const process = this.#process(name);
    const record = this.#records.get(name);
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
      this.#records.delete(name);
      await process.remove();
      this.#processes.delete(name);
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
    for (const process of this.#processes.values()) process.detach();
    if (this.#records.size === 0) await this.#remove();
  }

  /** Removes all that was made for the Pod but its logs. */
  async #remove(): Promise<void> {
    const created = [...this.#processes].filter(([name]) => this.#records.has(name));
    await Promise.all(created.map(([, process]) => process.remove().catch((error: unknown) => this.#leftover(error))));
    rmSync(this.#directory, { recursive: true, force: true });
    await Promise.all([this.#network?.release(), this.#disk?.release()]).catch((error: unknown) =>
      this.#leftover(error),
    );
  }

  #leftover(error: unknown): void {
    this.#context.onError(`pod ${this.#publisher.pod.metadata.name}: cleaning up`, error);
  }
}
