import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureSkeleton, sweepSkeletons } from '../../../src/node/rootfs/skeleton.ts';

let directory: string;
const umask = process.umask();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kf-skeleton-'));
});
afterEach(() => {
  process.umask(umask);
  rmSync(directory, { recursive: true });
});

const make = () =>
  ensureSkeleton({ directory, initName: '.init', hostPaths: [{ source: '/etc', destination: '/opt/deep/etc' }] });

test('everyone can read it, whatever the server’s umask is', async () => {
  process.umask(0o077);
  const root = await make();
  for (const folder of ['.', 'etc', 'usr', 'var/tmp', 'home/vcap/app', 'opt/deep/etc'])
    expect([folder, statSync(join(root, folder)).mode & 0o777]).toEqual([folder, 0o755]);
  for (const file of ['etc/passwd', 'etc/hosts', '.init']) expect(statSync(join(root, file)).mode & 0o777).toBe(0o644);
  expect(readFileSync(join(root, 'etc/passwd'), 'utf8')).toContain('vcap:x:2000:2000:');
  expect(lstatSync(join(root, 'bin')).isSymbolicLink()).toBe(true);
});

test('it is made once, and holds nothing that is secret on the host', async () => {
  expect(await make()).toBe(await make());
  const root = await make();
  for (const secret of ['shadow', 'gshadow', 'ssl/private', 'sudoers', 'machine-id', 'ssh'])
    expect(existsSync(join(root, 'etc', secret))).toBe(false);
});

test('old ones go unless something stands on them', async () => {
  const root = await make();
  for (const name of ['old', 'used']) mkdirSync(join(directory, name));
  await sweepSkeletons(directory, new Set([root, join(directory, 'used')]));
  expect(['old', 'used'].map((name) => existsSync(join(directory, name)))).toEqual([false, true]);
  expect(existsSync(root)).toBe(true);
});
