/** The storage of images as skopeo writes it: what is read of it is what is in it. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mountsBelow } from '../../src/node/disk/loop-image.ts';
import { runCommand } from '../../src/node/host/run-command.ts';
import { ContainerStorage } from '../../src/node/images/container-storage.ts';
import { makeImage } from '../support/oci-image.ts';

const root = mkdtempSync(join(tmpdir(), 'kf storage-'));
const storageOf = (bootId = 'boot') =>
  new ContainerStorage({
    graphRoot: join(root, 'graph'),
    runRoot: join(root, 'run'),
    configDirectory: join(root, 'config'),
    keptDirectory: join(root, 'kept'),
    bootId,
    run: runCommand,
  });
const storage = storageOf();
let digest: string;

beforeAll(async () => {
  await storage.open();
  const layout = join(root, 'layout');
  digest = await makeImage(layout, {
    layers: [
      { '/etc/greeting': 'low', '/etc/gone': '' },
      { '/etc/greeting': 'high', '/etc/.wh.gone': '' },
    ],
    config: { Entrypoint: ['/bin/app'], Env: ['A=b'] },
  });
  await storage.skopeo(['copy', '--quiet', `oci:${layout}`, 'containers-storage:localhost/greeting:1']);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('an image counts when it is kept, and is found by digest, identifier and name', async () => {
  expect(storage.find(digest)).toBeUndefined();
  const kept = await storage.keep('localhost/greeting:1');
  expect(kept).toMatchObject({ config: { entrypoint: ['/bin/app'], env: ['A=b'] }, digests: [digest] });
  expect(kept.layerPaths.map((path) => readFileSync(join(path, 'etc/greeting'), 'utf8'))).toEqual(['low', 'high']);
  for (const wanted of [digest, `sha256:${kept.id}`, 'localhost/greeting:1'])
    expect(storage.find(wanted)?.id).toBe(kept.id);
  expect(storage.find('localhost/greeting:2')).toBeUndefined();
  expect(Date.now() - storage.lastUsed(kept)).toBeLessThan(60_000);
  expect(await mountsBelow(root)).toEqual([]);
});

test('what another boot of the machine left unkept is not trusted', async () => {
  const layout = join(root, 'torn');
  const torn = await makeImage(layout, { layers: [{ '/torn': 'x' }] });
  await storage.skopeo(['copy', '--quiet', `oci:${layout}`, 'containers-storage:localhost/torn:1']);
  const same = storageOf();
  await same.open();
  expect(same.list()).toHaveLength(2);
  const next = storageOf('next boot');
  await next.open();
  expect(next.list().map(({ names }) => names)).toEqual([['localhost/greeting:1']]);
  await expect(next.keep(torn)).rejects.toThrow('is not in the storage');
  expect(next.find(digest)).toBeDefined();
});

test('a removed image is gone with its layers', async () => {
  const { id, layerPaths } = storage.find(digest)!;
  await storage.remove(id);
  expect(storage.find(digest)).toBeUndefined();
  expect(storage.list()).toEqual([]);
  expect(layerPaths.filter((path) => existsSync(path))).toEqual([]);
  await storage.remove(id);
});
