/** `pods/exec` over SPDY/3.1, as kubectl before 1.31 speaks it, and as somebody does who means harm. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataHead, goAway, ping, rstStream, synStream } from '../../../src/apiserver/spdy/frames.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { startServer, type TestServer } from '../http/support.ts';
import { FakeContainers, type FakeProcess } from './fake-containers.ts';
import { SpdyClient } from './spdy-client.ts';

let server: TestServer;
let program: (process: FakeProcess) => void = () => {};
const containers = new FakeContainers((process) => program(process));
/** However busy the machine is. */
const patience = { timeout: 20_000 };
const exec = (query: string): string => `/api/v1/namespaces/default/pods/shell/exec?${query}`;

beforeAll(async () => {
  server = await startServer({ containers });
  await server.client.create(Pod, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'shell', namespace: 'default' },
    spec: { containers: [{ name: 'a', image: 'i', command: ['sh'] }] },
  } as never);
});
afterAll(() => server.close());

async function open(query: string, ...types: readonly string[]): Promise<SpdyClient> {
  const client = await SpdyClient.open(server, exec(query));
  for (const type of types) await client.stream(type);
  return client;
}

test('input, output, exit code', async () => {
  program = async (process) => {
    for await (const chunk of process.stdin!) process.stdout!.write(chunk);
    process.stderr!.write('done');
    process.finish(3);
  };
  const client = await open('command=cat&stdin=1&stdout=1&stderr=1', 'error', 'stdin', 'stdout', 'stderr');
  client.send('stdin', 'hel');
  client.send('stdin', 'lo');
  client.send('stdin', '', true);
  await client.ended('error');
  await client.closed;
  expect([client.text('stdout'), client.text('stderr')]).toEqual(['hello', 'done']);
  expect(JSON.parse(client.text('error'))).toMatchObject({ reason: 'NonZeroExitCode' });
  expect(client.frames.at(-1)).toEqual({ type: 'goAway', lastStreamId: 7, status: 0 });
  await expect.poll(() => containers.held, patience).toBe(0);
});

test('sizes of the terminal, in pieces', async () => {
  let running: FakeProcess | undefined;
  program = (process) => {
    running = process;
  };
  const client = await open('command=sh&stdin=1&stdout=1&tty=1', 'error', 'stdin', 'stdout', 'resize');
  for (const part of ['{"Width":8', '0,"Height":24}\n{"Wi', 'dth":81,"Height":25}\nnonsense\n', 'x'.repeat(5000), '\n'])
    client.send('resize', part);
  await expect.poll(() => running?.sizes.at(-1), patience).toEqual({ width: 81, height: 25 });
  running!.finish(0);
  await client.ended('error');
  expect(JSON.parse(client.text('error'))).toMatchObject({ status: 'Success' });
});

test('bytes one by one make the same frames', async () => {
  program = (process) =>
    process.stdin!.once('data', (bytes: Buffer) => process.stdout!.write(bytes) && process.finish(0));
  const client = await open('command=x&stdin=1&stdout=1', 'error', 'stdin', 'stdout');
  const frame = Buffer.concat([dataHead(3, 2, true), Buffer.from('hi')]);
  client.socket.setNoDelay(true);
  for (const byte of frame) client.socket.write(Buffer.of(byte));
  await client.ended('stdout');
  expect(client.text('stdout')).toMatch(/^hi?$/);
});

test('what the command does not read stays with the client, who is noticed going all the same', async () => {
  const begun = new Promise<FakeProcess>((resolve) => {
    program = resolve;
  });
  const client = await open('command=sleep&stdin=1&stdout=1', 'error', 'stdin', 'stdout');
  const process = await begun;
  for (let sent = 0; sent < 64; sent++) client.send('stdin', Buffer.alloc(1 << 20));
  await expect.poll(() => process.stdin!.readableLength, patience).toBeGreaterThan(0);
  expect(process.stdin!.readableLength).toBeLessThan(1 << 20);
  expect(client.socket.writableLength).toBeGreaterThan(16 << 20);
  client.socket.destroy();
  await process.ended;
  await expect.poll(() => containers.held, patience).toBe(0);
});

test('pings are answered, its own answers are not; settings, windows and unknown frames are passed over', async () => {
  program = (process) => process.stdin!.once('data', () => process.finish(0));
  const client = await open('command=x&stdin=1&stdout=1', 'error', 'stdin', 'stdout');
  const odd = (type: number, body: Buffer): Buffer =>
    Buffer.concat([Buffer.of(0x80, 3, 0, type, 0, 0, 0, body.length), body]);
  client.socket.write(
    Buffer.concat([odd(4, Buffer.alloc(4)), odd(9, Buffer.alloc(8)), odd(77, Buffer.alloc(3)), ping(2)]),
  );
  client.socket.write(Buffer.concat([rstStream(99, 1), dataHead(99, 0, true), goAway(0, 0), ping(7)]));
  await client.until(() => client.frames.some((frame) => frame.type === 'ping'));
  expect(client.frames.filter((frame) => frame.type === 'ping')[0]).toEqual({ type: 'ping', id: 7 });
  client.send('stdin', 'go');
  await client.ended('error');
});

const bomb = async (client: SpdyClient): Promise<Buffer> =>
  synStream(1, await client.headers.write({ streamtype: 'x'.repeat(1 << 20) }));
const hostile: readonly [what: string, bytes: (client: SpdyClient) => Buffer | Promise<Buffer>][] = [
  ['another version', () => Buffer.from('8002000600000004', 'hex')],
  ['a control frame of 16 MB', () => Buffer.from('8003000100ffffff', 'hex')],
  ['a control frame that is too short', () => Buffer.from('8003000100000001ff', 'hex')],
  ['a header block that is no zlib stream', () => synStream(1, Buffer.from('nonsense'))],
  ['a header block that is cut off', async ({ headers }) => synStream(1, (await headers.write({})).subarray(0, 2))],
  ['a header block that swells', bomb],
  ['a stream with a server’s number', async ({ headers }) => synStream(2, await headers.write({}))],
  [
    'a stream twice',
    async ({ headers }) =>
      Buffer.concat([synStream(1, await headers.write({})), synStream(1, await headers.write({}))]),
  ],
];
test.each(hostile)('%s ends the connection', async (_, bytes) => {
  const client = await open('command=x&stdout=1');
  client.socket.write(await bytes(client));
  await client.closed;
  expect(client.frames.at(-1)).toMatchObject({ type: 'goAway', status: 1 });
  await expect.poll(() => containers.held, patience).toBe(0);
});

test('streams that nobody asked for are refused, as are too many', async () => {
  const client = await open('command=x&stdout=1');
  for (let id = 1; id < 41; id += 2)
    client.socket.write(synStream(id, await client.headers.write({ streamtype: 'odd' })));
  await client.until(() => client.frames.some((frame) => frame.type === 'rstStream' && frame.streamId === 39));
  client.socket.destroy();
  await expect.poll(() => containers.held, patience).toBe(0);
});

test('other versions of the streams are refused before the change', async () => {
  await expect(SpdyClient.open(server, exec('command=x&stdout=1'), ['channel.k8s.io'])).rejects.toThrow(
    'unable to negotiate protocol: client supports [channel.k8s.io], server accepts [v4.channel.k8s.io]',
  );
  await expect(SpdyClient.open({ ...server, token: 'wrong' }, exec('command=x&stdout=1'))).rejects.toThrow(
    'Unauthorized',
  );
  await expect(SpdyClient.open(server, exec('command=x'))).rejects.toThrow('you must specify at least 1 of');
  expect(containers.held).toBe(0);
  expect(server.faults).toEqual([]);
});
