/** `pods/exec` over WebSocket, as clients that are not ours speak it. */

import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { Pod } from '../../../src/resources/core/pod.ts';
import { badRequest } from '../../../src/resources/status.ts';
import { startServer, type TestServer } from '../http/support.ts';
import { FakeContainers, type FakeProcess } from './fake-containers.ts';

let server: TestServer;
let program: (process: FakeProcess) => void = () => {};
const containers = new FakeContainers((process) => program(process));
/** However busy the machine is. */
const patience = { timeout: 20_000 };
const path = '/api/v1/namespaces/default/pods/shell/exec';

beforeAll(async () => {
  server = await startServer({ containers });
  const container = (name: string) => ({ name, image: 'i', command: ['sh'] });
  await server.client.create(Pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'shell', namespace: 'default' },
    spec: { containers: [container('a')] },
  } as never);
  await server.client.create(Pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'two', namespace: 'default' },
    spec: { containers: [container('a'), container('b')] },
  } as never);
});
afterEach(() => {
  containers.refuse = undefined;
});
afterAll(() => server.close());

function connect(
  query: string,
  protocols: string | string[] = 'v5.channel.k8s.io',
  token: string | null = server.token,
) {
  const headers: Record<string, string> = token === null ? {} : { Authorization: `Bearer ${token}` };
  const socket = new WebSocket(`${server.url.replace('https', 'wss')}${path}?${query}`, protocols, {
    ca: server.ca,
    headers,
  });
  const output: Buffer[][] = [[], [], [], []];
  socket.on('message', (data: Buffer) => output[data[0]!]?.push(data.subarray(1)));
  const text = (channel: number): string => Buffer.concat(output[channel]!).toString();
  return { socket, text, closed: once(socket, 'close') };
}

test('output, exit code, and the end of standard input, in version 5', async () => {
  program = async (process) => {
    for await (const chunk of process.stdin!) process.stdout!.write(chunk);
    process.stderr!.write('done');
    process.finish(3);
  };
  const { socket, text, closed } = connect('command=cat&command=-&stdin=1&stdout=1&stderr=1');
  await once(socket, 'open');
  expect(socket.protocol).toBe('v5.channel.k8s.io');
  socket.send(Buffer.from('\0hello'));
  socket.send(Buffer.of(255, 0));
  expect((await closed)[0]).toBe(1000);
  expect([text(1), text(2)]).toEqual(['hello', 'done']);
  expect(JSON.parse(text(3))).toMatchObject({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
  });
  await expect.poll(() => containers.held, patience).toBe(0);
});

test('version 4 has the same; a command that cannot be begun says why', async () => {
  program = (process) => {
    process.stdout!.end();
    process.fail(new Error('no such program'));
  };
  const { socket, text, closed } = connect('command=x&stdout=1', ['base64.channel.k8s.io', 'v4.channel.k8s.io']);
  await closed;
  expect(socket.protocol).toBe('v4.channel.k8s.io');
  expect(JSON.parse(text(3))).toMatchObject({
    reason: 'InternalError',
    message: 'Internal error occurred: no such program',
  });
});

test('sizes of the terminal, also one that comes before the command; what is no size is nothing', async () => {
  let running: FakeProcess | undefined;
  program = (process) => {
    running = process;
  };
  const { socket, text, closed } = connect('command=sh&stdin=1&stdout=1&stderr=1&tty=1');
  await once(socket, 'open');
  socket.send(Buffer.from('\x04{"Width":80,"Height":24}'));
  for (const wrong of ['', '{', '{"Width":0,"Height":1}', '{"Width":1e9,"Height":1}', '[]', 'null'])
    socket.send(Buffer.from(`\x04${wrong}`));
  socket.send(Buffer.from('\x04{"Width":81,"Height":25}'));
  await expect.poll(() => running?.sizes.at(-1), patience).toEqual({ width: 81, height: 25 });
  expect(running!.request).toMatchObject({ tty: true, stderr: false, command: ['sh'], container: 'a' });
  expect(running!.sizes.length).toBeLessThanOrEqual(2);
  running!.stdout!.write('bye');
  running!.finish(0);
  await closed;
  expect([text(1), JSON.parse(text(3))]).toEqual(['bye', expect.objectContaining({ status: 'Success' })]);
});

test('a client that goes ends the command', async () => {
  const begun = new Promise<FakeProcess>((resolve) => {
    program = resolve;
  });
  const { socket } = connect('command=sleep&stdin=1&stdout=1');
  await once(socket, 'open');
  const process = await begun;
  socket.terminate();
  await process.ended;
  await expect.poll(() => containers.held, patience).toBe(0);
});

test('what the command does not read stays with the client, who is noticed going all the same', async () => {
  const begun = new Promise<FakeProcess>((resolve) => {
    program = resolve;
  });
  const { socket } = connect('command=sleep&stdin=1&stdout=1');
  await once(socket, 'open');
  const process = await begun;
  const chunk = Buffer.alloc(1 << 20);
  for (let sent = 0; sent < 64; sent++) socket.send(chunk);
  // The rest fills the buffers of both kernels, and waits at the client.
  await expect.poll(() => process.stdin!.readableLength, patience).toBeGreaterThan(0);
  expect(process.stdin!.readableLength).toBeLessThan(4 << 20);
  expect(socket.bufferedAmount).toBeGreaterThan(16 << 20);
  socket.terminate();
  await process.ended;
  await expect.poll(() => containers.held, patience).toBe(0);
});

test('messages that are nothing, of unknown channels, or too long', async () => {
  program = (process) => process.stdin!.once('data', () => process.finish(0));
  const { socket, closed } = connect('command=x&stdin=1&stdout=1');
  await once(socket, 'open');
  for (const message of [[], [9], [255], [255, 1], [0], [3, 1]]) socket.send(Buffer.from(message));
  socket.send('\0text');
  expect((await closed)[0]).toBe(1000);
  program = () => {};
  const large = connect('command=x&stdin=1&stdout=1');
  await once(large.socket, 'open');
  large.socket.send(Buffer.alloc(5 << 20));
  expect((await large.closed)[0]).toBe(1009);
});

const refusals: readonly [query: string, token: string | null | undefined, status: number, message: string][] = [
  ['command=x&stdout=1', null, 401, 'Unauthorized'],
  ['command=x&stdout=1', 'wrong', 401, 'Unauthorized'],
  ['command=x', undefined, 400, 'you must specify at least 1 of stdin, stdout, stderr'],
  ['stdout=1', undefined, 400, 'you must specify at least one command'],
  ['command=x&stdout=1&container=c', undefined, 400, 'container c is not valid for pod shell'],
];
test.each(refusals)('refused before the upgrade: %s, %s: %i', async (query, token, status, message) => {
  const { socket } = connect(query, undefined, token);
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  expect(response.statusCode).toBe(status);
  let body = '';
  for await (const chunk of response) body += chunk;
  expect(JSON.parse(body)).toMatchObject({ kind: 'Status', message });
});

test('without an upgrade, with another one, and for what the node refuses', async () => {
  expect((await server.request('POST', `${path}?command=x&stdout=1`)).json.message).toBe('Upgrade request required');
  expect((await server.request('DELETE', `${path}?command=x&stdout=1`)).status).toBe(405);
  const upgrade = { Connection: 'Upgrade', Upgrade: 'h2c' };
  const other = await server.request('GET', `${path}?command=x&stdout=1`, { headers: upgrade });
  expect(other.json).toMatchObject({ code: 400, message: 'Upgrade request required' });
  // Elsewhere nobody changes the protocol, and the answer is the usual one.
  expect((await server.request('GET', '/version', { headers: upgrade })).json).toMatchObject({ major: '1' });
  const withBody = await server.request('POST', '/api/v1/namespaces', { headers: upgrade, body: {} });
  expect(withBody.json.message).toBe('a request that asks for another protocol (Upgrade) must have no body');
  const two = `${path.replace('shell', 'two')}?command=x&stdout=1`;
  expect((await server.request('GET', two)).json.message).toBe(
    'a container name must be specified for pod two, choose one of: [a b]',
  );
  containers.refuse = badRequest('it does not run');
  const { socket } = connect('command=x&stdout=1');
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  expect(response.statusCode).toBe(400);
  expect(server.faults).toEqual([]);
});
