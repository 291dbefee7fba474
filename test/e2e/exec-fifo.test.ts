/** Containers are let go by a helper that outlives the server: killed at that very moment, it loses none. Needs runc. */

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPrograms } from '../../src/node/runtime/find-programs.ts';

const runc = findPrograms().runtimes.find((path) => path.endsWith('/runc'));
const folder = mkdtempSync(join(process.env.KF_TEST_DIR ?? tmpdir(), 'kf-fifo-'));
const root = join(folder, 'root');
const run = (...args: readonly string[]): string =>
  execFileSync(runc!, ['--root', root, ...args], { encoding: 'utf8' });

beforeAll(() => {
  const bundle = join(folder, 'bundle');
  for (const name of ['usr', 'proc']) mkdirSync(join(bundle, 'rootfs', name), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64']) execFileSync('ln', ['-s', `usr/${name}`, join(bundle, 'rootfs', name)]);
  const spec = {
    ociVersion: '1.0.2',
    process: { user: { uid: 0, gid: 0 }, args: ['/bin/sh', '-c', 'echo ran'], cwd: '/', env: ['PATH=/bin'] },
    root: { path: 'rootfs' },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/usr', type: 'bind', source: '/usr', options: ['bind', 'ro'] },
    ],
    linux: { namespaces: [{ type: 'pid' }, { type: 'mount' }] },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A process that tells its helper to start the container, and is gone at once. */
const server = (state: string): string => `
const { Starter } = await import('${sourceOf('exec-fifo')}');
const starter = new Starter({ procsFiles: [], environment: process.env });
void starter.start(${JSON.stringify(state)}, new Promise(() => {}));
process.kill(process.pid, 'SIGKILL');
`;
const sourceOf = (name: string): string =>
  pathToFileURL(join(import.meta.dirname, `../../src/node/runtime/${name}.ts`)).href;

test.skipIf(runc === undefined)(
  'killed at the moment of the start: the command runs, once, and the runtime knows that it was started',
  async () => {
    for (let round = 0; round < 10; round++) {
      const id = `c${round}`;
      const log = join(folder, `${id}.log`);
      const output = openSync(log, 'w');
      execFileSync(runc!, ['--root', root, 'create', '--bundle', join(folder, 'bundle'), id], {
        stdio: ['ignore', output, output],
      });
      const state = join(root, id);
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', server(state)], {
        stdio: 'ignore',
      });
      const signal = await new Promise((resolve) => child.on('exit', (_, by) => resolve(by)));
      expect(signal).toBe('SIGKILL');
      await expect.poll(() => run('state', id)).toContain('"status": "stopped"');
      expect(readFileSync(log, 'utf8')).toBe('ran\n');
      await expect.poll(() => existsSync(join(state, 'exec.fifo'))).toBe(false);
      run('delete', id);
    }
  },
);
