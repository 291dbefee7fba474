/** Probes one container again and again, and says when its health changes. Kubernetes' rules. */

import type { Clock, Timer } from '../../../client/clock.ts';
import type { Container, Probe } from '../../../resources/core/pod.ts';

export interface ProbeLoopOptions {
  readonly clock: Clock;
  readonly container: Container;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Runs the probe once; never rejects. */
  readonly check: (probe: Probe) => Promise<boolean>;
  readonly onReady: (ready: boolean) => void;
  /** It is to be ended: it did not start up, or lives no more. */
  readonly onUnhealthy: (probe: 'startup' | 'liveness') => void;
}

/** Milliseconds between two looks at what is not ready for the first time: who waits for it should not wait longer. */
const eager = 500;

export const hasProbes = ({ startupProbe, readinessProbe, livenessProbe }: Container): boolean =>
  startupProbe !== undefined || readinessProbe !== undefined || livenessProbe !== undefined;

/** Whether it is not ready before it has been looked at. */
export const startsUnready = ({ startupProbe, readinessProbe }: Container): boolean =>
  startupProbe !== undefined || readinessProbe !== undefined;

export class ProbeLoop {
  readonly #options: ProbeLoopOptions;
  readonly #timers = new Map<string, Timer>();
  #stopped = false;

  constructor(options: ProbeLoopOptions) {
    this.#options = options;
    const { startupProbe } = options.container;
    if (startupProbe === undefined) this.#begun();
    else this.#startup(startupProbe);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }

  #begun(): void {
    const { container, onReady } = this.#options;
    const { readinessProbe, livenessProbe } = container;
    if (readinessProbe !== undefined) this.#readiness(readinessProbe);
    else if (startsUnready(container)) onReady(true);
    if (livenessProbe !== undefined) this.#liveness(livenessProbe);
  }

  #startup(probe: Probe): void {
    const { clock } = this.#options;
    const period = periodOf(probe);
    let last = Infinity;
    this.#every('startup', probe, (well) => {
      const now = clock.now();
      // It has the time of as many looks as it may fail, though it is looked at more often.
      last = Math.min(last, now + ((probe.failureThreshold || 3) - 1) * period);
      if (well) this.#begun();
      else if (now >= last) this.#options.onUnhealthy('startup');
      else return Math.min(period, eager, last - now);
      return undefined;
    });
  }

  #readiness(probe: Probe): void {
    const succeeding = inARow(probe.successThreshold || 1);
    const failing = inARow(probe.failureThreshold || 3);
    let ready = false;
    this.#every('readiness', probe, (well) => {
      const [up, down] = [succeeding(well), failing(!well)];
      if (ready ? down : up) {
        ready = !ready;
        this.#options.onReady(ready);
      }
      return ready ? periodOf(probe) : Math.min(periodOf(probe), eager);
    });
  }

  #liveness(probe: Probe): void {
    const failing = inARow(probe.failureThreshold || 3);
    this.#every('liveness', probe, (well) => {
      if (!failing(!well)) return periodOf(probe);
      this.#options.onUnhealthy('liveness');
      return undefined;
    });
  }

  /** @param judge says in how many milliseconds to look again; undefined: not any more */
  #every(kind: string, probe: Probe, judge: (well: boolean) => number | undefined): void {
    const { clock, startedAt, check } = this.#options;
    const look = async (): Promise<void> => {
      const well = await check(probe);
      const next = this.#stopped ? undefined : judge(well);
      if (next !== undefined) later(next);
    };
    const later = (milliseconds: number): void => {
      this.#timers.set(
        kind,
        clock.after(milliseconds, () => void look()),
      );
    };
    const due = startedAt + (probe.initialDelaySeconds ?? 0) * 1000 - clock.now();
    if (due > 0) later(due);
    else void look();
  }
}

const periodOf = ({ periodSeconds }: Probe): number => (periodSeconds || 10) * 1000;

/** Counts how often in a row something is so; true from `threshold` on. */
function inARow(threshold: number): (is: boolean) => boolean {
  let count = 0;
  return (is) => {
    count = is ? count + 1 : 0;
    return count >= threshold;
  };
}
