/** A container that has ended is removed by our own hand as the runtime would remove it. Needs runc. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { detectCgroups } from '../../src/node/cgroup/cgroup.ts';
import { runCommand } from '../../src/node/host/run-command.ts';
import { deleteContainer } from '../../src/node/runtime/delete-container.ts';
import { findPrograms } from '../../src/node/runtime/find-programs.ts';
import { OciRuntime } from '../../src/node/runtime/oci-runtime.ts';

const runc = findPrograms().runtimes.find((path) => path.endsWith('/runc'));
const folder = mkdtempSync(join(process.env.KF_TEST_DIR ?? tmpdir(), 'kf-forget-'));
const bundle = join(folder, 'bundle');
const runtime = new OciRuntime(runCommand, runc ?? '', join(folder, 'root'));
const cgroups = detectCgroups({ instance: `forget${process.pid}` });

beforeAll(async () => {
  await cgroups.prepare();
  for (const name of ['usr', 'proc']) mkdirSync(join(bundle, 'rootfs', name), { recursive: true });
  for (const name of ['bin', 'lib', 'lib64']) execFileSync('ln', ['-s', `usr/${name}`, join(bundle, 'rootfs', name)]);
});
afterAll(async () => {
  await cgroups.removeAll();
  rmSync(folder, { recursive: true, force: true });
});

/** Stopped, with control groups and state still there. */
async function endedContainer(id: string): Promise<string> {
  const spec = {
    ociVersion: '1.0.2',
    process: { user: { uid: 0, gid: 0 }, args: ['/bin/true'], cwd: '/', env: ['PATH=/bin'] },
    root: { path: 'rootfs' },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/usr', type: 'bind', source: '/usr', options: ['bind', 'ro'] },
    ],
    linux: { namespaces: [{ type: 'pid' }, { type: 'mount' }], cgroupsPath: cgroups.containerPath(id) },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
  execFileSync(runc!, ['--root', runtime.root, 'create', '--bundle', bundle, id], { stdio: 'ignore' });
  await runtime.start(id);
  await expect.poll(async () => (await runtime.state(id))?.status).toBe('stopped');
  return join(runtime.root, id);
}

test.skipIf(runc === undefined)('the runtime knows it no more, and no control group is left', async () => {
  const state = await endedContainer('gone');
  expect(await cgroups.leftovers()).toEqual(['gone']);
  expect(await deleteContainer(runtime, cgroups, 'gone')).toBe(true);
  expect(existsSync(state)).toBe(false);
  expect(await runtime.state('gone')).toBeUndefined();
  expect(await runtime.list()).toEqual([]);
  expect(await cgroups.leftovers()).toEqual([]);
});

test.skipIf(runc === undefined)('a state that holds more than is known is left to the runtime', async () => {
  const state = await endedContainer('strange');
  writeFileSync(join(state, 'checkpoint.json'), '');
  expect(await deleteContainer(runtime, cgroups, 'strange')).toBe(false);
  expect((await runtime.state('strange'))?.status).toBe('stopped');
  await runtime.delete('strange');
  expect(existsSync(state)).toBe(false);
  expect(await cgroups.leftovers()).toEqual([]);
});
