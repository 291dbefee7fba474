import { linkSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SourceStore } from '../../../src/build/source-store.ts';
import { startCollector } from '../../../src/embedded/disk/collector.ts';
import { createDiskSpace } from '../../../src/embedded/disk/disk-space.ts';
import { bytesOf } from '../../../src/embedded/disk/measure.ts';
import { runCommand } from '../../../src/node/host/run-command.ts';
import { ContainerStorage } from '../../../src/node/images/container-storage.ts';
import { ImageStore } from '../../../src/node/images/image-store.ts';
import { LogStore } from '../../../src/node/logs/log-store.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { noImageSettings } from '../../../src/resources/image-settings.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

let root: string;
let local: TestApi;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kf-disk-'));
  local = startLocalApi();
});
afterEach(async () => {
  await local.close();
  rmSync(root, { recursive: true });
});

test('measuring counts blocks, not holes; what has two names once; nothing for what is not there', async () => {
  writeFileSync(join(root, 'a'), Buffer.alloc(100_000));
  linkSync(join(root, 'a'), join(root, 'b'));
  writeFileSync(join(root, 'hole'), '');
  truncateSync(join(root, 'hole'), 10_000_000);
  const bytes = await bytesOf(root);
  expect(bytes).toBe((statSync(root).blocks + statSync(join(root, 'a')).blocks) * 512);
  expect(await bytesOf(join(root, 'none'))).toBe(0);
});

test('layers that an image in use shares with one that is not are not counted as unused', async () => {
  const images = new ImageStore({ images: join(root, 'images'), layers: join(root, 'layers') });
  const sources = new SourceStore(root, 0);
  await Promise.all([images.open(), sources.start()]);
  const layer = (digit: string) => {
    const digest = `sha256:${digit.repeat(64)}`;
    mkdirSync(images.layerPath(digest));
    writeFileSync(join(images.layerPath(digest), 'file'), Buffer.alloc(50_000));
    return digest;
  };
  const [shared, old] = [layer('1'), layer('2')];
  const put = (layers: readonly string[]) => images.put({ repository: 'dev/app', base: 'host', layers, config: {} });
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
  await local.client.create(App, {
    metadata: { namespace: 'dev', name: 'app' },
    spec: {
      build: { image: (await put([shared])).ref },
      template: { spec: { containers: [{ name: 'user-container' }] } },
    },
  } as never);
  const collector = startCollector({ client: local.client, clock: new FakeClock(), images, sources });
  await collector.idle();
  layer('2');
  await put([shared, old]);
  writeFileSync(join(root, 'sources', `${'3'.repeat(64)}.tar`), Buffer.alloc(4096));
  for (const name of ['replaced-20260301T000000Z', 'restoring-x']) mkdirSync(join(root, name));
  for (const owner of ['gone', 'held']) {
    mkdirSync(join(root, 'logs', owner), { recursive: true });
    writeFileSync(join(root, 'logs', owner, 'c.log'), Buffer.alloc(4096));
  }
  const logs = new LogStore(join(root, 'logs'));
  const logBytes = await bytesOf(join(root, 'logs/gone'));
  const holdsLog = async (owner: string) => owner === 'held';
  const folders = { graphRoot: join(root, 'storage'), runRoot: join(root, 'run'), configDirectory: join(root, 'run') };
  const storage = new ContainerStorage({
    ...folders,
    keptDirectory: join(root, 'images'),
    bootId: 'b',
    run: runCommand,
  });
  let held = true;
  const space = createDiskSpace({
    isHeld: () => held,
    dataDir: root,
    client: local.client,
    images,
    sources,
    stored: { client: local.client, storage, store: images, settings: async () => noImageSettings },
    collector,
    logs,
    holdsLog,
    run: runCommand,
    share: async () => 123_000,
  });
  const report = await space.report();
  expect(report.shareBytes).toBe(123_000);
  expect(report.keptBytes).toBe(
    report.uses.reduce((sum, { name, bytes }) => sum + (['aside', 'disks', 'volumes'].includes(name) ? 0 : bytes), 0),
  );
  const uses = new Map(report.uses.map((use) => [use.name, use]));
  const size = await bytesOf(images.layerPath(old));
  expect(uses.get('images')).toMatchObject({ count: 2, unusedCount: 1, unusedBytes: size });
  expect(uses.get('sources')).toMatchObject({ count: 1, unusedCount: 1, unusedBytes: 4096 });
  expect(uses.get('logs')).toMatchObject({ count: 2, unusedCount: 1, unusedBytes: logBytes });
  expect(uses.get('aside')).toMatchObject({ count: 2, unusedCount: 2 });
  await expect(space.prune({ aside: true })).rejects.toThrow('a backup is being made');
  held = false;
  expect(await space.prune({ aside: false })).toEqual({
    removed: [
      { name: 'logs', count: 1, bytes: logBytes },
      { name: 'images', count: 1, bytes: size },
      { name: 'sources', count: 1, bytes: 4096 },
    ],
    freedBytes: logBytes + size + 4096,
  });
  expect(await space.prune({ aside: true })).toMatchObject({ removed: [{ name: 'aside', count: 2 }] });
  await collector.stop();
});
