/** Watches and logs over WebSocket, as dashboards open them. */

import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { LogSource } from '../../../../src/client/logs.ts';
import { ConfigMap, Namespace } from '../../../../src/resources/core/kinds.ts';
import { Pod } from '../../../../src/resources/core/pod.ts';
import { startServer, type TestServer } from '../support.ts';

const log: LogSource = {
  async *read() {
    yield Buffer.from('Grüße\n');
    yield Buffer.from([0, 255]);
  },
};

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ logs: log });
  await server.client.create(Namespace, { metadata: { name: 'dev' } });
  await server.client.create(Pod, {
    metadata: { name: 'ended', namespace: 'dev' },
    spec: { containers: [{ name: 'main', image: 'i' }] },
  } as never);
  const pod = await server.client.get(Pod, { namespace: 'dev', name: 'ended' });
  await server.client.updateStatus(Pod, { ...pod, status: { phase: 'Succeeded' } } as Pod);
});
afterAll(() => server.close());

const maps = '/api/v1/namespaces/dev/configmaps';
const podLog = '/api/v1/namespaces/dev/pods/ended/log';

/** The whole answer: messages until either end closes. */
function open(path: string, protocols: readonly string[] = []) {
  const socket = new WebSocket(`${server.url.replace('https', 'wss')}${path}`, [...protocols], {
    ca: server.ca,
    headers: { Authorization: `Bearer ${server.token}`, Origin: 'http://localhost:9097' },
  });
  const messages: { readonly data: Buffer; readonly isText: boolean }[] = [];
  const arrived: (() => void)[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    messages.push({ data, isText: !isBinary });
    for (const resolve of arrived.splice(0)) resolve();
  });
  const message = async (index: number) => {
    while (messages[index] === undefined) await new Promise<void>((resolve) => arrived.push(resolve));
    return JSON.parse(messages[index].data.toString());
  };
  // Not by `once`, which an error that the test waits for would reject, too.
  const closed = new Promise<readonly unknown[]>((resolve) => socket.once('close', (...args) => resolve(args)));
  return { socket, messages, message, closed };
}

const make = (name: string) => server.client.create(ConfigMap, { metadata: { name, namespace: 'dev' } });

test.each([[[]], [['base64.binary.k8s.io']]])(
  'a watch: an event in each message, until the client closes; %j',
  async (protocols) => {
    const suffix = protocols.length;
    const { metadata } = await make(`before-${suffix}`);
    const { socket, messages, message, closed } = open(
      `${maps}?watch=true&resourceVersion=${metadata.resourceVersion}`,
      protocols,
    );
    await once(socket, 'open');
    await make(`a-${suffix}`);
    await make(`b-${suffix}`);
    expect(await message(0)).toMatchObject({
      type: 'ADDED',
      object: { kind: 'ConfigMap', metadata: { name: `a-${suffix}` } },
    });
    expect(await message(1)).toMatchObject({ type: 'ADDED', object: { metadata: { name: `b-${suffix}` } } });
    expect(messages.every(({ isText }) => isText)).toBe(true);
    socket.close(1000);
    expect((await closed)[0]).toBe(1000);
  },
);

test('a watch that has had its time is closed', async () => {
  const { closed } = open(`${maps}?watch=true&timeoutSeconds=1`);
  expect((await closed)[0]).toBe(1000);
});

test('what is wrong with a request, or with the handshake, is answered without a WebSocket', async () => {
  for (const [path, protocols, status] of [
    [`${maps}?watch=true&resourceVersion=x`, [], 400],
    [`${maps}?watch=true&labelSelector=%3D%3D`, [], 400],
    ['/api/v1/namespaces/dev/pods/none/log', [], 404],
    [podLog, ['v4.channel.k8s.io'], 400],
  ] as const) {
    const { socket } = open(path, protocols);
    const [error] = (await once(socket, 'error').catch((reason) => [reason])) as [Error];
    expect(error.message, path).toBe(`Unexpected server response: ${status}`);
  }
});

test.each([
  [[], false],
  [['binary.k8s.io'], false],
  [['base64.binary.k8s.io'], true],
] as const)('a log, in the protocol %j', async (protocols, isText) => {
  const { socket, messages, closed } = open(`${podLog}?follow=true`, protocols);
  expect((await closed)[0]).toBe(1000);
  expect(socket.protocol).toBe(protocols[0] ?? '');
  const bytes = messages.map(({ data }) => (isText ? Buffer.from(data.toString(), 'base64') : data));
  expect(Buffer.concat(bytes)).toEqual(Buffer.concat([Buffer.from('Grüße\n'), Buffer.from([0, 255])]));
  expect(messages.map((message) => message.isText)).toEqual(messages.map(() => isText));
});

test('a server that closes says so to who watches', async () => {
  const other = await startServer();
  const socket = new WebSocket(`${other.url.replace('https', 'wss')}/api/v1/namespaces?watch=true`, {
    ca: other.ca,
    headers: { Authorization: `Bearer ${other.token}` },
  });
  await once(socket, 'open');
  const closed = once(socket, 'close');
  await other.close();
  // 1006: on a busy machine the server does not wait for the answer to its goodbye.
  expect([1000, 1006]).toContain((await closed)[0]);
});
