/** Servers that cannot start, servers that are started twice, and a demo that must keep to itself. */

import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { instanceOf, isRunning, machineState, nothing, serverPids } from '../support/machine-state.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

let kf: Kf;
beforeEach(async () => {
  kf = await Kf.create();
});
afterEach(() => kf.remove());

const readies = (): number => readFileSync(join(kf.dataDir, 'server.log'), 'utf8').match(/^ready /gm)?.length ?? 0;

test('ten commands at once start one server, and each gets its answer', async () => {
  const answers = await Promise.all(Array.from({ length: 10 }, () => kf.run(['spaces', '-o', 'name'])));
  for (const { code, stdout, stderr } of answers) {
    expect(code, stderr).toBe(0);
    expect(stdout).toBe('space.kf.dev/dev\n');
  }
  expect(readies()).toBe(1);
  // A program that the server is about to start bears its name for a moment.
  const pid = await kf.serverPid();
  await expect.poll(() => serverPids(kf.dataDir)).toEqual([pid]);
});

test('a second server on the same data directory refuses, naming the first, which goes on', async () => {
  await kf.ok('server', 'start');
  const pid = await kf.serverPid();
  const { code, stdout, stderr } = await kf.run(['server', 'run']);
  expect(code).toBe(1);
  expect(stderr).toContain(kf.dataDir);
  expect(stderr).toContain(`process ${pid}`);
  expect(stdout).not.toContain('ready');
  expect(await kf.serverPid()).toBe(pid);
  expect((await kf.run(['apps'])).code).toBe(0);
});

test('a command in $(…) returns although it started the server: no descriptor is held', async () => {
  const kfProgram = join(root, 'bin', 'kf');
  const line = `out=$(${process.execPath} ${kfProgram} spaces -o name); echo "got $out"`;
  // Descriptor 3 is a pipe that any child would inherit: its end shows who holds it.
  const shell = spawn('/bin/sh', ['-c', line], { env: kf.env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  let output = '';
  shell.stdout!.on('data', (text: Buffer) => {
    output += text.toString();
  });
  for (const stream of [shell.stderr!, shell.stdio[3] as NodeJS.ReadableStream]) stream.resume();
  await new Promise((resolve) => shell.on('close', resolve));
  expect(output).toBe('got space.kf.dev/dev\n');
  expect(isRunning(await kf.serverPid())).toBe(true);
});

test('a data directory that cannot be written: the error names it, with --wait it is 125', async () => {
  const folder = join(kf.home, 'read-only');
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'kf-test', folder]);
  try {
    for (const place of [folder, join(folder, 'below')]) {
      const env = { KF_HOME: place };
      const { code, stderr } = await kf.run(['apps'], { env });
      expect(code).toBe(1);
      expect(stderr).toContain(`cannot write to the data directory ${place}`);
      expect(stderr).toContain('KF_HOME');
      expect((await kf.run(['run-task', 'x', '--wait'], { env })).code).toBe(125);
      const run = await kf.run(['server', 'run'], { env });
      expect(run.code).toBe(1);
      expect(run.stderr).toContain(`cannot write to the data directory ${place}`);
    }
  } finally {
    execFileSync('umount', [folder]);
  }
});

test('the port is taken: the error names it, and nothing is left of the attempt', async () => {
  const other = await listening(createServer());
  const { port } = other.address() as AddressInfo;
  try {
    const { code, stderr } = await kf.run(['server', 'start'], { env: { KF_PORT: String(port) } });
    expect(code).toBe(1);
    expect(stderr).toContain(`port ${port}`);
    expect(serverPids(kf.dataDir)).toEqual([]);
    expect(machineState(instanceOf(kf.dataDir))).toEqual(nothing);
  } finally {
    other.close();
  }
  await kf.ok('server', 'start');
});

test('a port that is none is refused by its name', async () => {
  for (const port of ['http', '70000', '-1']) {
    const { code, stderr } = await kf.run(['server', 'start'], { env: { KF_PORT: port } });
    expect({ port, code }).toEqual({ port, code: 1 });
    expect(stderr).toContain('KF_PORT');
    expect(stderr).toContain(port);
  }
});

test('KF_AUTOSTART=0 starts nothing', async () => {
  const { code, stderr } = await kf.run(['apps'], { env: { KF_AUTOSTART: '0' } });
  expect(code).toBe(1);
  expect(stderr).toContain('kf server start');
  expect(serverPids(kf.dataDir)).toEqual([]);
});

/** In a copy of this checkout, so that a demo of yours is left alone. Slow: it builds. */
test('npm run demo asks nothing of the server that KUBECONFIG, ~/.kube/config or ~/.kf name', async () => {
  const copy = mkdtempSync(join(process.env.KF_TEST_DIR ?? tmpdir(), 'kf-demo-'));
  const parts = ['bin', 'dist', 'examples', 'scripts', 'src', 'package.json', 'package-lock.json', 'node_modules'];
  // Copies, never links: should the demo's set-up find the packages old, it empties that folder.
  execFileSync('cp', ['-a', ...parts.map((name) => join(root, name)), copy]);
  const now = new Date();
  utimesSync(join(copy, 'node_modules/.package-lock.json'), now, now);
  let connections = 0;
  const recorder = await listening(
    createServer((socket) => {
      connections++;
      socket.destroy();
    }),
  );
  const { port } = recorder.address() as AddressInfo;
  const kubeconfig = join(kf.home, '.kube', 'config');
  mkdirSync(dirname(kubeconfig));
  writeFileSync(kubeconfig, kubeconfigFor(`https://127.0.0.1:${port}`));
  writeFileSync(join(kf.home, '.kf'), `server:\n  kubeconfig: ${kubeconfig}\n  context: other\nspace: other\n`);
  const env = { ...kf.env, KUBECONFIG: kubeconfig, KF_HOME: join(kf.home, 'untouched'), KF_AUTOSTART: '0' };
  try {
    const output = await outputOf('node', [join(copy, 'scripts', 'demo.mjs')], env);
    expect(output).toMatch(/Done in/);
    expect(output).toMatch(/True/);
    expect(connections).toBe(0);
    // The recorder does record: the same environment without the demo's care reaches it.
    expect((await kf.run(['apps'], { env: { KUBECONFIG: kubeconfig } })).code).toBe(1);
    expect(connections).toBeGreaterThan(0);
  } finally {
    recorder.close();
    await outputOf('node', [join(copy, 'bin', 'kf'), 'server', 'stop', '--kill'], {
      ...kf.env,
      KF_HOME: join(copy, '.cache', 'demo'),
    });
    rmSync(copy, { recursive: true, force: true });
  }
}, 180_000);

function listening(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** stdout and stderr together. @throws Error with both when the program fails */
function outputOf(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => {
        output += text.toString();
      });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve(output) : reject(new Error(`code ${code}\n${output}`))));
  });
}

const kubeconfigFor = (server: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'other',
    clusters: [{ name: 'other', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'other', user: { token: 'secret' } }],
    contexts: [{ name: 'other', context: { cluster: 'other', user: 'other', namespace: 'other' } }],
  });
