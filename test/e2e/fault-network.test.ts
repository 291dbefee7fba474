/** What a task reaches over the network, seen from inside the task; and what it does not. */

import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTo, createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { logged, logOf, startTask } from '../support/kf-tasks.ts';

const metadata = '169.254.169.254';

/** Prints what comes of each `host:port`: what the listener says, an error code, or `timeout`. */
const probe = `
import { connect } from 'node:net';
import { lookup } from 'node:dns/promises';
const ask = (target) => new Promise((resolve) => {
  const [host, port] = target.split(':');
  const socket = connect({ host, port: Number(port) });
  socket.setTimeout(3000, () => { socket.destroy(); resolve('timeout'); });
  socket.on('error', (error) => resolve(error.code));
  socket.on('data', (data) => { socket.destroy(); resolve(String(data)); });
});
for (const target of process.argv.slice(2))
  console.log(target.startsWith('name:')
    ? await lookup(target.slice(5), 4).then(({ address }) => address, (error) => error.code)
    : await ask(target));
`;

const listen = `
import { createServer } from 'node:net';
createServer((socket) => socket.end('a task')).listen(8080, '0.0.0.0', () => console.log('at ' + process.env.CF_INSTANCE_IP + '.'));
`;

let kf: Kf;
const servers: Server[] = [];
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('net', { 'probe.mjs': probe, 'listen.mjs': listen }, '-c', 'true');
});
afterAll(async () => {
  for (const server of servers) server.close();
  await kf.remove();
});

/** A server of the host that says its name; its port. */
async function listening(host: string, says: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(says);
  });
  server.listen(0, host);
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

/** What a task gets from each target, in order. */
async function seenFromATask(...targets: readonly string[]): Promise<readonly string[]> {
  const { stdout, stderr, code } = await kf.run([
    'run-task',
    'net',
    ...['node', 'probe.mjs', ...targets].flatMap((word) => ['--args', word]),
    '--follow',
  ]);
  expect(code, stderr).toBe(0);
  return stdout.trim().split('\n');
}

/** Whether the host itself gets through: else a refusal inside would show nothing. */
const hostReaches = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connectTo({ host, port });
    socket.on('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

test('the host by its name, and names as the host resolves them', async () => {
  const port = await listening('0.0.0.0', 'the host');
  const name = 'registry.npmjs.org';
  const [host, resolved] = await seenFromATask(`host.kf.internal:${port}`, `name:${name}`);
  expect(host).toBe('the host');
  const own = await promisify(execFile)('getent', ['ahostsv4', name]).then(
    ({ stdout }) => new Set(stdout.split('\n').map((line) => line.split(' ')[0])),
    () => undefined,
  );
  if (own === undefined) expect(resolved).toMatch(/^E/);
  else expect(own).toContain(resolved);
});

test('nothing that listens on the host’s 127.0.0.1, by whatever address', async () => {
  const port = await listening('127.0.0.1', 'private');
  expect(await hostReaches('127.0.0.1', port)).toBe(true);
  const outside = Object.values(networkInterfaces())
    .flatMap((infos) => infos ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .slice(0, 2)
    .map(({ address }) => `${address}:${port}`);
  const answers = await seenFromATask(`127.0.0.1:${port}`, `host.kf.internal:${port}`, ...outside);
  expect(answers).toEqual(answers.map(() => 'ECONNREFUSED'));
});

test('not the API server', async () => {
  const { url } = await kf.json<{ url: string }>('server', 'status');
  const { port } = new URL(url);
  expect(await seenFromATask(`127.0.0.1:${port}`, `host.kf.internal:${port}`)).toEqual([
    'ECONNREFUSED',
    'ECONNREFUSED',
  ]);
});

test(`not ${metadata}, although the host answers there`, async () => {
  execFileSync('ip', ['address', 'add', `${metadata}/32`, 'dev', 'lo']);
  try {
    const port = await listening(metadata, 'credentials');
    expect(await hostReaches(metadata, port)).toBe(true);
    const [answer] = await seenFromATask(`${metadata}:${port}`);
    expect(answer).toBe('EACCES');
  } finally {
    execFileSync('ip', ['address', 'delete', `${metadata}/32`, 'dev', 'lo']);
  }
});

test('not another task', async () => {
  const other = await startTask(kf, 'net', 'node listen.mjs');
  await logged(kf, other, '.\n');
  const address = /^at (.*)\.$/m.exec(await logOf(kf, other))?.[1] ?? '';
  expect(await hostReaches(address, 8080)).toBe(true);
  const [answer] = await seenFromATask(`${address}:8080`);
  expect(answer).toMatch(/^(EACCES|EHOSTUNREACH|ECONNREFUSED)$/);
  await kf.ok('terminate-task', other, '--now');
});
