import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive } from '../../src/cli/server/server-file.ts';
import { Kf } from '../support/kf.ts';

const program = fileURLToPath(new URL('../../bin/kf', import.meta.url));

let kf: Kf;
beforeEach(async () => {
  kf = await Kf.create();
});
afterEach(() => kf.remove());

const status = () =>
  kf.json<{ pid: number; url: string; dataDir: string; kubeconfig: string; version: string }>('server', 'status');

describe('the first command', () => {
  test('ten at once start one server and get ten answers', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => kf.run(['spaces', '-o', 'name'])));
    for (const answer of answers)
      expect(answer, answer.stderr).toMatchObject({ code: 0, stdout: 'space.kf.dev/dev\n' });
    const log = await readFile(join(kf.dataDir, 'server.log'), 'utf8');
    expect(log.match(/^ready /gm)?.length).toBe(1);
    expect(await status()).toMatchObject({ dataDir: kf.dataDir, kubeconfig: join(kf.dataDir, 'kubeconfig') });
  });

  test('in a command substitution returns, although the server goes on', async () => {
    const shell = spawn('sh', ['-c', `out=$("${program}" apps -o name 2>&1) && echo "[$out]"`], {
      env: kf.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    shell.stdout.on('data', (data) => {
      output += data;
    });
    await once(shell, 'close');
    // On a busy machine it says what it waits for.
    expect(output.replace('Starting the embedded server...', '')).toBe('[]\n');
    expect(isAlive(await kf.serverPid())).toBe(true);
  });

  test('starts nothing with KF_AUTOSTART=0', async () => {
    const env = { KF_AUTOSTART: '0' };
    const plain = await kf.run(['apps'], { env });
    expect(plain.code).toBe(1);
    expect(plain.stderr).toContain('Error: the embedded server is not running');
    expect(plain.stderr).toContain('kf server start');
    expect((await kf.run(['run-task', 'x', '--wait'], { env })).code).toBe(125);
    expect((await kf.run(['server', 'status'])).code).toBe(1);
  });
});

describe('what keeps the server from starting is said in one line', () => {
  test('the port is taken', async () => {
    const taken = createTcpServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await kf.run(['apps'], { env: { KF_PORT: String(port) } });
    taken.close();
    expect(code).toBe(1);
    expect(stderr.replace('Starting the embedded server...\n', '').split('\n')[0]).toMatch(
      new RegExp(`^Error: the embedded server did not start: .*${port}.* is taken`),
    );
    // Neither the node nor a controller had begun.
    const made = await readdir(kf.dataDir);
    expect(made).toContain('store.db');
    for (const folder of ['logs', 'layers', 'images', 'sources', 'server.json']) expect(made).not.toContain(folder);
  });

  test('the data directory cannot be written', async () => {
    const { code, stderr } = await kf.run(['apps'], { env: { KF_HOME: '/proc/no/kf' } });
    expect(code).toBe(1);
    expect(stderr.split('\n')[0]).toContain('Error: cannot write to the data directory /proc/no/kf');
  });
});

describe('kf server', () => {
  test('run stays in the foreground, prints `ready URL`, is the server, ends cleanly on SIGTERM', async () => {
    const child = spawn(process.execPath, [program, 'server', 'run'], {
      env: kf.env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    expect(line).toMatch(/^ready https:\/\/127\.0\.0\.1:\d+\n$/);
    expect(await kf.serverPid()).toBe(child.pid);
    await kf.ok('apps');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect((await kf.run(['server', 'status'])).code).toBe(1);
  });

  test('start, start again, restart, stop, stop again', async () => {
    await kf.ok('server', 'start');
    const first = await kf.serverPid();
    expect((await kf.ok('server', 'start')).stderr).toContain('running already');
    expect(await kf.serverPid()).toBe(first);
    await kf.ok('server', 'restart');
    expect(await kf.serverPid()).not.toBe(first);
    expect(isAlive(first)).toBe(false);
    expect((await kf.ok('server', 'stop')).stderr).toContain('The server is stopped.');
    expect((await kf.ok('server', 'stop')).stderr).toContain('The server is not running.');
  });
});

describe('$KUBECONFIG', () => {
  let recorder: Server;
  const requests: string[] = [];
  beforeEach(async () => {
    requests.length = 0;
    recorder = createServer((req, res) => {
      requests.push(`${req.method} ${req.url}`);
      res.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(recorder, 'listening');
  });
  afterEach(() => {
    recorder.close();
    recorder.closeAllConnections();
  });

  test('is the server that commands talk to; the embedded one is neither asked nor started', async () => {
    const { port } = recorder.address() as AddressInfo;
    const folder = await kf.source('config', {
      config: JSON.stringify({
        'current-context': 'other',
        contexts: [{ name: 'other', context: { cluster: 'c', user: 'u' } }],
        clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
        users: [{ name: 'u', user: {} }],
      }),
    });
    const env = { KUBECONFIG: join(folder, 'config') };
    const { stderr } = await kf.run(['run-task', 'x', '--space', 's'], { env });
    expect(stderr.split('\n')[0]).toBe('Using context "other", Space "s"');
    expect(requests).toContain('GET /apis/kf.dev/v1alpha1/namespaces/s/apps/x');
    expect((await kf.run(['server', 'status'], { env })).code).toBe(1);
    const before = requests.length;
    await kf.run(['server', 'start'], { env });
    await kf.run(['server', 'stop'], { env });
    expect(requests.length).toBe(before);
  });
});
