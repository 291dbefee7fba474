/** While no agent can run Pods, those that wait say why. */

import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { reflect } from '../../client/reflector.ts';
import { Pod, podFinished } from '../../resources/core/pod.ts';
import { isConflict, isNotFound } from '../../resources/status.ts';
import { waitingStatus } from '../pods/status/pod-status.ts';

export interface ExplainOptions {
  readonly client: Client;
  readonly clock: Clock;
  /** One line. */
  readonly message: string;
  readonly signal: AbortSignal;
  readonly onError: (message: string, error: unknown) => void;
}

/** The reason of a Pod, a Task and a Node that wait for the machine to be mended. */
export const notReady = 'NodeNotReady';

/** Until the signal fires. */
export function explainWaiting({ client, clock, message, signal, onError }: ExplainOptions): void {
  const explain = async (pod: Pod): Promise<void> => {
    const now = new Date(clock.now()).toISOString();
    try {
      await client.updateStatus(Pod, { ...pod, status: waitingStatus(pod, notReady, message, now) });
    } catch (error) {
      // Whoever has written meanwhile knows better, or an event brings us back.
      if (!isConflict(error) && !isNotFound(error)) onError(`pod ${pod.metadata.name}: saying why it waits`, error);
    }
  };
  void reflect({
    client,
    kind: Pod,
    list: { unfinishedOnly: true },
    clock,
    signal,
    onObject: (pod, gone) => {
      if (!gone && !signal.aborted && waits(pod) && saidOf(pod) !== message) void explain(pod);
    },
    onError: (error) => onError('watching pods', error),
  });
}

/** Claimed ones have been started: what became of them is found out by the agent. */
const waits = (pod: Pod): boolean =>
  !podFinished(pod) && !pod.spec.nodeName && pod.metadata.deletionTimestamp === undefined;

const saidOf = (pod: Pod): string | undefined =>
  pod.status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')?.message;
