/** Has a Pod's status say what it waits for, and why, as long as it waits. */

import type { NodeContext } from '../context.ts';
import { waitingStatus } from '../pods/status/pod-status.ts';
import { PodGone, type PodPublisher } from '../pods/status/status-publisher.ts';

/** @param waits whether it waits still: admitted meanwhile, the Pod keeps the status that its worker wrote */
export function reportWaiting(
  { clock, onError }: Pick<NodeContext, 'clock' | 'onError'>,
  publisher: PodPublisher,
  { reason, message }: { readonly reason: string; readonly message: string },
  waits: () => boolean,
): void {
  const now = new Date(clock.now()).toISOString();
  publisher
    .publish((pod) => (waits() ? waitingStatus(pod, reason, message, now) : (pod.status ?? {})))
    .catch((error: unknown) => {
      if (!(error instanceof PodGone)) onError(`pod ${publisher.pod.metadata.name}: writing its status`, error);
    });
}
