/** Where one container is on its way, and what may happen to it next. Pure. */

import type { ContainerStatus } from '../../../resources/core/pod.ts';

type Usage = NonNullable<ContainerStatus['usage']>;

export interface Ended {
  readonly phase: 'ended';
  readonly exitCode: number;
  readonly reason: string;
  readonly message?: string;
  /** Milliseconds since the epoch; absent when it never ran. */
  readonly startedAt?: number;
  readonly finishedAt: number;
  readonly usage?: Usage;
}

export type ContainerRun =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'starting' }
  | {
      readonly phase: 'running';
      readonly startedAt: number;
      /** Its probes have not passed, or not lately. Default: it is ready. */
      readonly unready?: boolean;
    }
  /** It is started again some time. */
  | { readonly phase: 'backoff'; readonly last: Ended }
  | Ended;

export const hasEnded = (run: ContainerRun): run is Ended => run.phase === 'ended';
export const canStart = (run: ContainerRun): boolean => run.phase === 'waiting';
/** Whether those that wait for it may start: one that has ended keeps nobody waiting. */
export const isReady = (run: ContainerRun): boolean =>
  hasEnded(run) || (run.phase === 'running' && run.unready !== true);
export const isAlive = (run: ContainerRun): boolean => run.phase === 'starting' || run.phase === 'running';
const isSkipped = (run: ContainerRun): boolean => hasEnded(run) && run.reason === 'Skipped';
/** It ran, or was refused, and did not succeed. */
export const hasFailed = (run: ContainerRun): boolean => hasEnded(run) && run.exitCode !== 0 && !isSkipped(run);

export const skipped = (message: string, now: number): Ended => ({
  phase: 'ended',
  exitCode: 1,
  reason: 'Skipped',
  message,
  finishedAt: now,
});

/** Its conditions did not hold: the chain goes on. */
export const passedOver = (message: string, now: number): Ended => ({ ...skipped(message, now), exitCode: 0 });

/** Something ran, or may have, and nobody knows how it ended. */
export const lost = (why: string, now: number, startedAt?: number): Ended => ({
  phase: 'ended',
  exitCode: 137,
  reason: 'ContainerStatusUnknown',
  message: why,
  ...(startedAt === undefined ? {} : { startedAt }),
  finishedAt: now,
});

export const isLost = ({ reason }: Ended): boolean => reason === 'ContainerStatusUnknown';

/** Why a container was stopped by us; becomes its reason. */
export type StopReason =
  | 'TimeoutExceeded'
  | 'DeadlineExceeded'
  | 'Terminated'
  | 'DiskPressure'
  | 'Done'
  | 'Unhealthy'
  | 'FailedPostStartHook';

export interface Outcome {
  readonly exitCode: number;
  readonly stopped?: StopReason;
  readonly oomKills: number;
  /** Share of the disk limit in use, 0 to 1. */
  readonly diskShare: number;
  /** For the message, as people read it. */
  readonly memoryLimit: string;
}

const diskFull = 0.99;

/** The reason of an ended container, and a sentence where the reason needs one. */
export function classify(outcome: Outcome): { readonly reason: string; readonly message?: string } {
  const { exitCode, stopped, oomKills, diskShare, memoryLimit } = outcome;
  const killed = `the kernel killed ${oomKills} ${oomKills === 1 ? 'process' : 'processes'} at the memory limit of ${memoryLimit}`;
  if (stopped === 'TimeoutExceeded' || stopped === 'DiskPressure') return { reason: stopped };
  // Ended because nobody needs it any more, whatever it says to that.
  if (stopped === 'Done') return { reason: 'Completed' };
  if (stopped === 'FailedPostStartHook') return { reason: 'Error', message: 'its postStart hook failed' };
  if (exitCode === 0)
    return oomKills > 0 ? { reason: 'Completed', message: `warning: ${killed}` } : { reason: 'Completed' };
  if (stopped !== undefined) return { reason: 'Error' };
  if (oomKills > 0) return { reason: 'OOMKilled', message: killed };
  if (diskShare >= diskFull) return { reason: 'DiskQuotaExceeded', message: 'the disk limit was used up' };
  return { reason: 'Error' };
}
