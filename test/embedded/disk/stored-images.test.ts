import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  isReplaced,
  removeUnused,
  type StoredImagesOptions,
  unusedImages,
} from '../../../src/embedded/disk/stored-images.ts';
import { ImageStore } from '../../../src/node/images/image-store.ts';
import type { StoredImage } from '../../../src/node/images/stored-image.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { Build } from '../../../src/resources/kf/build.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

let local: TestApi;
let root: string;
let options: StoredImagesOptions;
const images = new Map<string, StoredImage>();
const times = new Map<string, number>();

beforeEach(async () => {
  local = startLocalApi();
  root = mkdtempSync(join(tmpdir(), 'stored-'));
  images.clear();
  times.clear();
  const store = new ImageStore({ images: join(root, 'images'), layers: join(root, 'layers') });
  await store.open();
  options = {
    client: local.client,
    store,
    storage: {
      list: () => [...images.values()],
      isKept: () => true,
      lastUsed: ({ id }) => times.get(id) ?? 0,
      remove: async (id) => void images.delete(id),
      folders: { graphRoot: root, runRoot: root, configDirectory: root },
    },
    settings: async () => ({ registries: [], aliases: { ours: 'x.io/ours', [`gone@${digest('0')}`]: 'x.io/old:1' } }),
  };
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterEach(async () => {
  await local.close();
  rmSync(root, { recursive: true });
});

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

function stored(digit: string, ...names: readonly string[]): void {
  const id = digit.repeat(64);
  images.set(id, { id, digests: [digest(digit.toUpperCase())], names, layerPaths: [], layers: [], sizeBytes: 100 });
}
const unused = async () => (await unusedImages(options)).map(({ id }) => id[0]);

test('what an App, a Build or something unfinished names is used, by digest, by name or by another name', async () => {
  stored('1', 'x.io/app:1');
  stored('2', 'docker.io/library/debian:12');
  stored('3', 'x.io/ours:latest');
  stored('4', 'kf.local/dev/making:latest');
  stored('5', 'x.io/pulled:1');
  stored('6', 'docker.io/library/debian:11');
  stored('7');
  stored('8', 'x.io/old:1');
  expect(await unused()).toEqual(['1', '2', '3', '4', '5', '6', '7', '8']);
  const template = { spec: { containers: [{}] } };
  const app = await local.client.create(App, {
    metadata: { name: 'a', namespace: 'dev' },
    spec: { build: {}, template },
  });
  await local.client.updateStatus(App, { ...app, status: { image: `x.io/app@${digest('1')}` } });
  const pod = (name: string, image: string) =>
    local.client.create(Pod, { metadata: { name, namespace: 'dev' }, spec: { containers: [{ name: 'c', image }] } });
  await pod('by-name', 'debian:12');
  await pod('by-alias', 'ours');
  await pod('by-alias-of-a-digest', `gone@${digest('0')}`);
  const build = (name: string, value: string) =>
    local.client.create(Build, {
      metadata: { name, namespace: 'dev' },
      spec: { name: 'image', params: [{ name: 'IMAGE', value }] },
    });
  await build('making', 'oci-archive');
  await build('pulling', 'x.io/pulled:1');
  expect(await unused()).toEqual(['6', '7']);
  const over = await pod('over', 'debian:11');
  expect(await unused()).toEqual(['7']);
  await local.client.updateStatus(Pod, { ...over, status: { phase: 'Succeeded' } });
  expect(await unused()).toEqual(['6', '7']);
});

test('what a Build that goes on may have found stays until it is over', async () => {
  stored('1', 'x.io/base:1');
  stored('2', 'x.io/old:1');
  times.set('1'.repeat(64), Date.now() - 300_000);
  const metadata = { name: 'b', namespace: 'dev' };
  const build = await local.client.create(Build, { metadata, spec: { name: 'dockerfile' } });
  expect(await unused()).toEqual(['2']);
  const conditions = [{ type: 'Succeeded', status: 'False' as const }];
  await local.client.updateStatus(Build, { ...build, status: { conditions } });
  expect(await unused()).toEqual(['2', '1']);
});

test('what an image of the host stack’s store stands on is used', async () => {
  stored('8', 'x.io/base:1');
  await options.store.put({ repository: 'dev/a', base: `x.io/base@${digest('8')}`, layers: [], config: {} });
  expect(await unused()).toEqual([]);
});

test('the longest unused goes first, what has just been found not at all', async () => {
  stored('1', 'x.io/a:1');
  stored('2', 'x.io/a:2');
  stored('3', 'x.io/a:3');
  times.set('1'.repeat(64), 2000).set('2'.repeat(64), 1000).set('3'.repeat(64), Date.now());
  expect(await unused()).toEqual(['2', '1']);
  expect(await removeUnused(options, { bytes: 50 })).toBe(100);
  expect(await unused()).toEqual(['1']);
});

test('without need only what was replaced goes', async () => {
  stored('1', 'x.io/a:1');
  stored('2');
  stored('3', 'kf.local/dev/a:old');
  await removeUnused(options, { only: isReplaced });
  expect([...images.keys()].map((id) => id[0])).toEqual(['1']);
});

test('one that somebody finds while others are being removed stays', async () => {
  stored('1', 'x.io/a:1');
  stored('2', 'x.io/a:2');
  times.set('1'.repeat(64), 1000).set('2'.repeat(64), 2000);
  const remove = async (id: string): Promise<void> => {
    images.delete(id);
    times.set('2'.repeat(64), Date.now());
  };
  expect(await removeUnused({ ...options, storage: { ...options.storage, remove } })).toBe(100);
  expect([...images.keys()].map((id) => id[0])).toEqual(['2']);
});
