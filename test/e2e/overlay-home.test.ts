/** A data directory that lies on an overlay itself, as in a container: images of disks, layers, volumes and the store. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { finished, logOf, outcome, running, startTask } from '../support/kf-tasks.ts';
import { instanceOf, machineState, nothing } from '../support/machine-state.ts';
import { busybox, makeImage } from '../support/oci-image.ts';

let kf: Kf;
let below: string;

beforeAll(async () => {
  kf = await Kf.create();
  // A tmpfs below, since an overlay cannot lie on every file system.
  below = mkdtempSync(join(tmpdir(), 'kf-overlay-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4G', 'tmpfs', below]);
  const [lower, upper, work] = ['lower', 'upper', 'work'].map((name) => join(below, name));
  for (const folder of [lower, upper, work, kf.dataDir]) mkdirSync(folder!);
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, kf.dataDir]);
});
afterAll(async () => {
  await kf.run(['server', 'stop', '--kill']);
  execFileSync('umount', [kf.dataDir]);
  execFileSync('umount', [below]);
  rmSync(below, { recursive: true });
  await kf.remove();
});

test('an image, whose layers are kept as whole copies there', async () => {
  const layout = join(kf.home, 'layout');
  const layers = [busybox, { '/opt/gone': 'low', '/opt/file': 'low' }, { '/opt/.wh.gone': '', '/opt/file': 'high' }];
  await makeImage(layout, { layers });
  await kf.ok('push', 'image', '--task', '--docker-image', `oci:${layout}`);
  const shown = await kf.ok('run-task', 'image', '-c', 'ls /opt; cat /opt/file', '--follow');
  expect(shown.stdout).toBe('file\nhigh');
});

test('tasks run, with a disk of their own and a volume, through a kill of the server, and leave nothing', async () => {
  await kf.push('app', { 'run.sh': 'exit 0\n', data: 'from the image\n' });
  await kf.ok('create-service', 'volume', 'memory', '-c', '{"capacity":"16Mi"}');
  await kf.ok('bind-service', 'app', 'memory', '-c', '{"mount":"/memory"}');
  const command =
    'cat data; echo kept >/memory/file; echo full >own; while [ ! -e /memory/go ]; do sleep 0.05; done; exit 3';
  const name = await startTask(kf, 'app', command, '--disk-quota', '64M');
  await running(kf, name);
  await kf.killServer();
  await kf.ok('server', 'start');
  const other = await kf.ok(
    'run-task',
    'app',
    '-c',
    'until cat /memory/file; do sleep 0.05; done; touch /memory/go',
    '--follow',
  );
  expect(other.stdout).toContain('kept\n');
  expect(outcome(await finished(kf, name))).toMatchObject({ exitCode: 3 });
  expect(await logOf(kf, name)).toBe('from the image\n');
  const instance = instanceOf(kf.dataDir);
  await kf.ok('server', 'stop', '--kill');
  const { mounts, ...rest } = machineState(instance);
  expect(mounts).toEqual([]);
  expect({ mounts, ...rest }).toEqual(nothing);
});
