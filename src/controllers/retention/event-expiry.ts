/**
 * Deletes Events an hour after they last happened, as Kubernetes' API server does, and the oldest where there are very
 * many: a busy server tells 20 a second, which nobody reads, and every object that is stored takes memory.
 */

import {
  type ControllerContext,
  type Result,
  type RunningController,
  startController,
} from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { Event } from '../../resources/core/kinds.ts';
import { refOf } from '../../resources/meta.ts';
import { isConflict, isNotFound } from '../../resources/status.ts';

/** Milliseconds. */
const lifetime = 3_600_000;
/** Events that stay. */
const most = 5000;
/** Milliseconds between two looks. */
const interval = 30_000;
/** So many go at a time, with a pause in milliseconds: other work goes before. */
const atOnce = 50;
const pause = 250;

export function startEventExpiry(options: ControllerContext): RunningController {
  const controller = startController({
    ...options,
    name: 'event-expiry',
    watches: [],
    reconcile: () => look(options),
  });
  controller.enqueue({ name: 'events' });
  return controller;
}

async function look(context: ControllerContext): Promise<Result> {
  const { items } = await context.client.listMetadata(Event);
  const oldestFirst = [...items].sort((a, b) => a.order - b.order);
  const excess = oldestFirst.length - most;
  let gone = 0;
  for (const [index, { name, namespace }] of oldestFirst.entries()) {
    if (gone === atOnce) return { requeueAfter: pause };
    const event = await getIfExists(context.client, Event, { name, ...(namespace === undefined ? {} : { namespace }) });
    if (event === undefined) continue;
    const now = context.clock.now();
    if (index < excess || isOver(lastTimeOf(event), now)) {
      await remove(context, event);
      gone++;
    } else if (!isOver(Date.parse(event.metadata.creationTimestamp ?? ''), now)) break;
  }
  return { requeueAfter: interval };
}

const isOver = (time: number, now: number): boolean => time + lifetime <= now;

/** One that happened again meanwhile stays. */
async function remove({ client }: ControllerContext, event: Event): Promise<void> {
  const { uid, resourceVersion } = event.metadata;
  try {
    await client.delete(Event, refOf(event), { preconditions: { uid, resourceVersion } });
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
