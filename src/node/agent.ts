/** The node agent: watches Pods through a Client and runs them in containers on this machine. */

import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import type { Containers } from '../client/containers.ts';
import type { FileSource } from '../client/files.ts';
import type { MachineRoom } from '../client/machine-room.ts';
import { reflect } from '../client/reflector.ts';
import type { UsageSource } from '../client/usage.ts';
import type { Node } from '../resources/core/kinds.ts';
import { Pod, podFinished } from '../resources/core/pod.ts';
import { errorMessage } from '../resources/errors.ts';
import { refOf } from '../resources/meta.ts';
import { isConflict, isNotFound } from '../resources/status.ts';
import { type NodeAgentOptions, roomWithin } from './agent-options.ts';
import type { NodeContext } from './context.ts';
import { createContext } from './create-context.ts';
import { DiskReserveError, DiskTooSmallError } from './disk/disk.ts';
import { DiskPressure } from './disk/disk-pressure.ts';
import { ContainerSessions } from './exec/container-sessions.ts';
import { nodeFiles } from './files/node-files.ts';
import { makeFolders, removeIdleFolders } from './folders.ts';
import { LogCompressor } from './logs/log-compressor.ts';
import { startLogJanitor } from './logs/log-janitor.ts';
import { ownerOf } from './logs/log-path.ts';
import type { LogStore } from './logs/log-store.ts';
import { wantedEnd } from './pods/end/grace.ts';
import { PodWorker } from './pods/pod-worker.ts';
import { PodWorkers } from './pods/pod-workers.ts';
import { recoverPods } from './pods/recovery/recover-pods.ts';
import type { Failure } from './pods/status/pod-reporter.ts';
import { endDrain, followCordon } from './scheduling/cordon.ts';
import { VolumesMissing } from './scheduling/missing-volumes.ts';
import { PodScheduler } from './scheduling/pod-scheduler.ts';
import { usageSource } from './usage-source.ts';
import { createVolumes, type NodeVolumes } from './volumes/create-volumes.ts';
import { startProvisioner } from './volumes/provisioner.ts';

export interface NodeAgent {
  /** Resolves when everything that was left running has been taken up again and Pods are watched. */
  start(): Promise<void>;
  /** Stops watching; containers go on running. */
  stop(): Promise<void>;
  /** Files of Tasks and volumes. */
  readonly files: FileSource;
  /** Commands in containers that run. */
  readonly containers: Containers;
  /** What containers and the machine take. */
  readonly usage: UsageSource;
  /** Room for what is to become a Pod. */
  readonly room: MachineRoom;
  /** Pods that are being run. */
  readonly running: number;
  /** Resolves when the Pods that are being run now have ended and all that was made for them is removed. */
  idle(): Promise<void>;
}

export function createNodeAgent(options: NodeAgentOptions): NodeAgent {
  return new Agent(options);
}

class Agent implements NodeAgent {
  readonly #abort = new AbortController();
  readonly #context: NodeContext;
  readonly #logs: LogStore;
  readonly #keepsLog: NodeAgentOptions['keepsLog'];
  readonly #pressure: DiskPressure;
  readonly #compressor: LogCompressor;
  readonly #scheduler: PodScheduler;
  readonly #workers = new PodWorkers();
  readonly #volumes: NodeVolumes;
  readonly containers: ContainerSessions;
  #provisioner: { stop(): Promise<void> } | undefined;

  constructor(options: NodeAgentOptions) {
    const { limits = {}, logs, dataDir } = options;
    // conmon cuts the path of a log at a colon; our launcher ends an argument at a newline.
    if (/[:\n]/.test(dataDir)) throw new RangeError(`the data directory may not contain a colon: ${dataDir}`);
    this.#logs = logs;
    this.#keepsLog = options.keepsLog;
    const cores = availableParallelism();
    // Each running Pod adds a listener.
    setMaxListeners(0, this.#abort.signal);
    this.#volumes = createVolumes(options);
    this.#context = createContext(options, cores, this.#abort.signal, this.#volumes.claims);
    this.containers = new ContainerSessions(this.#context);
    this.#pressure = new DiskPressure({
      path: this.#context.layout.logs,
      clock: options.clock,
      writers: () => this.#workers.all(),
      onError: this.#context.onError,
      ...(limits.pressureBytes === undefined ? {} : { thresholdBytes: limits.pressureBytes }),
    });
    this.#compressor = new LogCompressor({
      clock: options.clock,
      directory: this.#context.layout.logs,
      isLive: (owner, name) => this.#workers.pods().some((pod) => pod.metadata.name === name && ownerOf(pod) === owner),
      isNeeded: async () => false,
      ...options.logsInUse,
      signal: this.#abort.signal,
      onError: this.#context.onError,
    });
    this.#scheduler = new PodScheduler({
      context: this.#context,
      limits: roomWithin(limits),
      placed: () => this.#workers.pods(),
      admit: (pod) => this.#run(pod),
      refuse: (pod, failure) => this.#refuse(pod, failure),
    });
  }

  get usage(): UsageSource {
    return usageSource(this.#context);
  }

  get files(): FileSource {
    return nodeFiles(this.#context);
  }

  get room(): MachineRoom {
    return this.#scheduler.room;
  }

  get running(): number {
    return this.#workers.size;
  }

  idle(): Promise<void> {
    return this.#workers.idle();
  }

  async start(): Promise<void> {
    const { layout, cgroups, launcher, starter, client, clock, onError } = this.#context;
    await makeFolders(layout);
    await cgroups.prepare();
    launcher.open();
    starter.open();
    const { items } = await client.list(Pod, { unfinishedOnly: true });
    const recovered = await recoverPods(
      this.#context,
      items.filter((pod) => !podFinished(pod) && this.#isOurs(pod)),
    );
    for (const { pod, worker, run } of recovered) {
      this.#scheduler.occupy(pod);
      this.#supervise(pod, worker, run);
    }
    await this.#context.policies.watch();
    const { nodeName } = this.#context;
    const onChange = (reason: string | undefined): void => this.#scheduler.close(reason);
    await endDrain(client, nodeName);
    const onNode = (node: Node | undefined): void => this.#scheduler.nodeChanged(node);
    await followCordon({ client, clock, nodeName, signal: this.#abort.signal, onChange, onNode, onError });
    await reflect({
      client,
      kind: Pod,
      list: { unfinishedOnly: true },
      clock,
      signal: this.#abort.signal,
      onObject: (pod, gone) => this.#observe(pod, gone),
      onError: (error) => onError('watching pods', error),
    });
    this.#provisioner = startProvisioner({ client, clock, ...this.#volumes, onError });
    startLogJanitor({
      client,
      clock,
      logs: this.#logs,
      dataDir: layout.data,
      signal: this.#abort.signal,
      onError,
      ...(this.#keepsLog === undefined ? {} : { keeps: this.#keepsLog }),
    });
    this.#compressor.start();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.containers.close();
    this.#pressure.stop();
    await this.#provisioner?.stop();
    await this.idle();
    await this.#compressor.idle();
    this.#context.starter.close();
    this.#context.launcher.close();
    await removeIdleFolders(this.#context.layout);
  }

  #isOurs(pod: Pod): boolean {
    const { nodeName } = pod.spec;
    return nodeName === undefined || nodeName === '' || nodeName === this.#context.nodeName;
  }

  #observe(pod: Pod, gone: boolean): void {
    const uid = pod.metadata.uid!;
    const running = this.#workers.get(uid);
    if (gone || podFinished(pod)) {
      this.#workers.forget(uid);
      this.#compressor.ended(pod);
    }
    if (running !== undefined) {
      if (gone) running.forget();
      else running.observe(pod);
    } else if (gone) this.#scheduler.leave(uid);
    else if (pod.metadata.deletionTimestamp !== undefined) this.#removeObject(pod);
    else if (this.#isNew(pod) && wantedEnd(pod) !== undefined) this.#endUnstarted(pod);
    else if (this.#scheduler.observe(pod)) return;
    else if (this.#isNew(pod)) this.#scheduler.arrive(pod);
  }

  /** It has not been started, nor ended. */
  #isNew(pod: Pod): boolean {
    return !podFinished(pod) && !this.#workers.hasEnded(pod.metadata.uid!) && this.#isOurs(pod);
  }

  #refuse(pod: Pod, failure: Failure): void {
    const worker = new PodWorker(this.#context, pod);
    this.#supervise(pod, worker, () => worker.fail(failure, 128));
  }

  /** It was asked to end before anything of it began; the object stays. */
  #endUnstarted(pod: Pod): void {
    this.#scheduler.leave(pod.metadata.uid!);
    this.#refuse(pod, { reason: 'Terminated', message: 'the Pod was stopped before anything of it began' });
  }

  /** Removes the object of a Pod that was deleted before anything was started, or after everything ended. */
  #removeObject(pod: Pod): void {
    const { client, clock, onError, stopping } = this.#context;
    this.#scheduler.leave(pod.metadata.uid!);
    client
      .delete(Pod, refOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
      .catch((error: unknown) => {
        // It is gone, or another Pod has its name now.
        if (isNotFound(error) || isConflict(error)) return;
        onError(`pod ${pod.metadata.name}: removing it`, error);
        // Nothing else would try again: the Pod has no worker, and no event need come.
        clock.after(removalRetryDelay, () => {
          if (!stopping.aborted) this.#removeObject(pod);
        });
      });
  }

  #run(pod: Pod): void {
    const worker = new PodWorker(this.#context, pod);
    this.#supervise(pod, worker, (freed) => worker.run(freed));
  }

  #supervise(pod: Pod, worker: PodWorker, run: (freed: () => void) => Promise<void>): void {
    const uid = pod.metadata.uid!;
    const release = (): void => this.#scheduler.release(uid);
    this.#workers.add(uid, worker, run(release), (failed, error) => {
      // Also of a Pod that never had room, whose failure was only reported.
      release();
      if (failed) this.#postpone(worker.pod, error);
      else this.#scheduler.podsChanged();
    });
    this.#pressure.watch();
    this.#scheduler.podsChanged();
  }

  /** Nothing of it was started: it is tried again. */
  #postpone(pod: Pod, error: unknown): void {
    const message = errorMessage(error);
    if (pod.metadata.deletionTimestamp !== undefined) this.#removeObject(pod);
    else if (wantedEnd(pod) !== undefined) this.#endUnstarted(pod);
    else if (error instanceof VolumesMissing) this.#scheduler.arrive(pod);
    else if (error instanceof DiskTooSmallError) this.#refuse(pod, { reason: 'NeverFits', message });
    else if (error instanceof DiskReserveError) this.#scheduler.postpone(pod, 'DiskReserve', message);
    else {
      this.#context.onError(`pod ${pod.metadata.name}: cannot be started yet`, error);
      this.#scheduler.postpone(pod, 'NodeNotReady', message);
    }
  }
}

/** Milliseconds between attempts to remove a Pod of which nothing runs. */
const removalRetryDelay = 1000;
