/** Watches the running containers of one Pod: time limits, probes, hooks, being stopped, ending. */

import { join } from 'node:path';
import type { Timer } from '../../../client/clock.ts';
import type { LifecycleHandler } from '../../../resources/core/pod.ts';
import { doEndWork, hasEndWork } from '../end/after-end.ts';
import { endTime, monotonic } from '../end/end-time.ts';
import { endingOf } from '../end/ending.ts';
import { usualGrace } from '../end/grace.ts';
import { terminationMessage } from '../end/termination-message.ts';
import { runHook } from '../health/lifecycle-hook.ts';
import { PreStop } from '../health/pre-stop.ts';
import { check, type Probed } from '../health/probe-checks.ts';
import { hasProbes, ProbeLoop, startsUnready } from '../health/probe-loop.ts';
import type { PodParts } from '../pod-parts.ts';
import type { ContainerProcess, Exit } from './container.ts';
import { type Ended, isAlive, lost, type StopReason } from './container-run.ts';
import { whenOver } from './deadlines.ts';
import { allEnded, isSidecar } from './order.ts';
import { Restarts } from './restarts.ts';

/** What goes on beside one running container. */
interface Attached {
  /** Its time limit. */
  timeout?: Timer;
  probes?: ProbeLoop;
  postStart?: AbortController;
  preStop?: PreStop;
}

export class ContainerWatch {
  readonly #parts: PodParts;
  /** The Pod's `activeDeadlineSeconds`. */
  #deadline: Timer | undefined;
  /** By the name of the running container. */
  readonly #attached = new Map<string, Attached>();
  readonly restarts: Restarts;

  constructor(parts: PodParts) {
    this.#parts = parts;
    this.restarts = new Restarts(parts);
  }

  close(): void {
    for (const name of this.#parts.containers.keys()) this.#unfollow(name);
    this.#deadline?.cancel();
    this.restarts.close();
  }

  /** Ends its timers, probes and hooks; a container that is started again gets new ones. */
  #unfollow(name: string): void {
    const attached = this.#attached.get(name);
    this.#attached.delete(name);
    attached?.timeout?.cancel();
    attached?.probes?.stop();
    attached?.postStart?.abort();
    attached?.preStop?.close();
  }

  #attach(name: string, more: Attached): void {
    this.#attached.set(name, { ...this.#attached.get(name), ...more });
  }

  /** Looks after a container that runs. @param isNew it has just been started */
  follow(name: string, process: ContainerProcess, startedAt: number, isNew: boolean): void {
    const container = this.#parts.containers.get(name)!;
    const postStart = isNew ? container.lifecycle?.postStart : undefined;
    const unready = startsUnready(container) || postStart !== undefined;
    this.#parts.runs.set(name, { phase: 'running', startedAt, ...(unready ? { unready } : {}) });
    process.watch();
    void process.ended().then((exit) => this.exited(name, process, exit, startedAt));
    this.#watchClock(name, startedAt);
    const stopping = this.#parts.stopOf(name);
    if (stopping !== undefined) this.stop(name, stopping.reason, stopping.grace);
    else if (postStart === undefined) this.#probe(name, startedAt);
    else void this.#afterStart(name, startedAt, postStart);
    this.#parts.reporter.publishSoon();
    // Others may wait for it to be ready.
    if (this.#parts.runs.size > 1) this.#parts.advance();
  }

  /** The container does not count as ready before its postStart hook has ended. */
  async #afterStart(name: string, startedAt: number, hook: LifecycleHandler): Promise<void> {
    const { context, containers } = this.#parts;
    const over = new AbortController();
    this.#attach(name, { postStart: over });
    try {
      await runHook(hook, this.#probed(name), context.clock, over.signal);
    } catch (error) {
      // It has ended meanwhile, or is left running by this server.
      if (over.signal.aborted) return;
      this.#failedHook(name, 'postStart', error);
      return this.stop(name, 'FailedPostStartHook', this.#grace);
    }
    if (over.signal.aborted) return;
    this.#probe(name, startedAt);
    if (!startsUnready(containers.get(name)!)) this.#ready(name, startedAt, true);
  }

  #failedHook(name: string, hook: string, error: unknown): void {
    this.#parts.context.onError(
      `pod ${this.#parts.pod().metadata.name}, container ${name}: its ${hook} hook failed`,
      error,
    );
  }

  #probed(name: string): Probed {
    const { context, containers, place, processes } = this.#parts;
    return {
      container: containers.get(name)!,
      id: processes.idOf(name),
      bundle: join(context.layout.pods, this.#parts.pod().metadata.uid!, name),
      podIP: place.network?.ip ?? '',
      runtime: context.runtime,
      cgroups: context.cgroups,
      run: context.probing,
    };
  }

  #probe(name: string, startedAt: number): void {
    const { context, containers } = this.#parts;
    const container = containers.get(name)!;
    if (!hasProbes(container)) return;
    const probed = this.#probed(name);
    const probes = new ProbeLoop({
      clock: context.clock,
      container,
      startedAt,
      check: (probe) => check(probe, probed),
      onReady: (ready) => this.#ready(name, startedAt, ready),
      onUnhealthy: () => this.stop(name, 'Unhealthy', this.#grace),
    });
    this.#attach(name, { probes });
  }

  #ready(name: string, startedAt: number, ready: boolean): void {
    if (this.#parts.runs.get(name)?.phase !== 'running') return;
    this.#parts.runs.set(name, { phase: 'running', startedAt, ...(ready ? {} : { unready: true }) });
    this.#parts.reporter.publish();
    this.#parts.advance();
  }

  get #grace(): number {
    return this.#parts.pod().spec.terminationGracePeriodSeconds ?? usualGrace;
  }

  #watchClock(name: string, startedAt: number): void {
    const { context, order } = this.#parts;
    const grace = this.#grace;
    const timeoutSeconds = order[name]?.timeoutSeconds;
    const onTimeout = (): void => this.stop(name, 'TimeoutExceeded', grace);
    if (timeoutSeconds !== undefined)
      this.#attach(name, { timeout: whenOver(context.clock, startedAt, timeoutSeconds, onTimeout) });
    if (!isSidecar(order, name)) this.#watchPod(startedAt);
  }

  /** The Pod's time counts from the first start of a container that is no sidecar. */
  #watchPod(startedAt: number): void {
    const { context, journal, order } = this.#parts;
    const { activeDeadlineSeconds } = this.#parts.pod().spec;
    if (activeDeadlineSeconds === undefined || this.#deadline !== undefined) return;
    const grace = this.#grace;
    // After a restart of the server it may be over already.
    const since = Math.min(startedAt, ...journal.starts((other) => !isSidecar(order, other)));
    this.#deadline = whenOver(context.clock, since, activeDeadlineSeconds, () => this.#parts.deadlineExceeded(grace));
  }

  stop(name: string, reason: StopReason, graceSeconds: number): void {
    const record = this.#parts.journal.get(name);
    if (record === undefined || !isAlive(this.#parts.runs.get(name)!)) return;
    if (record.stopReason === undefined) this.#parts.journal.note(name, { ...record, stopReason: reason });
    const process = this.#parts.processes.of(name);
    const hook = this.#parts.containers.get(name)!.lifecycle?.preStop;
    if (hook === undefined) {
      process.stop(graceSeconds);
      return;
    }
    const { context } = this.#parts;
    const preStop =
      this.#attached.get(name)?.preStop ??
      new PreStop({
        clock: context.clock,
        hook: (signal) =>
          runHook(hook, this.#probed(name), context.clock, signal).catch((error: unknown) => {
            if (!signal.aborted) this.#failedHook(name, 'preStop', error);
          }),
        stop: (grace) => process.stop(grace),
      });
    this.#attach(name, { preStop });
    preStop.within(graceSeconds);
  }

  /** Never rejects. */
  async exited(name: string, process: ContainerProcess, exit: Exit, startedAt: number | undefined): Promise<void> {
    // The watch was closed because this server stops; the monitor goes on.
    if (this.#parts.context.stopping.aborted) return;
    const { startedMonotonic } = this.#parts.journal.get(name) ?? {};
    const now = this.#parts.context.clock.now();
    const at = endTime({ startedAt, startedMonotonic, endedAt: exit.at, now, nowMonotonic: monotonic() });
    const ending = endingOf(this.#parts.context, {
      container: this.#parts.containers.get(name)!,
      order: this.#parts.order[name],
      process,
      exit: { ...exit, at },
      startedAt,
      stopped: this.#parts.journal.get(name)?.stopReason as StopReason | undefined,
      disk: this.#parts.place.disk,
    });
    const ended = await ending.catch((error: Error) => lost(error.message, exit.at, startedAt));
    this.ended(name, await this.#conclude(name, process, ended));
  }

  async #conclude(name: string, process: ContainerProcess, ended: Ended): Promise<Ended> {
    const { order, place, context } = this.#parts;
    const { bundle, logPath } = process.place;
    const diskDir = place.disk?.path;
    const said = diskDir === undefined ? undefined : this.#terminationMessage(name, diskDir, logPath, ended.exitCode);
    const told = said === undefined ? ended : { ...ended, message: said };
    const entry = order[name] ?? {};
    if (!hasEndWork(entry)) return told;
    return doEndWork({ order: entry, bundle, logPath, resultBytes: context.resultBytes }, told);
  }

  /** Undefined where there is none, or it cannot be read. */
  #terminationMessage(name: string, diskDir: string, logPath: string, exitCode: number): string | undefined {
    const { context, containers } = this.#parts;
    const pod = this.#parts.pod();
    try {
      return terminationMessage(pod, containers.get(name)!, { diskDir, logPath, exitCode });
    } catch (error) {
      context.onError(`pod ${pod.metadata.name}, container ${name}: reading its termination message`, error);
      return undefined;
    }
  }

  ended(name: string, ended: Ended): void {
    this.#unfollow(name);
    if (this.restarts.take(name, ended)) return;
    this.#parts.runs.set(name, ended);
    const record = this.#parts.journal.get(name);
    // A single container's exit file says it all; of several the earlier ones must be remembered.
    if (record !== undefined && this.#parts.runs.size > 1)
      this.#parts.journal.note(name, { ...record, stage: 'ended', ended });
    this.#parts.advance();
    if (!allEnded(this.#parts.runs)) this.#parts.reporter.publish();
  }
}
