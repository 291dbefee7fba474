/** Volumes: of the server's making and of the host, shared, read-only, refused; after crashes and reboots. */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PersistentVolume, PersistentVolumeClaim } from '../../src/resources/core/volumes.ts';
import { Kf } from '../support/kf.ts';
import { connect } from '../support/kf-tasks.ts';

let kf: Kf;
/** Every folder above belongs to root. */
let host: string;
beforeAll(async () => {
  kf = await Kf.create();
  host = mkdtempSync('/srv/kf-e2e-');
  for (const app of ['one', 'two']) await kf.push(app, { 'a.txt': 'x' }, '-c', 'true');
});
afterAll(async () => {
  await kf.remove();
  rmSync(host, { recursive: true, force: true });
});

const run = (app: string, command: string) => kf.run(['run-task', app, '-c', command, '--follow']);
const output = async (app: string, command: string) => {
  const { code, stdout, stderr } = await run(app, command);
  expect(code, stderr).toBe(0);
  return stdout;
};
const mounts = () =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line.includes(join(kf.dataDir, 'volumes')));

/** The last Task's volume is let go just after its end is known. */
const unmounted = () => expect.poll(mounts, { interval: 20 }).toEqual([]);

describe('a volume that the server makes', () => {
  test('is shared by Apps, keeps its files, keeps its size, and is unmounted when nobody uses it', async () => {
    await kf.ok('create-service', 'volume', 'data', '-c', '{"capacity":"64Mi"}');
    await kf.ok('bind-service', 'one', 'data', '-c', '{"mount":"/data"}');
    await kf.ok('bind-service', 'two', 'data', '-c', '{"mount":"/home/vcap/shared","readonly":true}');
    expect(await output('one', 'echo kept > /data/a; stat -c %U /data /data/a')).toBe('vcap\nvcap\n');
    expect(await output('two', 'cat /home/vcap/shared/a; echo x 2>&1 >/home/vcap/shared/b || true')).toMatch(
      /^kept\n.*Read-only file system/,
    );
    const { volume } = JSON.parse((await kf.ok('vcap-services', 'two')).stdout);
    expect(volume).toEqual([
      {
        instance_name: 'data',
        name: 'data',
        label: 'volume',
        tags: [],
        plan: 'capacity',
        credentials: {},
        volume_mounts: [{ container_dir: '/home/vcap/shared', device_type: 'shared', mode: 'ro' }],
      },
    ]);
    const full = await run('one', 'head -c 200M /dev/zero > /data/big; echo "head said $?"; rm /data/big');
    expect(full.stdout).toContain('No space left on device');
    expect(full.stdout).not.toContain('head said 0');
    await unmounted();
  });

  test('two Tasks at the same time see the same files', async () => {
    const waits = run('one', 'until [ -e /data/come ]; do sleep 0.05; done; echo here > /data/answer');
    const asks = await output(
      'one',
      'touch /data/come; until [ -s /data/answer ]; do sleep 0.05; done; cat /data/answer',
    );
    expect(asks).toBe('here\n');
    expect((await waits).code).toBe(0);
  });

  test('a killed server finds it again under a running Task; after a reboot it is there again', async () => {
    const { stdout } = await kf.ok(
      'run-task',
      'one',
      '-c',
      'until [ -e /data/go ]; do sleep 0.05; done; echo went > /data/went',
      '-o',
      'name',
    );
    const name = stdout.trim().split('/')[1]!;
    await expect.poll(() => mounts().length).toBe(1);
    const file = join(kf.home, 'kf.tar');
    expect((await kf.run(['server', 'backup', file, '--with-volumes'])).stderr).toContain(
      'Error: volume "data" of Space "dev" is in use: wait for the Tasks that use it',
    );
    expect(existsSync(file)).toBe(false);
    await kf.killServer();
    await kf.ok('run-task', 'one', '-c', 'touch /data/go', '--wait');
    await kf.ok('task', name);
    await expect
      .poll(async () => (await kf.json<{ status: { exitCode?: number } }>('task', name)).status.exitCode)
      .toBe(0);
    await kf.killServer();
    await kf.run(['server', 'start'], { env: { KF_BOOT_ID: 'another-boot' } });
    expect(await output('one', 'cat /data/went')).toBe('went\n');
    await unmounted();
    await kf.ok('server', 'restart');
  });

  test('goes with its service, but not while a Task uses it', async () => {
    expect((await kf.run(['delete-service', 'data'])).stderr).toContain('bound to the App(s): one, two');
    const { stdout } = await kf.ok('run-task', 'one', '-c', 'echo on; sleep 1000', '-o', 'name');
    const name = stdout.trim().split('/')[1]!;
    await expect.poll(() => mounts().length).toBe(1);
    const shown = async () => (await kf.ok('task', name)).stdout;
    await expect.poll(shown).toMatch(/^Services: +data$/m);
    for (const app of ['one', 'two']) await kf.ok('unbind-service', app, 'data');
    const { stderr } = await kf.ok('delete-service', 'data', '--async');
    expect(stderr).toContain(`Its volume goes with the last Task that uses it: ${name}\n`);
    const client = await connect(kf);
    const { items } = await client.list(PersistentVolumeClaim, { namespace: 'dev' });
    expect(items.map(({ metadata }) => [metadata.name, metadata.deletionTimestamp !== undefined])).toEqual([
      ['data', true],
    ]);
    expect(mounts()).toHaveLength(1);
    await kf.ok('terminate-task', name, '--now');
    await expect.poll(async () => (await client.list(PersistentVolume)).items.length).toBe(0);
    client.close();
    await unmounted();
    expect(existsSync(join(kf.dataDir, 'volumes'))).toBe(true);
    expect((await kf.ok('services')).stdout).not.toContain('data');
  });
});

test('the server is killed while it makes volumes and removes them: in the end all is as asked for', async () => {
  for (const name of ['k1', 'k2', 'k3']) {
    await kf.ok('create-service', 'volume', name, '-c', '{"capacity":"256Mi"}', '--async');
    await kf.killServer();
  }
  const ready = async () => (await kf.ok('services')).stdout.match(/^k\d .* True/gm)?.length;
  await expect.poll(ready).toBe(3);
  const volumes = () => readdirSync(join(kf.dataDir, 'volumes')).length;
  expect(volumes()).toBe(3);
  for (const name of ['k1', 'k2', 'k3']) {
    await kf.ok('delete-service', name, '--async');
    await kf.killServer();
  }
  await kf.ok('services');
  await expect.poll(volumes).toBe(0);
  expect(mounts()).toEqual([]);
});

describe('a directory of the host', () => {
  test('only where the administrator has allowed it; never removed', async () => {
    const path = join(host, 'backups');
    const params = JSON.stringify({ path });
    const refused = await kf.run(['create-service', 'volume', 'backups', '-c', params]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`kf configure-server allow-host-path ${path}`);
    expect((await kf.ok('services')).stdout).not.toContain('backups');
    await kf.ok('configure-server', 'allow-host-path', path);
    expect((await kf.ok('configure-server', 'get-host-paths')).stdout).toBe(`${path}\n`);
    await kf.ok('create-service', 'volume', 'backups', '-c', params);
    await kf.ok('bind-service', 'one', 'backups', '-c', '{"mount":"/backups"}');
    await output('one', 'echo saved > /backups/dump');
    expect(readFileSync(join(path, 'dump'), 'utf8')).toBe('saved\n');
    expect(statSync(join(path, 'dump')).uid).toBe(2000);
    await kf.ok('configure-server', 'disallow-host-path', path);
    const later = await run('one', 'cat /backups/dump');
    expect(later.code).not.toBe(0);
    expect(later.stderr).toContain(`${path} is not allowed as a volume`);
    await kf.ok('unbind-service', 'one', 'backups');
    await kf.ok('delete-service', 'backups');
    expect(readFileSync(join(path, 'dump'), 'utf8')).toBe('saved\n');
  });

  test('of which vcap cannot write: a warning with the command', async () => {
    const path = join(host, 'roots');
    mkdirSync(path, { mode: 0o755 });
    const allowed = await kf.ok('configure-server', 'allow-host-path', path);
    expect(allowed.stderr).toContain(`kf configure-server allow-host-path ${path} --chown`);
    const { stderr } = await kf.ok('create-service', 'volume', 'roots', '-c', JSON.stringify({ path }));
    expect(stderr).toContain(`WARN Tasks cannot write to ${path}`);
    await kf.ok('delete-service', 'roots');
  });

  test('nothing leads to the machine’s or the server’s own files', async () => {
    for (const path of ['/', '/etc', '/usr/local', kf.dataDir, join(kf.dataDir, '..'), join(kf.dataDir, 'store.db')])
      expect((await kf.run(['configure-server', 'allow-host-path', path])).code, path).toBe(1);
    const link = join(host, 'link');
    const { symlinkSync } = await import('node:fs');
    symlinkSync(kf.dataDir, link);
    expect((await kf.run(['configure-server', 'allow-host-path', link])).code).toBe(1);
    await kf.ok('configure-server', 'allow-host-path', host);
    const { code, stderr } = await kf.run(['create-service', 'volume', 'sneaky', '-c', JSON.stringify({ path: link })]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${link} leads to ${kf.dataDir}, which is not allowed as a volume`);
  });
});

test('a Space takes its volumes along, but no directory of the host; one that is too large is refused', async () => {
  const path = join(host, 'space');
  await kf.ok('configure-server', 'allow-host-path', path);
  await kf.ok('create-space', 'brief');
  const inSpace = ['--space', 'brief'];
  const source = await kf.source('three', { 'a.txt': 'x' });
  await kf.ok('push', 'three', '--task', '-p', source, '-c', 'echo > /made/a; echo > /hosts/a', ...inSpace);
  await kf.ok('create-service', 'volume', 'made', '-c', '{"capacity":"32Mi"}', ...inSpace);
  await kf.ok('create-service', 'volume', 'hosts', '-c', JSON.stringify({ path }), ...inSpace);
  const tooLarge = await kf.run(['create-service', 'volume', 'huge', '-c', '{"capacity":"9Pi"}', ...inSpace]);
  expect([tooLarge.code, tooLarge.stderr]).toEqual([
    1,
    expect.stringMatching(/needs .* GiB of disk, this machine has/),
  ]);
  for (const name of ['made', 'hosts'])
    await kf.ok('bind-service', 'three', name, '-c', `{"mount":"/${name}"}`, ...inSpace);
  await kf.ok('run-task', 'three', '--wait', ...inSpace);
  const volumes = () => readdirSync(join(kf.dataDir, 'volumes'));
  expect(volumes()).toHaveLength(1);
  await kf.ok('delete-space', 'brief');
  await expect.poll(volumes).toEqual([]);
  expect(readdirSync(path)).toEqual(['a']);
});
