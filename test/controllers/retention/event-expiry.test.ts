import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RunningController } from '../../../src/client/controller.ts';
import { startEventExpiry } from '../../../src/controllers/retention/event-expiry.ts';
import { Event, Namespace } from '../../../src/resources/core/kinds.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

let local: TestApi;
let controller: RunningController | undefined;
let clock: FakeClock;
beforeEach(async () => {
  // The API stamps creations with the machine's own time.
  clock = new FakeClock(Date.now());
  local = startLocalApi();
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterEach(async () => {
  await controller?.stop();
  await local.close();
});

const hour = 3_600_000;
const make = (name: string, lastTimestamp?: string) =>
  local.client.create(Event, {
    metadata: { namespace: 'dev', name },
    involvedObject: { kind: 'Task', name: 'x' },
    ...(lastTimestamp === undefined ? {} : { lastTimestamp }),
  });
const names = async () => (await local.client.list(Event)).items.map(({ metadata }) => metadata.name).sort();

async function after(milliseconds: number): Promise<readonly string[]> {
  await controller!.idle();
  clock.advance(milliseconds);
  await controller!.idle();
  return names();
}

test('an Event goes an hour after it last happened', async () => {
  await make('old');
  await make('lasting', new Date(clock.now() + hour / 2).toISOString());
  controller = startEventExpiry({ client: local.client, clock });
  await controller.synced;
  expect(await after(hour - 60_000)).toEqual(['lasting', 'old']);
  expect(await after(120_000)).toEqual(['lasting']);
  expect(await after(hour / 2)).toEqual([]);
});

test('of more than 5,000 Events the oldest go, little by little', async () => {
  const made = Array.from({ length: 5120 }, (_, index) => `e${String(index).padStart(4, '0')}`);
  for (const name of made) await make(name);
  controller = startEventExpiry({ client: local.client, clock });
  await controller.idle();
  expect(await names()).toEqual(made.slice(50));
  expect(await after(250)).toEqual(made.slice(100));
  expect(await after(250)).toEqual(made.slice(120));
  expect(await after(60_000)).toEqual(made.slice(120));
});
