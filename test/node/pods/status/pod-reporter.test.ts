/** What the API hears of a Pod's containers, and how often: over a real API, by a clock that stands still. */

import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from '../../../../src/client/client.ts';
import { Semaphore } from '../../../../src/client/semaphore.ts';
import { deferred } from '../../../../src/node/deferred.ts';
import type { Layout } from '../../../../src/node/layout.ts';
import type { NetworkProvider } from '../../../../src/node/network/network.ts';
import type { ContainerRun } from '../../../../src/node/pods/containers/container-run.ts';
import { PodReporter } from '../../../../src/node/pods/status/pod-reporter.ts';
import { PodPublisher } from '../../../../src/node/pods/status/status-publisher.ts';
import { Namespace } from '../../../../src/resources/core/kinds.ts';
import { Pod } from '../../../../src/resources/core/pod.ts';
import { FakeClock } from '../../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../../support/local-api.ts';

const ref = { namespace: 'dev', name: 'pod' };
let local: TestApi;
let clock: FakeClock;
let runs: Map<string, ContainerRun>;
let reporter: PodReporter;
let publisher: PodPublisher;
let starting: Semaphore;
/** States of the container, as they were written. */
let told: string[];

beforeEach(async () => {
  local = startLocalApi();
  clock = new FakeClock();
  told = [];
  starting = new Semaphore(1);
  await local.client.create(Namespace, { metadata: { name: ref.namespace } });
  const pod = await local.client.create(Pod, { metadata: ref, spec: { containers: [{ name: 'main', image: 'i' }] } });
  const client = new Proxy(local.client, {
    get: (target, name: keyof Client) =>
      name === 'updateStatus'
        ? (kind: typeof Pod, object: Pod) => {
            told.push(Object.keys(object.status?.containerStatuses?.[0]?.state ?? {}).join());
            return target.updateStatus(kind, object);
          }
        : target[name].bind(target),
  });
  const stopping = new AbortController().signal;
  const onError = (message: string, error: unknown): void => {
    throw new Error(message, { cause: error });
  };
  publisher = new PodPublisher({ client, clock, pod, stopping, onError });
  runs = new Map([['main', { phase: 'running', startedAt: clock.now() }]]);
  reporter = new PodReporter({
    context: {
      barrier: async () => {},
      clock,
      layout: { logs: tmpdir() } as Layout,
      network: { hostAddress: '10.0.0.1' } as NetworkProvider,
      onError,
      starting,
      stopping,
    },
    publisher,
    order: {},
    runs,
    imageIds: new Map(),
    place: { network: undefined },
    processes: { idOf: (name) => `kf://${name}` },
    journal: { restartOf: () => undefined },
    onGone: (error) => {
      throw error;
    },
  });
});
afterEach(() => local.close());

const end = (): unknown =>
  runs.set('main', {
    phase: 'ended',
    exitCode: 0,
    reason: 'Completed',
    startedAt: clock.now(),
    finishedAt: clock.now(),
  });
/** Resolves behind all that is being written. */
const written = (): Promise<void> => publisher.update((pod) => pod);

test('that a container runs is told 25 ms later, however often it is said', async () => {
  reporter.publishSoon();
  clock.advance(24);
  reporter.publishSoon();
  await written();
  expect(told).toEqual([]);
  clock.advance(1);
  await written();
  expect(told).toEqual(['running']);
  expect((await local.client.get(Pod, ref)).status?.phase).toBe('Running');
  expect(clock.nextIn).toBeUndefined();
});

test('where as many are being started as may be it is told 100 ms later, or when they are fewer', async () => {
  const busy = deferred();
  const start = starting.run(() => busy.promise);
  reporter.publishSoon();
  clock.advance(25);
  clock.advance(25);
  clock.advance(25);
  await written();
  expect(told).toEqual([]);
  clock.advance(25);
  await written();
  expect(told).toEqual(['running']);
  reporter.publishSoon();
  clock.advance(25);
  busy.resolve();
  await start;
  clock.advance(25);
  await written();
  expect(told).toEqual(['running', 'running']);
});

test('of one that has ended by then the end is all that is told', async () => {
  reporter.publishSoon();
  clock.advance(24);
  end();
  await reporter.conclude([]);
  clock.advance(1000);
  await written();
  expect(told).toEqual(['terminated']);
});

test('what cannot wait tells the news along with it', async () => {
  reporter.publishSoon();
  reporter.publish();
  clock.advance(1000);
  await written();
  expect(told).toEqual(['running']);
});

test('of a Pod that is let go nothing more is told', async () => {
  reporter.publishSoon();
  reporter.close();
  clock.advance(1000);
  await written();
  expect(told).toEqual([]);
});
