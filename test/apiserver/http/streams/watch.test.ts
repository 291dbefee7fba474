import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ConfigMap, Namespace } from '../../../../src/resources/core/kinds.ts';
import { expired } from '../../../../src/resources/status.ts';
import { eventsOf, startServer, type TestServer, take } from '../support.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  for (const name of ['dev', 'other']) await server.client.create(Namespace, { metadata: { name } });
});
afterAll(() => server.close());

const path = '/api/v1/namespaces/dev/configmaps';
const make = (name: string, data: Record<string, string> = {}) =>
  server.client.create(ConfigMap, { metadata: { name, namespace: 'dev' }, data });
const watch = async (query: string, headers = {}) => {
  const response = await server.open('GET', `${path}?watch=true&${query}`, { headers });
  return { response, events: eventsOf(response) };
};

describe('watch', () => {
  test('headers come at once, then a line per event, from the revision on', async () => {
    const { metadata } = await make('a');
    const { response, events } = await watch(`resourceVersion=${metadata.resourceVersion}`);
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toBe('application/json');
    expect(response.headers['content-length']).toBeUndefined();
    await make('b');
    await server.client.delete(ConfigMap, { namespace: 'dev', name: 'b' });
    const [added, deleted] = await take(events, 2);
    expect(added).toMatchObject({
      type: 'ADDED',
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } },
    });
    expect(deleted).toMatchObject({ type: 'DELETED', object: { metadata: { name: 'b' } } });
    expect(Number(deleted?.object.metadata.resourceVersion)).toBeGreaterThan(
      Number(added?.object.metadata.resourceVersion),
    );
    response.destroy();
  });

  test.each(['', 'resourceVersion=0'])('%s: what exists comes first', async (query) => {
    await make('existing').catch(() => {});
    const { response, events } = await watch(`${query}&fieldSelector=metadata.name%3Dexisting`);
    expect(await take(events, 1)).toMatchObject([{ type: 'ADDED', object: { metadata: { name: 'existing' } } }]);
    response.destroy();
  });

  test('as Tables: columns in the first event only', async () => {
    await make('t1', { x: '1' });
    await make('t2');
    const { response, events } = await watch('', { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' });
    const [first, second] = await take(events, 2);
    expect(first?.object.kind).toBe('Table');
    expect(first?.object.columnDefinitions.map((column: { name: string }) => column.name)).toEqual([
      'Name',
      'Data',
      'Age',
    ]);
    expect(first?.object.rows).toHaveLength(1);
    expect(second?.object.columnDefinitions).toEqual([]);
    response.destroy();
  });

  test('as metadata only', async () => {
    await make('m', { secret: 'x' });
    const { response, events } = await watch('fieldSelector=metadata.name%3Dm', {
      Accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    });
    const [event] = await take(events, 1);
    expect(event?.object).toMatchObject({ kind: 'PartialObjectMetadata', metadata: { name: 'm' } });
    expect(event?.object).not.toHaveProperty('data');
    response.destroy();
  });

  test('WatchList: what exists, a bookmark that ends it, then what happens', async () => {
    await make('w1');
    const query = 'allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
    const { response, events } = await watch(`${query}&fieldSelector=metadata.name%3Dw1`);
    const [added, bookmark] = await take(events, 2);
    expect(added).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'w1' } } });
    expect(bookmark).toMatchObject({
      type: 'BOOKMARK',
      object: {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { annotations: { 'k8s.io/initial-events-end': 'true' }, creationTimestamp: null },
      },
    });
    await server.client.patch(
      ConfigMap,
      { namespace: 'dev', name: 'w1' },
      { type: 'merge', body: { data: { x: '1' } } },
    );
    expect(await take(events, 1)).toMatchObject([{ type: 'MODIFIED', object: { data: { x: '1' } } }]);
    response.destroy();
  });

  test('ends cleanly after timeoutSeconds', async () => {
    const { response, events } = await watch('resourceVersion=0&timeoutSeconds=1&fieldSelector=metadata.name%3Dnone');
    expect(await events.next()).toEqual({ done: true, value: undefined });
    expect(response.complete).toBe(true);
  });

  test.each([
    ['sendInitialEvents=true', 422, 'Invalid'],
    ['resourceVersion=abc', 400, 'BadRequest'],
    ['labelSelector=%3D%3D', 400, 'BadRequest'],
    ['fieldSelector=data.x%3D1', 400, 'BadRequest'],
  ])('%s: %i before anything is streamed', async (query, code, reason) => {
    const answer = await server.request('GET', `${path}?watch=true&${query}`);
    expect(answer).toMatchObject({ status: code });
    expect(answer.json.reason).toBe(reason);
  });

  test('a revision that is gone: an ERROR event with the Status, as reflectors expect', async () => {
    // biome-ignore lint/correctness/useYield: it ends before it has begun
    vi.spyOn(server.api, 'watch').mockImplementationOnce(async function* () {
      throw expired(1, 5);
    });
    const { response, events } = await watch('resourceVersion=1');
    const all: { type: string; object: { code?: number; reason?: string } }[] = [];
    for await (const event of events) all.push(event);
    expect(all).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }]);
    expect(response.complete).toBe(true);
  });

  test('custom resource definitions', async () => {
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions?watch=1';
    const response = await server.open('GET', `${crds}&fieldSelector=metadata.name%3Dtasks.kf.dev`);
    expect(await take(eventsOf(response), 1)).toMatchObject([{ object: { metadata: { name: 'tasks.kf.dev' } } }]);
    response.destroy();
  });
});

test('closing the server ends watches cleanly', async () => {
  const own = await startServer();
  await own.client.create(Namespace, { metadata: { name: 'n' } });
  const response = await own.open('GET', '/api/v1/namespaces?watch=true');
  const events = eventsOf(response);
  await take(events, 1);
  const closed = own.close();
  for await (const _event of events);
  expect(response.complete).toBe(true);
  await closed;
});
