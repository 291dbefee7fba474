import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConnectionError } from '../../../src/client/http/connection.ts';
import { HttpClient } from '../../../src/client/http/http-client.ts';
import { ConfigMap, Namespace } from '../../../src/resources/core/kinds.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { StatusError } from '../../../src/resources/status.ts';
import { startServer, type TestServer } from '../../apiserver/http/support.ts';

describe('over the API server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
    await server.client.create(Namespace, { metadata: { name: 'dev' } });
  });
  afterAll(() => server.close());

  test('version, and tables with cells rendered by the server', async () => {
    expect(await server.client.version()).toMatchObject({ major: '1', minor: '32' });
    const metadata = { name: 't', namespace: 'dev' };
    await server.client.create(Task, { metadata, spec: { appRef: { name: 'app' } } });
    const table = await server.client.table(Task, { namespace: 'dev', labelSelector: 'app.kubernetes.io/name=app' });
    expect(table.columnDefinitions.map((column) => column.name).slice(0, 3)).toEqual(['Name', 'ID', 'DisplayName']);
    expect(table.rows).toMatchObject([{ cells: ['t', null, 't', '0s', null, null, null], object: { metadata } }]);
  });

  test('a wrong token is Unauthorized, an untrusted certificate a ConnectionError', async () => {
    const stranger = new HttpClient({ server: server.url, ca: server.ca, token: 'guess' });
    await expect(stranger.version()).rejects.toMatchObject({ name: 'StatusError', reason: 'Unauthorized' });
    stranger.close();
    const distrustful = new HttpClient({ server: server.url, token: server.token });
    await expect(distrustful.version()).rejects.toThrow(/cannot reach the server .*certificate/);
    distrustful.close();
    const careless = new HttpClient({ server: server.url, token: server.token, insecureSkipTlsVerify: true });
    expect((await careless.version()).major).toBe('1');
    careless.close();
  });

  test('a watch that is left, and one whose signal fires, end without an error', async () => {
    await server.client.create(ConfigMap, { metadata: { name: 'c', namespace: 'dev' } });
    for await (const event of server.client.watch(ConfigMap, { namespace: 'dev' })) {
      expect(event).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'c' } } });
      break;
    }
    const leave = new AbortController();
    let seen = 0;
    for await (const _event of server.client.watch(ConfigMap, { namespace: 'dev', signal: leave.signal })) {
      seen++;
      leave.abort();
    }
    expect(seen).toBe(1);
    for await (const _event of server.client.watch(ConfigMap, { signal: leave.signal })) seen++;
    expect(seen).toBe(1);
  });

  test('a list of any length comes in one piece', async () => {
    const names = Array.from({ length: 250 }, (_, index) => `many-${index}`);
    const data = { text: 'x'.repeat(2000) };
    await Promise.all(
      names.map((name) => server.client.create(ConfigMap, { metadata: { name, namespace: 'dev' }, data })),
    );
    const { items } = await server.client.list(ConfigMap, { namespace: 'dev' });
    expect(items.filter((item) => item.metadata.name.startsWith('many-'))).toHaveLength(names.length);
  });
});

/** A server that answers whatever the test wants. */
async function withServer(listener: RequestListener, use: (client: HttpClient, url: string) => Promise<void>) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new HttpClient({ server: `${url}/prefix/`, token: 'never over http' });
  try {
    await use(client, url);
  } finally {
    client.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const ref = { namespace: 'dev', name: 'x' };
const sendJson = (res: Parameters<RequestListener>[1], code: number, body: unknown, headers = {}) =>
  res.writeHead(code, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));

describe('over servers of all sorts', () => {
  test('keeps the path of the server’s address, and tokens to itself where there is no TLS', async () => {
    await withServer(
      (req, res) =>
        sendJson(res, 200, { metadata: {}, url: req.url, authorization: req.headers.authorization ?? null }),
      async (client) => {
        expect(await client.get(ConfigMap, ref)).toMatchObject({
          url: '/prefix/api/v1/namespaces/dev/configmaps/x',
          authorization: null,
        });
      },
    );
  });

  test('freezes what it returns, to the bottom', async () => {
    await withServer(
      (_req, res) => sendJson(res, 200, { metadata: { labels: { a: 'b' } } }),
      async (client) => {
        const object = await client.get(ConfigMap, ref);
        expect(Object.isFrozen(object.metadata.labels)).toBe(true);
      },
    );
  });

  test('says who it is, and for whom', async () => {
    await withServer(
      (req, res) => sendJson(res, 200, { agent: req.headers['user-agent'], as: req.headers['impersonate-user'] }),
      async (_client, server) => {
        const client = new HttpClient({ server, impersonate: 'eve', impersonateGroups: ['g'] }, 'kf/1.0');
        expect(await client.get(ConfigMap, ref)).toEqual({ agent: 'kf/1.0', as: 'eve' });
        client.close();
      },
    );
  });

  test.each([
    [502, '<html>bad gateway</html>', 'InternalError', 'the server answered 502: <html>bad gateway</html>'],
    [403, '', 'Forbidden', 'the server answered 403'],
    [200, 'surprise', 'InternalError', 'the server answered 200: surprise'],
  ])('%i without a Status: still a StatusError', async (code, body, reason, message) => {
    await withServer(
      (_req, res) => res.writeHead(code).end(body),
      async (client) => {
        const error = await client.get(ConfigMap, ref).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(StatusError);
        expect(error).toMatchObject({ reason, message });
      },
    );
  });

  test('many requests at once share a few connections', async () => {
    const sockets = new Set<unknown>();
    await withServer(
      (req, res) => {
        sockets.add(req.socket);
        sendJson(res, 200, { metadata: {} });
      },
      async (client) => {
        await Promise.all(Array.from({ length: 200 }, () => client.get(ConfigMap, ref)));
        expect(sockets.size).toBeLessThanOrEqual(32);
      },
    );
  });

  test('429 is tried again after as long as the server asks for', async () => {
    let requests = 0;
    await withServer(
      (_req, res) => {
        if (requests++ === 0) sendJson(res, 429, { kind: 'Status', code: 429 }, { 'Retry-After': '0.01' });
        else sendJson(res, 200, { metadata: { name: 'x' } });
      },
      async (client) => {
        expect((await client.get(ConfigMap, ref)).metadata.name).toBe('x');
        expect(requests).toBe(2);
      },
    );
  });

  test('nobody listens: ConnectionError, naming the server', async () => {
    const client = new HttpClient({ server: 'https://127.0.0.1:1' });
    await expect(client.version()).rejects.toThrow('cannot reach the server https://127.0.0.1:1: connection refused');
    await expect(client.version()).rejects.toBeInstanceOf(ConnectionError);
    client.close();
  });

  test('a connection that breaks: ConnectionError from reads, the end of a watch', async () => {
    await withServer(
      (_req, res) => {
        res.writeHead(200);
        res.write('{"type":"ADDED","object":{"metadata":{"name":"x"}}}\n{"type":"ADD', () => res.destroy());
      },
      async (client) => {
        await expect(client.get(ConfigMap, ref)).rejects.toBeInstanceOf(ConnectionError);
        const seen: string[] = [];
        for await (const { object } of client.watch(ConfigMap)) seen.push(object.metadata.name);
        expect(seen).toEqual(['x']);
        await expect(async () => {
          for await (const _chunk of client.podLog(ref));
        }).rejects.toBeInstanceOf(ConnectionError);
      },
    );
  });

  test('a kept-alive connection that the server closed meanwhile: reads are sent once more', async () => {
    const seen = new Set<unknown>();
    await withServer(
      (req, res) => {
        // The second request of a connection finds it closed.
        if (seen.has(req.socket)) req.socket.destroy();
        else sendJson(res, 200, { metadata: {} });
        seen.add(req.socket);
      },
      async (client) => {
        await client.get(ConfigMap, ref);
        await client.get(ConfigMap, ref);
        await expect(client.create(ConfigMap, { metadata: ref })).rejects.toBeInstanceOf(ConnectionError);
      },
    );
  });

  test('an ERROR event ends a watch with its Status; bookmarks are passed over', async () => {
    const lines = [
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '5' } } },
      { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } },
    ];
    await withServer(
      (_req, res) => res.writeHead(200).end(lines.map((line) => JSON.stringify(line)).join('\n')),
      async (client) => {
        await expect(async () => {
          for await (const event of client.watch(ConfigMap)) expect(event).toBeUndefined();
        }).rejects.toMatchObject({ reason: 'Expired', message: 'too old' });
      },
    );
  });
});
