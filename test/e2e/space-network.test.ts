/** What Tasks reach by the Space's settings and by network policies, tried by Tasks. */

import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { finished, logged, logOf, startTask } from '../support/kf-tasks.ts';

/** Prints what comes of connecting: once, or each time that it changes, until it has changed back. */
const script = `
const [host, port, times = '1'] = process.argv.slice(2);
const attempt = () => new Promise((resolve) => {
  const socket = require('node:net').connect({ host, port: Number(port) });
  socket.setTimeout(3000, () => { socket.destroy(); resolve('timeout'); });
  socket.on('error', (error) => resolve(error.code));
  socket.on('data', (data) => { socket.destroy(); resolve(String(data)); });
});
(async () => {
  let last;
  for (let changes = 0; changes < Number(times); ) {
    const now = await attempt();
    if (now !== last) { console.log(now); last = now; changes++; }
    else await new Promise((resolve) => setTimeout(resolve, 10));
  }
})();
`;

let kf: Kf;
let anywhere: number;
let local: number;
const servers: Server[] = [];

async function listen(host: string): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).end('open'));
  server.listen(0, host);
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

beforeAll(async () => {
  [anywhere, local] = await Promise.all([listen('0.0.0.0'), listen('127.0.0.1')]);
  kf = await Kf.create();
  await kf.push('report', { 'try.js': script }, '-c', 'node try.js');
  await kf.push('other', { 'try.js': script }, '-c', 'node try.js');
});
afterAll(async () => {
  for (const server of servers) server.close();
  await kf.remove();
});

const attempt = async (port: number, app = 'report'): Promise<string> => {
  const name = await startTask(kf, app, `node try.js host.kf.internal ${port}`);
  await finished(kf, name);
  return (await logOf(kf, name)).trim();
};
const configure = (...words: readonly string[]) => kf.ok('configure-space', ...words);
const rules = (): string => execFileSync('iptables-save', { encoding: 'utf8' });

test('DenyAll holds for Tasks that start and for Tasks that run, over a kill of the server; PermitAll frees them', async () => {
  expect(await attempt(anywhere)).toBe('open');
  const running = await startTask(kf, 'report', `node try.js host.kf.internal ${anywhere} 3`);
  await logged(kf, running, 'open');
  await configure('set-app-egress-policy', 'DenyAll');
  await logged(kf, running, 'ECONNREFUSED');
  expect(await attempt(anywhere)).toBe('ECONNREFUSED');
  await kf.killServer();
  // The next command starts it again; the Task that ran meanwhile has reached nothing.
  expect(await attempt(anywhere)).toBe('ECONNREFUSED');
  expect(await logOf(kf, running)).toBe('open\nECONNREFUSED\n');
  await configure('set-app-egress-policy', 'PermitAll');
  await finished(kf, running);
  expect(await logOf(kf, running)).toBe('open\nECONNREFUSED\nopen\n');
  expect(await attempt(anywhere)).toBe('open');
});

test('a network policy is for its App, kubectl’s and kf’s alike; nothing is left of it', async () => {
  const { hostIP } = JSON.parse(
    (
      await kf.ok(
        'run-task',
        'report',
        '-c',
        'grep host.kf.internal /etc/hosts | sed "s/ .*//; s/.*/{\\"hostIP\\":\\"&\\"}/"',
        '--follow',
      )
    ).stdout,
  ) as { hostIP: string };
  await kf.ok('create-network-policy', 'elsewhere', '--app', 'report', '--allow', '192.0.2.0/24');
  expect(await attempt(anywhere)).toBe('ECONNREFUSED');
  expect(await attempt(anywhere, 'other')).toBe('open');
  const allow = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'host' },
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'report' } },
      egress: [{ to: [{ ipBlock: { cidr: `${hostIP}/32` } }], ports: [{ port: anywhere }] }],
    },
  };
  const kubectl = (words: readonly string[], input = '') =>
    execFileSync('kubectl', ['--kubeconfig', `${kf.dataDir}/kubeconfig`, '-n', 'dev', ...words], {
      input,
      encoding: 'utf8',
    });
  kubectl(['apply', '-f', '-'], JSON.stringify(allow));
  expect(kubectl(['get', 'netpol', 'host'])).toMatch(
    /^NAME +POD-SELECTOR +AGE\nhost +app\.kubernetes\.io\/name=report /,
  );
  expect(kubectl(['describe', 'networkpolicy', 'host'])).toContain(`CIDR: ${hostIP}/32`);
  expect(await attempt(anywhere)).toBe('open');
  kubectl(['delete', 'netpol', 'host']);
  await kf.ok('delete-network-policy', 'elsewhere');
  expect(await attempt(anywhere)).toBe('open');
  const bridge = hostIP.replace(/\d+$/, '');
  expect(
    rules()
      .split('\n')
      .filter((line) => /-E -s |-HOSTPORTS -s |-DNAT -s /.test(line) && line.includes(bridge)),
  ).toEqual([]);
});

test('Builds have a policy and an environment of their own', async () => {
  const source = await kf.source('built', {
    'try.js': script,
    'bin/build': `#!/bin/sh\necho "token $TOKEN"\nnode try.js host.kf.internal ${anywhere}\n`,
  });
  await chmod(`${source}/bin/build`, 0o755);
  const build = async () => (await kf.ok('push', 'built', '--task', '-p', source, '-c', 'true')).stdout;
  await configure('set-build-egress-policy', 'DenyAll');
  await configure('set-buildpack-env', 'TOKEN', 'a b$c');
  expect(await build()).toMatch(/token a b\$c\n(.*\n)*.*ECONNREFUSED/);
  expect(await attempt(anywhere)).toBe('open');
  await configure('set-build-egress-policy', 'PermitAll');
  // Its environment has changed, so that it is built again.
  await configure('unset-buildpack-env', 'TOKEN');
  expect(await build()).toMatch(/token \n(.*\n)*.*open/);
});

test('a connection to a port that is denied again is cut, and nothing passes any more', async () => {
  const heard: string[] = [];
  const echo = createServer((socket) => {
    socket.on('error', () => {}).on('data', (data) => heard.push(String(data)));
    socket.pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  servers.push(echo);
  const { port } = echo.address() as AddressInfo;
  await configure('allow-host-port', `${port}`);
  // New connections tell when it is denied; what goes over the old one from then on must not arrive.
  const talk = `
    const open = () => require('net').connect(${port}, 'host.kf.internal');
    const old = open();
    old.on('error', (error) => { console.log(error.code); process.exit(); }).once('data', (data) => console.log(String(data)));
    old.write('before');
    const look = () => open().on('error', () => old.write('after')).on('connect', function () { this.destroy(); setTimeout(look, 20); });
    look();`;
  const talking = await startTask(kf, 'report', `node -e "${talk.replaceAll(/\n */g, ' ')}"`);
  await logged(kf, talking, 'before');
  await configure('deny-host-port', `${port}`);
  await finished(kf, talking, 10_000);
  expect(await logOf(kf, talking)).toBe('before\nECONNRESET\n');
  expect(heard.join('')).toBe('before');
  // Allowed once more, it is as before.
  await configure('allow-host-port', `${port}`);
  const again = await startTask(
    kf,
    'report',
    `node -e "require('net').connect(${port}, 'host.kf.internal', () => console.log('open')).end()"`,
  );
  await finished(kf, again);
  expect(await logOf(kf, again)).toBe('open\n');
  await configure('deny-host-port', `${port}`);
});

test('what listens on the host’s 127.0.0.1 is reached where that is allowed, also with DenyAll', async () => {
  expect(await attempt(local)).toBe('ECONNREFUSED');
  await configure('allow-host-port', `${local}`);
  expect(await attempt(local)).toBe('open');
  await kf.ok('create-space', 'strict');
  await kf.ok('push', 'report', '--task', '--space', 'strict', '-p', `${kf.home}/src/report`, '-c', 'node try.js');
  const elsewhere = await kf.run([
    'run-task',
    'report',
    '--space',
    'strict',
    '-c',
    `node try.js host.kf.internal ${local}`,
    '--follow',
  ]);
  expect(elsewhere.stdout).toContain('ECONNREFUSED');
  await configure('set-app-egress-policy', 'DenyAll');
  expect(await attempt(local)).toBe('open');
  expect(await attempt(anywhere)).toBe('ECONNREFUSED');
  await configure('deny-host-port', `${local}`);
  await configure('set-app-egress-policy', 'PermitAll');
  expect(await attempt(local)).toBe('ECONNREFUSED');
});
