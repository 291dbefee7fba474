/** Starts the containers of one Pod again that are to run beside its others, as often as they end. */

import type { Timer } from '../../../client/clock.ts';
import { isRestartable } from '../../../resources/core/pod-containers.ts';
import type { PodParts } from '../pod-parts.ts';
import type { Ended } from './container-run.ts';
import { nextRestart } from './restart-backoff.ts';

export class Restarts {
  readonly #parts: PodParts;
  readonly #timers = new Map<string, Timer>();

  constructor(parts: PodParts) {
    this.#parts = parts;
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }

  /** Whether the container that has ended is started again, some time. */
  take(name: string, ended: Ended): boolean {
    const { containers, journal, runs, context, reporter } = this.#parts;
    if (!isRestartable(containers.get(name)!) || ended.startedAt === undefined) return false;
    if (this.#parts.stopOf(name) !== undefined) return false;
    const { phase: _, ...last } = ended;
    const restart = nextRestart(journal.restartOf(name), last);
    journal.restarts(name, restart, last);
    runs.set(name, { phase: 'backoff', last: ended });
    reporter.publish();
    this.#timers.get(name)?.cancel();
    const wait = Math.max(0, restart.at - context.clock.now());
    this.#timers.set(
      name,
      context.clock.after(wait, () => this.#parts.restart(name)),
    );
    return true;
  }
}
