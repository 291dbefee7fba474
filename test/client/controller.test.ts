import { expect, test } from 'vitest';
import { type ControllerContext, hasEnded, type Result, startController } from '../../src/client/controller.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A controller that watches nothing and says what it is told to say. */
function start() {
  const clock = new FakeClock();
  const calls: string[] = [];
  const answer: { now: Result | undefined } = { now: undefined };
  const controller = startController({
    client: {} as ControllerContext['client'],
    clock,
    name: 'test',
    watches: [],
    reconcile: async ({ name }) => {
      calls.push(name);
      return answer.now;
    },
  });
  return { clock, calls, answer, controller };
}

test('what is asked for again comes at its time, whatever was said between', async () => {
  const { clock, calls, answer, controller } = start();
  answer.now = { requeueAfter: 1000 };
  controller.enqueue({ name: 'run' });
  await controller.idle();
  answer.now = undefined;
  controller.enqueue({ name: 'run' });
  await controller.idle();
  clock.advance(1000);
  await controller.idle();
  expect(calls).toEqual(['run', 'run', 'run']);
  await controller.stop();
});

test('what has ended does not come back at a time it was asked for before', async () => {
  const { clock, calls, answer, controller } = start();
  answer.now = { requeueAfter: 1000 };
  for (const name of ['run', 'other']) controller.enqueue({ name });
  await controller.idle();
  answer.now = hasEnded;
  controller.enqueue({ name: 'run' });
  await controller.idle();
  clock.advance(1000);
  await controller.idle();
  expect(calls).toEqual(['run', 'other', 'run', 'other']);
  await controller.stop();
});
