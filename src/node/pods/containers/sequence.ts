/** When the containers of one Pod are started, passed over and ended: as their order says, and the Pod's own stop. */

import { usualGrace } from '../end/grace.ts';
import type { PodParts, Stopping } from '../pod-parts.ts';
import { type ContainerRun, passedOver, type StopReason, skipped } from './container-run.ts';
import type { ContainerStarts } from './container-starts.ts';
import type { ContainerWatch } from './container-watch.ts';
import { allEnded, isSidecar, nextMoves, sidecarsInUse, sidecarsToEnd, workIsOver } from './order.ts';

export interface SequenceOptions {
  readonly parts: PodParts;
  readonly starts: ContainerStarts;
  readonly watch: ContainerWatch;
  /** Called when no container runs, or will. */
  readonly onEnd: () => void;
}

export class Sequence {
  readonly #options: SequenceOptions;
  #stopping: Stopping | undefined;
  #begun = false;

  constructor(options: SequenceOptions) {
    this.#options = options;
  }

  /** Until this is called nothing is started: it must be known what there is. */
  begin(): void {
    this.#begun = true;
    this.advance();
  }

  /** Ends all containers; called again, the shorter grace period counts. @returns whether it is news */
  stop(reason: StopReason, graceSeconds: number): boolean {
    const { parts, watch } = this.#options;
    if (this.#stopping !== undefined && this.#stopping.grace <= graceSeconds) return false;
    const until = parts.context.clock.now() + graceSeconds * 1000;
    this.#stopping = { reason: this.#stopping?.reason ?? reason, grace: graceSeconds, until };
    // Steps may need their sidecars to end well.
    const spared = reason === 'DiskPressure' || graceSeconds <= 0 ? [] : sidecarsInUse(parts.order, parts.runs);
    for (const [name, run] of parts.runs)
      if (run.phase === 'running' && !spared.includes(name)) watch.stop(name, reason, graceSeconds);
    return true;
  }

  /** Undefined until the container is to stop: with the Pod, or as a sidecar that nobody needs any more. */
  stopOf(name: string): Stopping | undefined {
    return this.#stopping ?? this.#endOfSidecar(name);
  }

  /** Starts and skips what may be now; ends the Pod when nothing is left. */
  advance(): void {
    if (!this.#begun) return;
    const { parts, starts, onEnd } = this.#options;
    const { order, runs, context } = parts;
    if (this.#stopping !== undefined) this.#skipWaiting();
    let moves = nextMoves(order, runs);
    while (moves.skip.length > 0) {
      const now = context.clock.now();
      for (const name of moves.skip) runs.set(name, skipped('an earlier container failed', now));
      moves = nextMoves(order, runs);
    }
    for (const name of moves.start) starts.start(name);
    this.#endSidecars();
    if (allEnded(runs)) onEnd();
  }

  /** What sidecars are for is over. */
  #endSidecars(): void {
    const { parts, watch } = this.#options;
    const { order, runs, context } = parts;
    const { stop, skip } = sidecarsToEnd(order, runs);
    const now = context.clock.now();
    for (const name of skip)
      runs.set(name, lastEnd(runs.get(name)!) ?? passedOver('the other containers have ended', now));
    for (const name of stop) {
      const { reason, grace } = this.#endOfSidecar(name)!;
      if (runs.get(name)?.phase === 'running') watch.stop(name, reason, grace);
    }
  }

  #endOfSidecar(name: string): Stopping | undefined {
    const { order, runs, context, pod } = this.#options.parts;
    if (!isSidecar(order, name) || !workIsOver(order, runs)) return undefined;
    const grace = pod().spec.terminationGracePeriodSeconds ?? usualGrace;
    const now = context.clock.now();
    const left = this.#stopping === undefined ? grace : Math.max(1, (this.#stopping.until - now) / 1000);
    return { reason: 'Done', grace: Math.min(grace, left), until: now + left * 1000 };
  }

  #skipWaiting(): void {
    const { runs, context } = this.#options.parts;
    const now = context.clock.now();
    for (const [name, run] of runs)
      if (run.phase === 'waiting' || run.phase === 'backoff')
        runs.set(name, lastEnd(run) ?? skipped('the Pod was stopped before this container began', now));
  }
}

/** How a container ended that was to be started again. */
const lastEnd = (run: ContainerRun): ContainerRun | undefined => (run.phase === 'backoff' ? run.last : undefined);
