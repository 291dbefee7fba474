/** Lists and watches one kind for ever; calls back for every object that appeared, changed or was deleted. */

import type { ObjectOf } from '../resources/kind.ts';
import { namespacedName } from '../resources/meta.ts';
import { isExpired } from '../resources/status.ts';
import type { AnyKind, Client, ListOptions } from './client.ts';
import { type Clock, pause } from './clock.ts';

export interface ReflectorOptions<K extends AnyKind> {
  readonly client: Client;
  readonly kind: K;
  readonly list?: ListOptions;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called for each object listed and each event; what it throws is reported, and the next object is told of. */
  readonly onObject: (object: ObjectOf<K>, gone: boolean) => void;
  readonly onError?: (error: unknown) => void;
}

/** Milliseconds between attempts when the API cannot be reached. */
const retryDelay = 200;

/** Runs until the signal fires. The returned promise resolves once the first list has been handed on. */
export function reflect<K extends AnyKind>(options: ReflectorOptions<K>): Promise<void> {
  return new Promise((synced) => void run(options, synced));
}

async function run<K extends AnyKind>(options: ReflectorOptions<K>, synced: () => void): Promise<void> {
  const known = new Map<string, ObjectOf<K>>();
  const careful = { ...options, onObject: reporting(options) };
  while (!options.signal.aborted) {
    try {
      await listAndWatch(careful, known, synced);
    } catch (error) {
      if (options.signal.aborted) break;
      if (isExpired(error)) continue;
      options.onError?.(error);
      await pause(options.clock, retryDelay, options.signal);
    }
  }
  synced();
}

/** A callback that throws for one object must not hide the objects after it. */
function reporting<K extends AnyKind>({ onObject, onError }: ReflectorOptions<K>): ReflectorOptions<K>['onObject'] {
  return (object, gone) => {
    try {
      onObject(object, gone);
    } catch (error) {
      onError?.(error);
    }
  };
}

async function listAndWatch<K extends AnyKind>(
  { client, kind, list, clock, signal, onObject }: ReflectorOptions<K>,
  known: Map<string, ObjectOf<K>>,
  synced: () => void,
): Promise<void> {
  const { items, resourceVersion } = await client.list(kind, list);
  const present = new Set<string>();
  for (const object of items) {
    const key = namespacedName(object.metadata);
    present.add(key);
    remember(known, kind, key, object);
    onObject(object, false);
  }
  for (const [key, object] of known) {
    if (present.has(key)) continue;
    known.delete(key);
    onObject(object, true);
  }
  synced();
  let last = resourceVersion;
  while (!signal.aborted) {
    let quiet = true;
    for await (const event of client.watch(kind, { ...list, resourceVersion: last, signal })) {
      quiet = false;
      const { object } = event;
      last = object.metadata.resourceVersion ?? last;
      const key = namespacedName(object.metadata);
      if (event.type === 'DELETED') known.delete(key);
      else remember(known, kind, key, object);
      onObject(object, event.type === 'DELETED');
    }
    // A server that ends every watch at once must not be asked in a tight loop.
    if (quiet && !signal.aborted) await pause(clock, retryDelay, signal);
  }
}

/** Finished objects are forgotten, so that memory does not grow with history; their end has been told. */
function remember<K extends AnyKind>(known: Map<string, ObjectOf<K>>, kind: K, key: string, object: ObjectOf<K>): void {
  if (kind.finished?.(object) === true) known.delete(key);
  else known.set(key, object);
}
