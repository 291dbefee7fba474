import { execFileSync, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProgram } from '../../src/node/runtime/find-programs.ts';
import { Node } from '../../src/resources/core/kinds.ts';
import { Kf } from '../support/kf.ts';
import { finished, startTask, until } from '../support/kf-tasks.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const conmon = findProgram('conmon')!;

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('report', { 'data.txt': 'x' }, '-c', 'true');
  await kf.ok('server', 'stop');
});
afterAll(() => kf.remove());

/** A server on a machine without conmon: for it alone something else lies over the program. */
async function serverWithoutConmon(): Promise<void> {
  const line = `mount --bind /dev/null ${conmon} && exec "$0" "$1" server run`;
  const server = spawn('unshare', ['--mount', 'sh', '-c', line, process.execPath, join(root, 'bin', 'kf')], {
    env: { ...kf.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    server.stdout.on('data', (text: Buffer) => {
      if (text.includes('ready')) resolve();
    });
    server.on('exit', (code) => reject(new Error(`the server ended: ${code}`)));
  });
}

test('a missing program: Tasks wait and say why, the Node is not ready; mended, they run', async () => {
  await serverWithoutConmon();
  const name = await startTask(kf, 'report', 'exit 5');
  const reason = 'conmon is missing on this machine; kf doctor --fix installs it';
  await until(kf, name, ({ status }) => status?.message === reason);
  expect((await kf.ok('task', name)).stdout).toMatch(
    /^State: +Waits for the machine: conmon is missing .*; it starts once that is mended$/m,
  );
  expect((await kf.ok('tasks', 'report')).stdout).toMatch(/ Unknown +NodeNotReady$/m);
  const client = await kf.client();
  const [node] = (await client.list(Node)).items;
  client.close();
  expect(node?.status).toMatchObject({ conditions: [{ type: 'Ready', status: 'False', reason: 'NodeNotReady' }] });
  expect((await kf.run(['run-task', 'report', '-m', '100T', '--wait'])).code).toBe(125);
  execFileSync('nsenter', ['-t', String(await kf.serverPid()), '-m', '-r', 'umount', conmon]);
  expect((await finished(kf, name)).status?.exitCode).toBe(5);
});
