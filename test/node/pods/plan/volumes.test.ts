import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { release, volumeMounts } from '../../../../src/node/pods/plan/volume-mounts.ts';
import { prepareVolumes, type VolumeOptions } from '../../../../src/node/pods/plan/volumes.ts';
import type { Container, Pod, Volume } from '../../../../src/resources/core/pod.ts';

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
  metadata: { name: 'p', labels: { b: '2', a: 'say "x"' } },
  spec: { containers, volumes: [volume] },
});
const prepare = (volume: Volume, containers?: readonly Container[], rest: Partial<VolumeOptions> = {}) => {
  const pod = podOf(volume, containers);
  return prepareVolumes(pod, {
    diskDir: join(root, 'disk'),
    memoryDir: join(root, 'memory'),
    references: {
      secrets: new Map([['s', { a: Buffer.from('A'), b: Buffer.from('B') }]]),
      configMaps: new Map([['c', { a: Buffer.from('config') }]]),
    },
    facts: { pod, podIP: '10.0.0.2', hostIP: '10.0.0.1', nodeName: 'n', fallbackLimits: { memory: 2 ** 20 } },
    user,
    hostPaths: [join(root, 'builds')],
    claims: new Map([['claimed', join(root, 'builds/one')]]),
    ...rest,
  }).get(volume.name)!;
};
const mountsOf = (volume: Volume, mount: object, environment: Readonly<Record<string, string>> = {}) => {
  const container: Container = { name: 'main', volumeMounts: [{ name: volume.name, mountPath: '/v', ...mount }] };
  const prepared = new Map([[volume.name, prepare(volume, [container])]]);
  const made = volumeMounts(container, prepared, user, new Map(Object.entries(environment)));
  release(made.expected);
  return made.mounts;
};

test('an emptyDir lies on the Pod’s disk, or in memory', () => {
  expect(prepare({ name: 'v', emptyDir: {} }).source).toBe(join(root, 'disk/volumes/v'));
  expect(prepare({ name: 'v', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } })).toEqual({
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', 'mode=1777', 'size=1048576'],
  });
});

test('an emptyDir is everybody’s to write to; in memory it is one container’s only', () => {
  const volume: Volume = { name: 'v', emptyDir: { medium: 'Memory' } };
  const both = ['a', 'b'].map((name) => ({ name, volumeMounts: [{ name: 'v', mountPath: '/v' }] }));
  const { type, source } = prepare(volume, both);
  expect(type).toBe('bind');
  expect(statSync(source).mode & 0o7777).toBe(0o777);
  expect(prepare(volume, both.slice(1)).type).toBe('tmpfs');
});

test('a volume belongs to the group that the Pod gives it', () => {
  const { source } = prepare({ name: 'v', emptyDir: {} }, undefined, { fsGroup: user.gid });
  expect(statSync(source).mode & 0o7777).toBe(0o2777);
});

test('several sources make one volume; fields of the Pod are files', () => {
  const { source, options } = prepare({
    name: 'v',
    projected: {
      defaultMode: 0o440,
      sources: [
        { secret: { name: 's', items: [{ key: 'a', path: 'deep/a' }] } },
        { configMap: { name: 'c' } },
        {
          downwardAPI: {
            items: [
              { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
              { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
              { path: 'memory', resourceFieldRef: { containerName: 'main', resource: 'limits.memory' } },
            ],
          },
        },
        { secret: { name: 'none', optional: true } },
      ],
    },
  });
  const read = (name: string): string => readFileSync(join(source, name), 'utf8');
  expect(options).toContain('ro');
  expect([read('deep/a'), read('a'), read('name'), read('memory')]).toEqual(['A', 'config', 'p', '1048576']);
  expect(read('labels')).toBe('a="say \\"x\\""\nb="2"');
  expect(statSync(join(source, 'a')).mode & 0o777).toBe(0o440);
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
});

test('mounts: read-only when asked for, a folder of the volume when that is safe', () => {
  const volume: Volume = { name: 'v', emptyDir: {} };
  expect(mountsOf(volume, { readOnly: true })[0]?.options).toContain('ro');
  expect(mountsOf(volume, { subPath: 'x/y' })[0]?.source).toBe(join(root, 'disk/volumes/v/x/y'));
  expect(() => mountsOf(volume, { subPath: '../x' })).toThrow('is not allowed');
  expect(mountsOf(volume, { subPathExpr: '$(A)/y' }, { A: 'x' })[0]?.source).toBe(join(root, 'disk/volumes/v/x/y'));
  expect(() => mountsOf(volume, { subPathExpr: '$(B)' }, { A: 'x' })).toThrow('missing value');
  expect(() => mountsOf(volume, { subPathExpr: '$(A)' }, { A: '../x' })).toThrow('is not allowed');
  const claim: Volume = { name: 'v', persistentVolumeClaim: { claimName: 'claimed' } };
  expect(mountsOf(claim, { subPath: 'z' })[0]?.source).toBe(join(root, 'builds/one/z'));
  const keys: Volume = { name: 'v', secret: { secretName: 's' } };
  expect(readFileSync(mountsOf(keys, { subPath: 'a' })[0]!.source, 'utf8')).toBe('A');
  expect(() => mountsOf(volume, { name: 'w' })).toThrow('no volume w');
});

test('a link in the way to a folder of a volume is not followed', () => {
  const volume: Volume = { name: 'v', emptyDir: {} };
  symlinkSync('/etc', join(prepare(volume).source, 'link'));
  expect(() => mountsOf(volume, { subPath: 'link' })).toThrow('a link leads elsewhere');
  expect(() => mountsOf(volume, { subPath: 'link/x' })).toThrow('a link leads elsewhere');
});

test('a folder of a volume that others swap with a link is itself, or refused in words of a manifest', async () => {
  const shared = join(root, 'builds/one');
  mkdirSync(join(shared, 'sub'));
  symlinkSync('/etc', join(shared, 'link'));
  const moves = [
    ['sub', 'a'],
    ['link', 'sub'],
    ['sub', 'link'],
    ['a', 'sub'],
  ].map((names) => names.map((name) => join(shared, name)));
  // A folder that is made meanwhile stands in the way of a move.
  const swap = `for (;;) for (const [from, to] of ${JSON.stringify(moves)}) try { require('fs').renameSync(from, to) } catch {}`;
  const swapper = new Worker(swap, { eval: true });
  await new Promise((resolve) => swapper.once('online', resolve));
  const volume: Volume = { name: 'v', persistentVolumeClaim: { claimName: 'claimed' } };
  const outcomes = new Set<string>();
  try {
    for (let tries = 0; tries < 5000; tries++) outcomes.add(outcomeOf(() => mountsOf(volume, { subPath: 'sub' })));
  } finally {
    await swapper.terminate();
  }
  expect([...outcomes].filter((outcome) => !expected.includes(outcome))).toEqual([]);
});

const expected = [
  'mounted',
  'ConfigError: subPath sub: a link leads elsewhere',
  'ConfigError: subPath sub: a part of it is no folder',
  'ConfigError: subPath sub: it was removed while it was mounted',
];
function outcomeOf(mount: () => unknown): string {
  try {
    mount();
    return 'mounted';
  } catch (error) {
    return String(error);
  }
}
