/** The loop that every controller runs in: watched objects become requests, requests are reconciled one at a time per key. */

import { setMaxListeners } from 'node:events';
import type { ObjectOf } from '../resources/kind.ts';
import {
  controllerOf,
  type KubeObject,
  namespacedName,
  type ObjectRef,
  refOf,
  refOfNamespacedName,
} from '../resources/meta.ts';
import { isConflict } from '../resources/status.ts';
import type { AnyKind, Client, ListOptions } from './client.ts';
import type { Clock } from './clock.ts';
import type { KeyedMutex } from './keyed-mutex.ts';
import { reflect } from './reflector.ts';
import { turn } from './turns.ts';
import { WorkQueue } from './work-queue.ts';

/** What a reconcile may ask for. */
export interface Result {
  /** To be called again after so many milliseconds; where it asked before, the earlier time counts. */
  readonly requeueAfter?: number;
  /** Not to be called again at a time it asked for before: a run that has ended needs its timeout no more. */
  readonly ended?: true;
}

/** For a reconcile that finds its object ended, or gone. */
export const hasEnded: Result = { ended: true };

/** For a reconcile that waits for something to go of which no event need tell it. */
export const soon: Result = { requeueAfter: 500 };

/**
 * Moves the world one step towards the spec of the object that `request` names.
 *
 * The contract: called again after every change of what it watches, and after every start of the process, so it must
 * be idempotent and read everything that it decides on; reads may lag; it may be called for objects that are gone.
 * It holds no state that a restart would lose. A rejection is retried with exponential back-off.
 */
export type Reconcile = (request: ObjectRef) => Promise<Result | void>;

/** One kind to watch, and the requests that a change of one of its objects stands for. */
export interface Watched {
  readonly kind: AnyKind;
  readonly list?: ListOptions;
  /** @param gone whether it is there no more */
  readonly requests: (object: KubeObject, gone: boolean) => readonly ObjectRef[];
}

/** Watches the reconciled kind itself. */
export const itself = (kind: AnyKind, list?: ListOptions): Watched => ({
  kind,
  ...(list === undefined ? {} : { list }),
  requests: (object) => [refOf(object)],
});

/** Watches children: a change of one stands for its controlling owner of kind `owner`. */
export const ownedBy = (owner: AnyKind, kind: AnyKind, list?: ListOptions): Watched => ({
  kind,
  ...(list === undefined ? {} : { list }),
  requests: (object) => {
    const ref = controllerOf(object);
    if (ref === undefined || ref.kind !== owner.kind) return [];
    return [refOf({ ...object, metadata: { ...object.metadata, name: ref.name } })];
  },
});

/** Watches any kind through a function of one's own. */
export const mapped = <K extends AnyKind>(
  kind: K,
  requests: (object: ObjectOf<K>, gone: boolean) => readonly ObjectRef[],
  list?: ListOptions,
): Watched => ({
  kind,
  ...(list === undefined ? {} : { list }),
  requests: requests as Watched['requests'],
});

/** What every controller works with. */
export interface ControllerContext {
  readonly client: Client;
  readonly clock: Clock;
  readonly onError?: (message: string, error: unknown) => void;
}

/** For controllers that decide about runs that wait for each other. */
export interface LockingContext extends ControllerContext {
  /** Shared by all controllers that decide about the same runs. Default: one of its own. */
  readonly mutex?: KeyedMutex;
}

export interface ControllerOptions extends ControllerContext {
  readonly name: string;
  readonly watches: readonly Watched[];
  readonly reconcile: Reconcile;
  /** Default 16. */
  readonly concurrency?: number;
  /** Its work goes before other controllers' where there is more than can be done. Default: no. */
  readonly urgent?: boolean;
}

export interface RunningController {
  /** Reconciles now what waits for its time: after a sleep, or when the clock was set, timers are of no use. */
  hurry(): void;
  /** Resolves once every watched kind was listed for the first time. */
  readonly synced: Promise<void>;
  /** Has a request reconciled that no event stands for. */
  enqueue(request: ObjectRef): void;
  /** Resolves when nothing is left to do at this moment; for tests. */
  idle(): Promise<void>;
  stop(): Promise<void>;
}

export function startController(options: ControllerOptions): RunningController {
  const { name, client, clock, watches, reconcile, onError } = options;
  const abort = new AbortController();
  // Every watch listens.
  setMaxListeners(0, abort.signal);
  const queue = new WorkQueue({
    clock,
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    work: async (key) => {
      await turn(options.urgent === true);
      const result = await reconcile(refOfNamespacedName(key));
      if (result?.ended === true) queue.forget(key);
      if (result?.requeueAfter !== undefined) queue.addAfter(key, result.requeueAfter);
    },
    // A conflict is how optimistic locking says "read again": nothing to report.
    onError: (key, error, failures) => {
      if (!isConflict(error)) onError?.(`${name}: ${key}: attempt ${failures} failed`, error);
    },
  });
  const synced = watches.map(({ kind, list, requests }) =>
    reflect({
      client,
      kind,
      ...(list === undefined ? {} : { list }),
      clock,
      signal: abort.signal,
      onObject: (object, gone) => {
        for (const request of requests(object, gone)) queue.add(namespacedName(request));
      },
      onError: (error) => onError?.(`${name}: watching ${kind.plural}`, error),
    }),
  );
  return {
    synced: Promise.all(synced).then(() => undefined),
    enqueue: (request) => queue.add(namespacedName(request)),
    hurry: () => queue.hurry(),
    idle: () => queue.idle(),
    async stop() {
      abort.abort();
      await queue.stop();
    },
  };
}
