/** Says that something takes its time: after a second, then every 30 s. */

import type { Clock, Timer } from '../../client/clock.ts';
import { humanDuration } from '../../resources/duration.ts';
import type { Io } from '../io.ts';

/** Milliseconds. */
const patience = 1000;
const interval = 30_000;

/** @param what goes on: `Backing up` */
export async function takingTime<T>(
  { io, clock }: { readonly io: Pick<Io, 'note'>; readonly clock: Clock },
  what: string,
  work: Promise<T>,
): Promise<T> {
  const began = clock.now();
  let timer: Timer;
  const wait = (milliseconds: number): void => {
    timer = clock.after(milliseconds, () => {
      const since = clock.now() - began;
      io.note(since < interval ? `${what}...` : `${what}... (${humanDuration(since)})`);
      wait(interval);
    });
  };
  wait(patience);
  return work.finally(() => timer.cancel());
}
