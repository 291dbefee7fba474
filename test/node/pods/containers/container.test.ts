import { expect, test } from 'vitest';
import type { NodeContext } from '../../../../src/node/context.ts';
import { ContainerProcess } from '../../../../src/node/pods/containers/container.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

/** A container that is there, and the signals that it gets. @param refusals so many of them cannot be sent first */
function running(refusals = 0) {
  const clock = new FakeClock();
  const signals: string[] = [];
  const errors: string[] = [];
  let left = refusals;
  const context = {
    clock,
    runtime: {
      kill: async (_id: string, signal: string) => {
        if (left-- > 0) throw new Error('too many open files');
        signals.push(signal);
      },
    },
    onError: (message: string) => errors.push(message),
  } as unknown as NodeContext;
  const container = new ContainerProcess(context, { id: 'c', bundle: '/nowhere', logPath: '/nowhere/log' });
  return { clock, signals, errors, container };
}

test('SIGKILL is sent again where it could not be, until the container is let go of', async () => {
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const { clock, signals, errors, container } = running(2);
  container.stop(0);
  await settled();
  clock.advance(1000);
  await settled();
  expect(signals).toEqual([]);
  clock.advance(1000);
  await settled();
  expect(signals).toEqual(['KILL']);
  expect(errors).toEqual(['cannot send SIGKILL to container c']);
  const gone = running(9);
  gone.container.stop(0);
  await settled();
  gone.container.detach();
  expect(gone.clock.nextIn).toBeUndefined();
});

test('SIGTERM, then SIGKILL when the grace period is over', () => {
  const { clock, signals, container } = running();
  container.stop(10);
  clock.advance(9_999);
  expect(signals).toEqual(['TERM']);
  clock.advance(1);
  expect(signals).toEqual(['TERM', 'KILL']);
});

test('asked again, the earlier end counts', () => {
  const { clock, signals, container } = running();
  container.stop(10);
  container.stop(60);
  container.stop(2);
  clock.advance(2_000);
  expect(signals).toEqual(['TERM', 'KILL']);
});

test.each([3_600_000, -3_600_000])('at once is at once, whatever the clock was set to: %i ms', (jump) => {
  const { clock, signals, container } = running();
  container.stop(10);
  clock.jump(jump);
  container.stop(0);
  expect(signals).toEqual(['TERM', 'KILL']);
});
