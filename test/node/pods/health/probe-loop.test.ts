import { beforeEach, expect, test } from 'vitest';
import { ProbeLoop } from '../../../../src/node/pods/health/probe-loop.ts';
import type { Container } from '../../../../src/resources/core/pod.ts';
import { FakeClock } from '../../../support/fake-clock.ts';

let clock: FakeClock;
let said: string[];
let well: boolean;
let looks: number;
beforeEach(() => {
  clock = new FakeClock();
  said = [];
  well = false;
  looks = 0;
});

const probe = { exec: { command: ['true'] }, periodSeconds: 10, failureThreshold: 2 };

function watch(container: Partial<Container>): ProbeLoop {
  return new ProbeLoop({
    clock,
    container: { name: 'c', ...container },
    startedAt: clock.now(),
    check: async () => {
      looks++;
      return well;
    },
    onReady: (ready) => said.push(ready ? 'ready' : 'unready'),
    onUnhealthy: (which) => said.push(which),
  });
}

const pass = async (milliseconds: number): Promise<void> => {
  clock.advance(milliseconds);
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
};

test('readiness is asked for often until it is there, then after each period', async () => {
  watch({ readinessProbe: probe });
  await pass(0);
  await pass(500);
  expect([looks, said]).toEqual([2, []]);
  well = true;
  await pass(500);
  expect(said).toEqual(['ready']);
  well = false;
  await pass(9_999);
  expect(looks).toBe(3);
  await pass(1);
  expect(said).toEqual(['ready']);
  await pass(10_000);
  expect(said).toEqual(['ready', 'unready']);
});

test('what does not start up in time is unhealthy; until then nothing else is asked', async () => {
  watch({ startupProbe: probe, livenessProbe: probe });
  await pass(0);
  for (let time = 500; time < 10_000; time += 500) await pass(500);
  expect([looks, said]).toEqual([20, []]);
  await pass(500);
  await pass(100_000);
  expect([looks, said]).toEqual([21, ['startup']]);
});

test('what has started up is ready where no other probe says so', async () => {
  well = true;
  watch({ startupProbe: probe });
  await pass(0);
  await pass(100_000);
  expect([looks, said]).toEqual([1, ['ready']]);
});

test('what does not live any more is unhealthy; the first look waits for its delay', async () => {
  well = true;
  watch({ livenessProbe: { ...probe, initialDelaySeconds: 5 } });
  await pass(4_999);
  expect(looks).toBe(0);
  await pass(1);
  well = false;
  await pass(10_000);
  expect(said).toEqual([]);
  await pass(10_000);
  expect(said).toEqual(['liveness']);
});

test('after its end nothing is asked', async () => {
  const loop = watch({ readinessProbe: probe });
  await pass(0);
  loop.stop();
  await pass(100_000);
  expect([looks, said]).toEqual([1, []]);
});
