/** Looks after the containers of one Pod that run: their time, their stop, their end. */

import type { Timer } from '../../client/clock.ts';
import type { ContainerProcess, Exit } from './container.ts';
import { type Ended, isAlive, lost, type StopReason } from './container-run.ts';
import { setDeadlines } from './deadlines.ts';
import { endTime, monotonic } from './end-time.ts';
import { endingOf } from './ending.ts';
import { usualGrace } from './grace.ts';
import { allEnded } from './order.ts';
import type { PodParts } from './pod-parts.ts';

export class ContainerWatch {
  readonly #parts: PodParts;
  readonly #timers: Timer[] = [];

  constructor(parts: PodParts) {
    this.#parts = parts;
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  /** Looks after a container that runs. */
  follow(name: string, process: ContainerProcess, startedAt: number): void {
    this.#parts.runs.set(name, { phase: 'running', startedAt });
    process.watch();
    void process.ended().then((exit) => this.exited(name, process, exit, startedAt));
    this.#watchClock(name, startedAt);
    const stopping = this.#parts.stopping();
    if (stopping !== undefined) this.stop(name, stopping.reason, stopping.grace);
    this.#parts.reporter.publish();
  }

  #watchClock(name: string, startedAt: number): void {
    const grace = this.#parts.pod().spec.terminationGracePeriodSeconds ?? usualGrace;
    const timeoutSeconds = this.#parts.order[name]?.timeoutSeconds;
    this.#timers.push(
      ...setDeadlines({
        clock: this.#parts.context.clock,
        pod: this.#parts.pod(),
        startedAt,
        first: this.#parts.journal.isFirst(startedAt),
        ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
        onTimeout: () => this.stop(name, 'TimeoutExceeded', grace),
        onDeadline: () => this.#parts.deadlineExceeded(grace),
      }),
    );
  }

  stop(name: string, reason: StopReason, graceSeconds: number): void {
    const record = this.#parts.journal.get(name);
    if (record === undefined || !isAlive(this.#parts.runs.get(name)!)) return;
    if (record.stopReason === undefined) this.#parts.journal.write(name, { ...record, stopReason: reason });
    this.#parts.processes.of(name).stop(graceSeconds);
  }

  /** Never rejects. */
  async exited(name: string, process: ContainerProcess, exit: Exit, startedAt: number | undefined): Promise<void> {
    // Closed by us, not by the monitor's end.
    if (this.#parts.context.stopping.aborted) return;
    const { startedMonotonic } = this.#parts.journal.get(name) ?? {};
    const now = this.#parts.context.clock.now();
    const at = endTime({ startedAt, startedMonotonic, endedAt: exit.at, now, nowMonotonic: monotonic() });
    const ending = endingOf(this.#parts.context, {
      container: this.#parts.containers.get(name)!,
      process,
      exit: { ...exit, at },
      startedAt,
      stopped: this.#parts.journal.get(name)?.stopReason as StopReason | undefined,
      disk: this.#parts.place.disk,
    });
    this.ended(name, await ending.catch((error: Error) => lost(error.message, exit.at, startedAt)));
  }

  ended(name: string, ended: Ended): void {
    this.#parts.runs.set(name, ended);
    const record = this.#parts.journal.get(name);
    // A single container's exit file says it all; of several the earlier ones must be remembered.
    if (record !== undefined && this.#parts.runs.size > 1)
      this.#parts.journal.write(name, { ...record, stage: 'ended', ended });
    this.#parts.advance();
    if (!allEnded(this.#parts.runs)) this.#parts.reporter.publish();
  }
}
