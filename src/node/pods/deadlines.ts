/** The time limits of a running container: its own, and the Pod's, which counts from the first container's start. */

import type { Clock, Timer } from '../../client/clock.ts';
import type { Pod } from '../../resources/core/pod.ts';

export interface DeadlineOptions {
  readonly clock: Clock;
  readonly pod: Pod;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Whether it is the Pod's first container. */
  readonly first: boolean;
  readonly timeoutSeconds?: number;
  readonly onTimeout: () => void;
  readonly onDeadline: () => void;
}

export function setDeadlines(options: DeadlineOptions): readonly Timer[] {
  const { clock, pod, startedAt, first, timeoutSeconds } = options;
  const { activeDeadlineSeconds } = pod.spec;
  const timer = (seconds: number, fire: () => void): Timer =>
    clock.after(Math.max(0, startedAt + seconds * 1000 - clock.now()), fire);
  return [
    ...(timeoutSeconds === undefined ? [] : [timer(timeoutSeconds, options.onTimeout)]),
    ...(activeDeadlineSeconds === undefined || !first ? [] : [timer(activeDeadlineSeconds, options.onDeadline)]),
  ];
}
