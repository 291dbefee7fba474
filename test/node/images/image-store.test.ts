import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ImageNotFound } from '../../../src/node/images/image.ts';
import { canonicalJson, ImageStore } from '../../../src/node/images/image-store.ts';
import { hostStackRef } from '../../../src/resources/image-reference.ts';

let root: string;
let store: ImageStore;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kf-images-'));
  store = new ImageStore({ images: join(root, 'images'), layers: join(root, 'layers') });
  await store.open();
});
afterEach(() => rmSync(root, { recursive: true }));

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
async function layer(digit: string): Promise<string> {
  const staging = join(root, `layers/.staging-${digit}`);
  mkdirSync(join(staging, 'home/vcap/app'), { recursive: true });
  writeFileSync(join(staging, 'home/vcap/app/file'), digit);
  await store.addLayer(staging, digest(digit));
  return digest(digit);
}

test('an image is found by its reference, the same content under the same digest', async () => {
  const layers = [await layer('a'), await layer('b')];
  const image = { repository: 'dev/app', base: 'host', layers, config: { workingDir: '/home/vcap/app' } };
  const { ref } = await store.put(image);
  expect(ref).toMatch(/^kf\.local\/dev\/app@sha256:[0-9a-f]{64}$/);
  expect((await store.put({ ...image, repository: 'dev/other' })).ref).toBe(ref.replace('app', 'other'));
  expect(
    (await new ImageStore({ images: join(root, 'images'), layers: join(root, 'layers') }).resolve(ref)).layerPaths,
  ).toEqual([...'ab'].map((digit) => join(root, 'layers', digit.repeat(64))));
  expect(readdirSync(join(root, 'images'))).toHaveLength(1);
});

test('the host stack is always there', async () => {
  expect((await store.resolve(hostStackRef)).manifest.base).toBe('host');
});

test('what is missing is named', async () => {
  await expect(store.resolve('nginx')).rejects.toThrow(ImageNotFound);
  await expect(store.resolve(`kf.local/dev/app@${digest('0')}`)).rejects.toThrow('push the app again');
  const { ref } = await store.put({ repository: 'dev/app', base: 'host', layers: [await layer('a')], config: {} });
  await store.resolve(ref);
  rmSync(store.layerPath(digest('a')), { recursive: true });
  await expect(store.resolve(ref)).rejects.toThrow('is gone');
  await expect(store.put({ repository: 'dev/app', base: 'host', layers: [digest('c')], config: {} })).rejects.toThrow(
    ImageNotFound,
  );
});

test('damage is seen, also of an image that was used before, and mended by the same image', async () => {
  const image = { repository: 'dev/app', base: 'host', layers: [await layer('a')], config: {} };
  const { ref, digest: made } = await store.put(image);
  await store.resolve(ref);
  expect(await store.lackOf(ref)).toBeUndefined();
  writeFileSync(join(root, 'images', `${made.slice(7)}.json`), '{"schemaVersion":1,');
  expect(await store.lackOf(ref)).toContain('is damaged; push the app again');
  expect(await store.list()).toEqual([]);
  expect((await store.put(image)).ref).toBe(ref);
  expect(await store.lackOf(ref)).toBeUndefined();
  rmSync(join(store.layerPath(digest('a')), 'home'), { recursive: true });
  expect(await store.lackOf(ref)).toContain('is empty; push the app again');
  expect(store.hasLayer(digest('a'))).toBe(false);
  await layer('a');
  expect(await store.lackOf(ref)).toBeUndefined();
});

test('a layer that is there already stays, and the new folder goes', async () => {
  await layer('a');
  await layer('a');
  expect(readdirSync(join(root, 'layers'))).toEqual(['a'.repeat(64)]);
});

test('pruning keeps the layers of what is kept', async () => {
  const [a, b, c] = [await layer('a'), await layer('b'), await layer('c')];
  const kept = await store.put({ repository: 'dev/app', base: 'host', layers: [a!, b!], config: {} });
  const gone = await store.put({ repository: 'dev/app', base: 'host', layers: [a!, c!], config: {} });
  await store.prune(async () => new Set([kept.digest]));
  expect(await store.lackOf(gone.ref)).toContain('not on this machine');
  expect(await store.lackOf(kept.ref)).toBeUndefined();
  expect([a, b, c].map((one) => existsSync(store.layerPath(one!)))).toEqual([true, true, false]);
});

test('what a holder needs stays until it is released', async () => {
  const [a, b] = [await layer('a'), await layer('b')];
  const none = async () => new Set<string>();
  store.hold('one', [a!]);
  store.hold('two', [a!]);
  await store.prune(none);
  expect([a, b].map((one) => store.hasLayer(one!))).toEqual([true, false]);
  store.release('one');
  await store.prune(none);
  expect(store.hasLayer(a!)).toBe(true);
  store.release('two');
  await store.prune(none);
  expect(store.hasLayer(a!)).toBe(false);
});

test('whatever is asked for, held, used or added while it looks stays', async () => {
  const [asked, used, unused] = [await layer('a'), await layer('b'), await layer('c')];
  const image = await store.put({ repository: 'dev/app', base: 'host', layers: [used!], config: {} });
  let added: string | undefined;
  await store.prune(async () => {
    expect(store.hasLayer(asked!)).toBe(true);
    await store.resolve(image.ref);
    added = await layer('d');
    store.hold('short', [digest('e')]);
    store.release('short');
    await layer('e');
    return new Set();
  });
  expect([asked, used, unused, added, digest('e')].map((one) => store.hasLayer(one!))).toEqual([
    true,
    true,
    false,
    true,
    true,
  ]);
  expect(await store.lackOf(image.ref)).toBeUndefined();
  // Nobody has told of them since.
  await store.prune(async () => new Set());
  expect(readdirSync(join(root, 'layers'))).toEqual([]);
});

test('what a crash left of a removal goes with the next one', async () => {
  mkdirSync(join(root, 'layers', `${'a'.repeat(64)}.gone/home`), { recursive: true });
  await store.prune(async () => new Set());
  expect(readdirSync(join(root, 'layers'))).toEqual([]);
});

test('equal values have equal canonical JSON', () => {
  expect(canonicalJson({ b: 1, a: { d: [3, { z: 1, y: 2 }], c: 2 } })).toBe(
    '{"a":{"c":2,"d":[3,{"y":2,"z":1}]},"b":1}',
  );
});
