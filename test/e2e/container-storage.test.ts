/** The storage of images as skopeo writes it: what is read of it is what is in it. */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mountsBelow } from '../../src/node/disk/loop-image.ts';
import { runCommand } from '../../src/node/host/run-command.ts';
import { ContainerStorage } from '../../src/node/images/container-storage.ts';
import { opaqueFolders } from '../../src/node/images/opaque-folders.ts';
import { LayerStack } from '../../src/node/rootfs/layer-stack.ts';
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

test('layers of a pull that a power cut ended are not taken for whole by the next one', async () => {
  const layout = join(root, 'cut');
  const cut = await makeImage(layout, { layers: [{ '/file': 'whole' }, { '/second': 'x' }] });
  const copy = (by: ContainerStorage) =>
    by.skopeo(['copy', '--quiet', `oci:${layout}`, 'containers-storage:localhost/cut:1']);
  const now = storageOf('third boot');
  await now.open();
  await copy(now);
  const layer = now.list().find(({ digests }) => digests.includes(cut))!.layerPaths[0]!;
  // The image is written last, and the files of its layers had not been flushed.
  const images = join(root, 'graph/overlay-images/images.json');
  const records = JSON.parse(readFileSync(images, 'utf8')) as readonly { readonly digest: string }[];
  writeFileSync(images, JSON.stringify(records.filter((one) => one.digest !== cut)));
  writeFileSync(join(layer, 'file'), '');
  const next = storageOf('fourth boot');
  await next.open();
  expect(next.find(digest)).toBeDefined();
  await copy(next);
  const [low] = (await next.keep(cut)).layerPaths;
  expect(readFileSync(join(low!, 'file'), 'utf8')).toBe('whole');
  await next.remove(next.find(cut)!.id);
});

test('what a layer says of a folder hides what lies below it', async () => {
  const layout = join(root, 'opaque');
  const opaque = await makeImage(layout, {
    layers: [
      { '/etc/passwd': 'low', '/srv/low': 'low' },
      { '/etc/.wh..wh..opq': '', '/etc/group': 'high', '/srv/high': 'high' },
    ],
  });
  await storage.skopeo(['copy', '--quiet', `oci:${layout}`, 'containers-storage:localhost/opaque:1']);
  const { id, layerPaths } = await storage.keep(opaque);
  const layers = new LayerStack(layerPaths.toReversed(), opaqueFolders);
  expect(['/etc/passwd', '/etc/group', '/srv/low', '/srv/high'].map((path) => layers.hasFile(path))).toEqual([
    ...[false, true, true, true],
  ]);
  await storage.remove(id);
});

test('records that a fault of the disk has left hinder nobody: what they told of is gone, and comes anew', async () => {
  const again = storageOf();
  for (const kind of ['images', 'layers']) {
    const file = join(root, `graph/overlay-${kind}/${kind}.json`);
    writeFileSync(file, readFileSync(file).subarray(0, 100));
    expect(again.find(digest)).toBeUndefined();
    await again.skopeo(['copy', '--quiet', `oci:${join(root, 'layout')}`, 'containers-storage:localhost/greeting:1']);
    const { layerPaths } = await again.keep('localhost/greeting:1');
    expect(layerPaths.map((path) => readFileSync(join(path, 'etc/greeting'), 'utf8'))).toEqual(['low', 'high']);
    expect(existsSync(`${file}.damaged`)).toBe(true);
  }
});

test('what passes through a copy lies in the storage, not in /var/tmp', async () => {
  const said: string[] = [];
  const listening = new ContainerStorage({
    ...storage.folders,
    keptDirectory: join(root, 'kept'),
    bootId: 'boot',
    run: (command, args, options) => {
      said.push(args[args.indexOf('--tmpdir') + 1] ?? '');
      return runCommand(command, args, options);
    },
  });
  await listening.skopeo(['copy', '--quiet', `oci:${join(root, 'layout')}`, 'containers-storage:localhost/greeting:1']);
  expect(said).toEqual([join(listening.pulls, 'pull-other')]);
  expect(readdirSync(said[0]!)).toEqual([]);
});

test('a removed image is gone with its layers', async () => {
  const { id, layerPaths } = storage.find(digest)!;
  await storage.remove(id);
  expect(storage.find(digest)).toBeUndefined();
  expect(storage.list()).toEqual([]);
  expect(layerPaths.filter((path) => existsSync(path))).toEqual([]);
  await storage.remove(id);
});
