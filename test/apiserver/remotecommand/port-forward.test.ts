/** `pods/portforward` over SPDY/3.1, as kubectl speaks it. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Pod } from '../../../src/resources/core/pod.ts';
import { startServer, type TestServer } from '../http/support.ts';
import { FakeContainers } from './fake-containers.ts';
import { SpdyClient } from './spdy-client.ts';

let server: TestServer;
/** What runs in the Pod: says what it was told once the other side has ended, or as soon as there is a `!`. */
let service: Server;
const sockets = new Set<Socket>();
const containers = new FakeContainers(() => {});
const path = (name: string): string => `/api/v1/namespaces/default/pods/${name}/portforward`;
/** However busy the machine is. */
const patience = { timeout: 20_000 };
const protocols = ['portforward.k8s.io'];

beforeAll(async () => {
  service = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('data', (part) => {
      text += part;
      if (text.endsWith('!')) socket.destroy();
    });
    socket.on('end', () => socket.end(`told: ${text}`)).on('error', () => {});
  }).listen(0);
  await once(service, 'listening');
  containers.connect = async (_, port) => {
    if (port !== 80) throw new Error(`connect ECONNREFUSED 10.0.0.1:${port}`);
    const socket = connect({ port: (service.address() as AddressInfo).port, allowHalfOpen: true });
    await once(socket, 'connect');
    return socket;
  };
  server = await startServer({ containers });
  for (const name of ['runs', 'waits']) {
    const metadata = { name, namespace: 'default' };
    const spec = { containers: [{ name: 'a', image: 'i', command: ['sh'] }] };
    const pod = await server.client.create(Pod, { metadata, spec } as never);
    if (name === 'runs') await server.client.updateStatus(Pod, { ...pod, status: { phase: 'Running' } } as never);
  }
});
afterAll(async () => {
  await server.close();
  for (const socket of sockets) socket.destroy();
  service.close();
});

async function open(client: SpdyClient, requestid: string, port: string): Promise<void> {
  await client.stream('error', { port, requestid });
  await client.stream('data', { port, requestid });
}

test('connections beside each other, each direction ended by itself', async () => {
  const client = await SpdyClient.open(server, path('runs'), protocols);
  await open(client, '0', '80');
  await open(client, '1', '80');
  client.send('data1', 'second', true);
  await client.ended('data1');
  client.send('data0', 'first', true);
  await client.ended('data0');
  expect([client.text('data0'), client.text('data1')]).toEqual(['told: first', 'told: second']);
  for (const error of ['error0', 'error1']) {
    await client.ended(error);
    expect(client.text(error)).toBe('');
  }
  client.socket.destroy();
});

test('what cannot be reached is told, and the other connections go on', async () => {
  const client = await SpdyClient.open(server, path('runs'), protocols);
  await open(client, '0', '80');
  for (const [id, port, words] of [
    ['1', '81', 'error forwarding port 81: connect ECONNREFUSED 10.0.0.1:81'],
    ['2', '0', 'error forwarding port 0: port "0" is none'],
    ['3', '80;', 'port "80;" is none'],
  ] as const) {
    await open(client, id, port);
    await client.ended(`error${id}`);
    expect(client.text(`error${id}`)).toContain(words);
  }
  client.send('data0', 'still here', true);
  await client.ended('data0');
  expect(client.text('data0')).toBe('told: still here');
  client.socket.destroy();
});

test('a service that breaks off holds up nobody, and a client that goes leaves no connection', async () => {
  const client = await SpdyClient.open(server, path('runs'), protocols);
  await open(client, '0', '80');
  client.send('data0', 'go away!');
  await client.ended('data0');
  for (let sent = 0; sent < 8; sent++) client.send('data0', Buffer.alloc(1 << 20));
  await open(client, '1', '80');
  client.send('data1', 'x', true);
  await client.ended('data1');
  const before = sockets.size;
  await open(client, '2', '80');
  await expect.poll(() => sockets.size, patience).toBe(before + 1);
  client.socket.destroy();
  await expect.poll(() => [...sockets].every((socket) => socket.destroyed), patience).toBe(true);
});

test('refused before the change', async () => {
  await expect(SpdyClient.open(server, path('waits'), protocols)).rejects.toThrow('because pod is not running');
  await expect(SpdyClient.open(server, path('runs'), ['v4.channel.k8s.io'])).rejects.toThrow(
    'server accepts [portforward.k8s.io]',
  );
  const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket' };
  expect((await server.request('GET', path('runs'), { headers: upgrade })).json).toMatchObject({ code: 400 });
  expect(server.faults).toEqual([]);
});
