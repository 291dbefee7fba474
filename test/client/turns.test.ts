import { expect, test } from 'vitest';
import { systemClock } from '../../src/client/clock.ts';
import { endOfTurn, turn } from '../../src/client/turns.ts';
import { WorkQueue } from '../../src/client/work-queue.ts';

/** Keeps the processor busy for so many milliseconds. */
function toil(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

test('many keys that are due together leave sockets and files their turns; urgent ones go first', async () => {
  const order: string[] = [];
  const queueOf = (name: string, urgent: boolean) =>
    new WorkQueue({
      clock: systemClock,
      work: async () => {
        await turn(urgent);
        toil(4);
        order.push(name);
      },
    });
  const [slow, quick] = [queueOf('other', false), queueOf('urgent', true)];
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns += 1;
    if (counting) setTimeout(count, 0);
  };
  setTimeout(count, 0);
  for (let key = 0; key < 40; key++) slow.add(`${key}`);
  for (let key = 0; key < 20; key++) quick.add(`${key}`);
  await Promise.all([slow.idle(), quick.idle()]);
  counting = false;
  expect(turns).toBeGreaterThan(10);
  // What had begun before there was more than a turn could hold.
  const lastUrgent = order.lastIndexOf('urgent');
  expect(order.slice(0, lastUrgent).filter((name) => name === 'other').length).toBeLessThanOrEqual(16);
});

test('after a while without work a few keys go on at once, one after the other', async () => {
  turn(false);
  await endOfTurn();
  toil(20);
  await endOfTurn();
  expect([turn(false), turn(true), turn(false)]).toEqual([undefined, undefined, undefined]);
  toil(10);
  expect(turn(true)).toBeInstanceOf(Promise);
});

test('what waits for the end of a turn lets go first what is due in it, and what follows from that', async () => {
  const order: string[] = [];
  const later = endOfTurn().then(() => order.push('later'));
  setImmediate(() => void Promise.resolve().then(() => order.push('due')));
  await later;
  expect(order).toEqual(['due', 'later']);
});
