import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareVolumes, volumeMounts } from '../../../src/node/pods/volumes.ts';
import type { Container, Pod, Volume } from '../../../src/resources/core/pod.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kf-volumes-'));
  for (const name of ['disk', 'memory', 'builds/one']) mkdirSync(join(root, name), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const user = { uid: process.getuid!(), gid: process.getgid!() };
const podOf = (volume: Volume, containers: readonly Container[] = [{ name: 'main' }]): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers, volumes: [volume] },
});
const prepare = (volume: Volume) =>
  prepareVolumes(podOf(volume), {
    diskDir: join(root, 'disk'),
    memoryDir: join(root, 'memory'),
    references: {
      secrets: new Map([['s', { a: Buffer.from('A'), b: Buffer.from('B') }]]),
      configMaps: new Map([['c', { a: Buffer.from('config') }]]),
    },
    user,
    hostPaths: [join(root, 'builds')],
    claims: new Map([['claimed', join(root, 'claimed')]]),
  }).get(volume.name)!;
const mountsOf = (volume: Volume, mount: object, containers = 1) => {
  const container: Container = { name: 'main', volumeMounts: [{ name: volume.name, mountPath: '/v', ...mount }] };
  const all = [container, { name: 'other' }].slice(0, containers);
  return volumeMounts(podOf(volume, all), container, new Map([[volume.name, prepare(volume)]]), user);
};

test('an emptyDir lies on the Pod’s disk, or in memory', () => {
  expect(prepare({ name: 'v', emptyDir: {} }).source).toBe(join(root, 'disk/volumes/v'));
  expect(prepare({ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } })).toEqual({
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', 'mode=1777', 'size=1048576'],
  });
});

test('secrets and config maps are read-only files in memory', () => {
  const { source, options } = prepare({ name: 'v', secret: { secretName: 's', defaultMode: 0o400 } });
  expect(options).toContain('ro');
  expect(readFileSync(join(source, 'a'), 'utf8')).toBe('A');
  expect(statSync(join(source, 'a')).mode & 0o777).toBe(0o400);
  const items = [{ key: 'b', path: 'deep/er', mode: 0o600 }];
  const chosen = prepare({ name: 'w', secret: { secretName: 's', items } });
  expect(readFileSync(join(chosen.source, 'deep/er'), 'utf8')).toBe('B');
  expect(() => statSync(join(chosen.source, 'a'))).toThrow('ENOENT');
  expect(readFileSync(join(prepare({ name: 'x', configMap: { name: 'c' } }).source, 'a'), 'utf8')).toBe('config');
});

test('what is missing or leads elsewhere is refused', () => {
  expect(() => prepare({ name: 'v', secret: { secretName: 'none' } })).toThrow('secret "none" not found');
  expect(prepare({ name: 'v', secret: { secretName: 'none', optional: true } }).type).toBe('bind');
  const bad = [{ key: 'a', path: '../../a' }];
  expect(() => prepare({ name: 'v', secret: { secretName: 's', items: bad } })).toThrow('leaves the volume');
  const absent = [{ key: 'z', path: 'z' }];
  expect(() => prepare({ name: 'v', configMap: { name: 'c', items: absent } })).toThrow('has no key z');
});

test('hostPath: only below the allowed folders, links resolved', () => {
  expect(prepare({ name: 'v', hostPath: { path: join(root, 'builds/one') } }).source).toBe(join(root, 'builds/one'));
  for (const path of ['/etc', root, join(root, 'builds'), join(root, 'builds/one/../../disk')])
    expect(() => prepare({ name: 'v', hostPath: { path } })).toThrow('is not allowed');
  symlinkSync('/etc', join(root, 'builds/link'));
  expect(() => prepare({ name: 'v', hostPath: { path: join(root, 'builds/link') } })).toThrow('is not allowed');
  expect(() => prepare({ name: 'v', hostPath: { path: join(root, 'builds/none') } })).toThrow('does not exist');
});

test('hostPath: nothing below a folder that others may write to', () => {
  mkdirSync(join(root, 'builds/one/app/src'), { recursive: true });
  expect(prepare({ name: 'v', hostPath: { path: join(root, 'builds/one/app') } }).source).toMatch(/one\/app$/);
  chmodSync(join(root, 'builds/one/app'), 0o777);
  const below: Volume = { name: 'v', hostPath: { path: join(root, 'builds/one/app/src') } };
  expect(() => prepare(below)).toThrow('is not allowed');
  const app: Volume = { name: 'v', hostPath: { path: join(root, 'builds/one/app') } };
  expect(() => mountsOf(app, { subPath: 'src' })).toThrow('not supported for a hostPath');
});

test('mounts: read-only when asked for, a folder of the volume when that is safe', () => {
  const volume: Volume = { name: 'v', emptyDir: {} };
  expect(mountsOf(volume, { readOnly: true })[0]?.options).toContain('ro');
  expect(mountsOf(volume, { subPath: 'x/y' })[0]?.source).toBe(join(root, 'disk/volumes/v/x/y'));
  expect(() => mountsOf(volume, { subPath: '../x' })).toThrow('is not allowed');
  expect(() => mountsOf(volume, { subPath: 'x' }, 2)).toThrow('several containers');
  expect(() => mountsOf(volume, { name: 'w' })).toThrow('no volume w');
});
