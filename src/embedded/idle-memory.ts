/**
 * Gives memory back to the system after work. V8 keeps its heap as it was at the busiest moment, for as long as nothing new asks for
 * memory: 45 MB more after a hundred tasks, on a server that may then be idle for a day.
 */

import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Clock, Timer } from '../client/clock.ts';

/** Milliseconds without a write after which the server counts as idle. */
const idleAfter = 5000;
/** A collection halves the room for new objects at most; milliseconds between two. */
const collections = 3;
const pause = 300;
/** Bytes in use above which a collection that also moves objects together would hold up a request for too long. */
const largestCompacted = 128 * 2 ** 20;
/**
 * A larger heap may be garbage for the most part, which only a collection tells: a plain one takes 60 ms per 100 MB that
 * is not. So it waits longer, and for this many bytes more than the last one has left.
 */
const longIdleAfter = 30_000;
const worthwhile = 32 * 2 ** 20;

/** Bytes of bodies that an idle store keeps at hand: a list of the newest 500 Tasks. */
const idleCache = 4 * 2 ** 20;

export interface Store {
  /** Calls back on every write, and returns the way to stop it. */
  subscribe(listener: () => void): () => void;
  shrinkCache(bytes: number): void;
}

export interface Heap {
  /** Bytes, what could be collected included. */
  used(): number;
  /** @param compact whether objects are moved together: otherwise a page with a single object left is kept */
  collect(compact: boolean): void;
}

export function startMemoryRelease(clock: Clock, store: Store, heap: Heap = v8Heap()): { stop(): void } {
  let timer: Timer | undefined;
  let lastWrite = clock.now();
  /** Bytes in use after the last plain collection. */
  let kept = 0;
  const wait = (milliseconds: number, step: () => void): void => {
    timer = clock.after(milliseconds, step);
  };
  const collectLarge = (idle: number): void => {
    if (heap.used() < kept + worthwhile) return;
    if (idle < longIdleAfter) {
      wait(longIdleAfter - idle, () => step(collections));
      return;
    }
    heap.collect(false);
    kept = heap.used();
    if (kept <= largestCompacted) wait(pause, () => step(collections));
  };
  const step = (left: number): void => {
    timer = undefined;
    const idle = clock.now() - lastWrite;
    if (idle < idleAfter) {
      wait(idleAfter - idle, () => step(collections));
      return;
    }
    store.shrinkCache(idleCache);
    if (heap.used() > largestCompacted) {
      collectLarge(idle);
      return;
    }
    kept = 0;
    heap.collect(true);
    if (left > 1) wait(pause, () => step(left - 1));
  };
  const unsubscribe = store.subscribe(() => {
    lastWrite = clock.now();
    if (timer === undefined) wait(idleAfter, () => step(collections));
  });
  return {
    stop() {
      unsubscribe();
      timer?.cancel();
    },
  };
}

function v8Heap(): Heap {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return {
    used: () => getHeapStatistics().used_heap_size,
    collect(compact) {
      if (compact) setFlagsFromString('--compact-on-every-full-gc');
      collect();
      setFlagsFromString('--no-compact-on-every-full-gc');
    },
  };
}
