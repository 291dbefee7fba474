import {
  type ControllerContext,
  itself,
  type Result,
  type RunningController,
  startController,
} from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { Event } from '../../resources/core/kinds.ts';
import type { ObjectRef } from '../../resources/meta.ts';
import { isConflict, isNotFound } from '../../resources/status.ts';

/** Milliseconds. */
const lifetime = 3_600_000;

export function startEventExpiry(options: ControllerContext): RunningController {
  return startController({
    ...options,
    name: 'event-expiry',
    concurrency: 4,
    watches: [itself(Event)],
    reconcile: (request) => expire(options, request),
  });
}

async function expire({ client, clock }: ControllerContext, ref: ObjectRef): Promise<Result | void> {
  const event = await getIfExists(client, Event, ref);
  if (event === undefined) return;
  const left = lastTimeOf(event) + lifetime - clock.now();
  if (left > 0) return { requeueAfter: left };
  try {
    // One that happened again meanwhile stays.
    const { uid, resourceVersion } = event.metadata;
    await client.delete(Event, ref, { preconditions: { uid, resourceVersion } });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** Milliseconds since the epoch. */
function lastTimeOf({ metadata, lastTimestamp, eventTime, series }: Event): number {
  const observed = (series as { readonly lastObservedTime?: string } | undefined)?.lastObservedTime;
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, observed].map((time) => Date.parse(time ?? ''));
  return Math.max(...times.filter((time) => !Number.isNaN(time)), 0);
}
