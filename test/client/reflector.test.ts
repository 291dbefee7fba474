import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import { reflect } from '../../src/client/reflector.ts';
import { ConfigMap } from '../../src/resources/core/kinds.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startLocalApi } from '../support/local-api.ts';

test('an object that its listener cannot cope with does not hide the next one', async () => {
  const { client, close } = startLocalApi();
  const abort = new AbortController();
  const names: string[] = [];
  const errors: unknown[] = [];
  for (const name of ['bad', 'good']) await client.create(ConfigMap, { metadata: { namespace: 'default', name } });
  await reflect({
    client,
    kind: ConfigMap,
    clock: new FakeClock(),
    signal: abort.signal,
    onObject: ({ metadata }) => {
      if (metadata.name === 'bad') throw new Error('cannot cope');
      names.push(metadata.name);
    },
    onError: (error) => errors.push(error),
  });
  expect(names).toEqual(['good']);
  expect(errors).toHaveLength(1);
  abort.abort();
  await close();
});

test('a server that is out of reach for long costs no memory', async () => {
  const abort = new AbortController();
  const clock = new FakeClock();
  let attempts = 0;
  const client = {
    list: () => {
      attempts++;
      return Promise.reject(new Error('out of reach'));
    },
  } as unknown as Client;
  const synced = reflect({ client, kind: ConfigMap, clock, signal: abort.signal, onObject: () => {} });
  for (let turn = 0; turn < 20; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(200);
  }
  await new Promise((resolve) => setImmediate(resolve));
  expect(attempts).toBeGreaterThan(15);
  expect(getEventListeners(abort.signal, 'abort').length).toBeLessThan(3);
  abort.abort();
  await synced;
});
