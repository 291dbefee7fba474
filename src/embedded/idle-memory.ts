/**
 * Gives memory back after work. V8 keeps its heap as it was at the busiest moment, for as long as nothing new asks for
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
/** Bytes in use above which a collection would hold up a request for longer (15 ms per 16 MB) than it is worth. */
const largestHeap = 128 * 2 ** 20;

/** Bytes of bodies that an idle store keeps at hand: a list of the newest 500 Tasks. */
const idleCache = 4 * 2 ** 20;

export interface Store {
  /** Calls back on every write, and returns the way to stop it. */
  subscribe(listener: () => void): () => void;
  shrinkCache(bytes: number): void;
}

export function giveMemoryBack(clock: Clock, store: Store, collect: () => void = garbageCollector()): { stop(): void } {
  let timer: Timer | undefined;
  let lastWrite = clock.now();
  const wait = (milliseconds: number, step: () => void): void => {
    timer = clock.after(milliseconds, step);
  };
  const step = (left: number): void => {
    timer = undefined;
    const idle = clock.now() - lastWrite;
    if (idle < idleAfter) {
      wait(idleAfter - idle, () => step(collections));
      return;
    }
    store.shrinkCache(idleCache);
    if (getHeapStatistics().used_heap_size <= largestHeap) collect();
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

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return () => {
    // Otherwise a page with a single object left is kept.
    setFlagsFromString('--compact-on-every-full-gc');
    collect();
    setFlagsFromString('--no-compact-on-every-full-gc');
  };
}
