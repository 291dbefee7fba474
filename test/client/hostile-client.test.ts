import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/client/clock.ts';
import { reflect } from '../../src/client/reflector.ts';
import { ConfigMap } from '../../src/resources/core/kinds.ts';
import { isConflict, isNotFound, StatusError } from '../../src/resources/status.ts';
import { startLocalApi, type TestApi } from '../support/local-api.ts';
import { hostile } from './hostile-client.ts';

let server: TestApi;
beforeEach(() => {
  server = startLocalApi();
});
afterEach(() => server.close());

const draft = (name: string) => ({ metadata: { name, namespace: 'default' } });

it('lets some writes fail, some of them after they took effect', async () => {
  const client = hostile(server.client, { seed: 1 });
  const outcomes = new Map<string, boolean>();
  for (let number = 0; number < 100; number++)
    await client.create(ConfigMap, draft(`c${number}`)).then(
      () => outcomes.set(`c${number}`, true),
      (error: unknown) => {
        expect(error).toMatchObject({ reason: 'Timeout' });
        outcomes.set(`c${number}`, false);
      },
    );
  const failed = [...outcomes].filter(([, ok]) => !ok);
  expect(failed.length).toBeGreaterThan(5);
  expect(failed.length).toBeLessThan(40);
  for (const [name] of failed) await server.client.get(ConfigMap, { namespace: 'default', name });
  const errors: unknown[] = [];
  for (let number = 0; number < 100; number++)
    await client
      .patch(ConfigMap, { namespace: 'default', name: 'c1' }, { type: 'merge', body: { data: { n: `${number}` } } })
      .catch((error: unknown) => errors.push(error));
  expect(errors.some(isConflict)).toBe(true);
  client.close();
});

it('reads lag, and never go back', async () => {
  const client = hostile(server.client, { seed: 2, failingWrites: 0 });
  const ref = { namespace: 'default', name: 'a' };
  await expect(client.get(ConfigMap, ref)).rejects.toSatisfy(isNotFound);
  await server.client.create(ConfigMap, draft('a'));
  let stale = 0;
  let last = -1;
  for (let number = 0; number < 50; number++) {
    await server.client.patch(ConfigMap, ref, { type: 'merge', body: { data: { n: `${number}` } } });
    const seen = await client.get(ConfigMap, ref).catch((error: unknown) => {
      if (error instanceof StatusError) return undefined;
      throw error;
    });
    const value = Number(seen?.data?.n ?? -1);
    expect(value).toBeGreaterThanOrEqual(last);
    if (value < number) stale++;
    last = value;
  }
  expect(stale).toBeGreaterThan(5);
  client.close();
});

it.each([3, 4, 5])('a reflector converges over it all the same (seed %i)', async (seed) => {
  const client = hostile(server.client, { seed });
  const abort = new AbortController();
  const known = new Map<string, string | undefined>();
  let settled: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    settled = resolve;
  });
  const synced = reflect({
    client,
    kind: ConfigMap,
    clock: systemClock,
    signal: abort.signal,
    onObject({ metadata, data }, gone) {
      if (gone) known.delete(metadata.name);
      else known.set(metadata.name, data?.n);
      if (metadata.name === 'last') settled();
    },
  });
  await synced;
  for (let number = 0; number < 60; number++) {
    const created = await server.client.create(ConfigMap, draft(`c${number}`));
    await server.client.update(ConfigMap, { ...created, data: { n: `${number}` } });
    if (number % 3 === 0) await server.client.delete(ConfigMap, { namespace: 'default', name: `c${number}` });
  }
  await server.client.create(ConfigMap, draft('last'));
  await done;
  abort.abort();
  client.close();
  const { items } = await server.client.list(ConfigMap);
  expect(known).toEqual(new Map(items.map(({ metadata, data }) => [metadata.name, data?.n])));
});
