import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startBuildController } from '../../src/build/build-controller.ts';
import { SourceStore } from '../../src/build/source-store.ts';
import { systemClock } from '../../src/client/clock.ts';
import { itself, type RunningController, startController } from '../../src/client/controller.ts';
import { getIfExists } from '../../src/client/get-if-exists.ts';
import { prune } from '../../src/embedded/disk/collector.ts';
import { ImageStore } from '../../src/node/images/image-store.ts';
import { isFinal } from '../../src/resources/condition.ts';
import { Namespace } from '../../src/resources/core/kinds.ts';
import { Build } from '../../src/resources/kf/build.ts';
import { SourcePackage } from '../../src/resources/kf/source-package.ts';
import type { ObjectRef } from '../../src/resources/meta.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { hostile } from '../client/hostile-client.ts';
import { startLocalApi, type TestApi } from '../support/local-api.ts';

let local: TestApi;
let dataDir: string;
let sources: SourceStore;
let images: ImageStore;
const running: RunningController[] = [];

beforeEach(async () => {
  local = startLocalApi();
  dataDir = await mkdtemp(join(tmpdir(), 'build-hostile-'));
  sources = new SourceStore(dataDir, 0);
  await sources.start();
  images = new ImageStore({ images: join(dataDir, 'images'), layers: join(dataDir, 'layers') });
  await images.open();
  await mkdir(join(dataDir, 'bin/npm'), { recursive: true });
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((controller) => controller.stop()));
  await local.close();
  await rm(dataDir, { recursive: true });
});

async function tarOf(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function push(name: string, files: Readonly<Record<string, string>>): Promise<void> {
  const bytes = await tarOf(files);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const ref = { namespace: 'dev', name };
  await local.client.create(Build, { metadata: ref, spec: { name: 'host-stack', sourcePackage: { name } } });
  const spec = { size: bytes.length, checksum: { type: 'sha256', value: sha256 } };
  const source = await local.client.create(SourcePackage, { metadata: ref, spec });
  const body = (async function* () {
    yield bytes;
  })();
  await sources.receive(body, { size: bytes.length, sha256 });
  const status = { conditions: [{ type: 'Succeeded', status: 'True' as const }] };
  await local.client.updateStatus(SourcePackage, { ...source, status });
}

/** Installs, as a TaskRun does; by uid of what it did it for. */
function installer(): ReadonlySet<string> {
  const ran = new Set<string>();
  const reconcile = async (ref: ObjectRef): Promise<void> => {
    const run = await getIfExists(local.client, TaskRun, ref);
    if (run === undefined || isFinal(run)) return;
    ran.add(run.metadata.uid!);
    await mkdir(join(run.spec.taskSpec!.volumes![0]!.hostPath!.path, 'node_modules/ms'), { recursive: true });
    const status = { conditions: [{ type: 'Succeeded', status: 'True' as const }] };
    await local.client.updateStatus(TaskRun, { ...run, status });
  };
  const options = { name: 'installer', client: local.client, clock: systemClock, watches: [itself(TaskRun)] };
  running.push(startController({ ...options, reconcile }));
  return ran;
}

/** Prunes without a pause; how often. */
async function pruneUntil(signal: AbortSignal): Promise<number> {
  for (let count = 0; ; count++) {
    if (signal.aborted) return count;
    await prune({ client: local.client, images, sources });
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function final(name: string): Promise<Build> {
  const abort = new AbortController();
  for (;;)
    for await (const { object } of local.client.watch(Build, {
      namespace: 'dev',
      fieldSelector: `metadata.name=${name}`,
      signal: abort.signal,
    }))
      if (isFinal(object)) {
        abort.abort();
        return object;
      }
}

test.each(Array.from({ length: Number(process.env.KF_SEEDS ?? 5) }, (_, index) => index + 1))(
  'Builds over the hostile client, seed %i: installed once, whole images',
  async (seed) => {
    const client = hostile(local.client, { seed });
    const stop = new AbortController();
    const ran = installer();
    const controller = startBuildController({
      client,
      clock: systemClock,
      dataDir,
      bootId: 'boot',
      sources,
      images,
      stack: {
        ref: 'kf.local/stack/host',
        path: [join(dataDir, 'bin')],
        fingerprint: async () => 'test 1',
        interpreters: async () => ({ node: 'v20' }),
      },
    });
    running.push(controller);
    // All the while somebody clears away what nothing names.
    const pruning = pruneUntil(stop.signal);
    const lock = { 'package.json': '{}', 'package-lock.json': '{}' };
    const own = { 'package.json': '{"scripts":{"install":"x"}}', 'package-lock.json': '{}' };
    await Promise.all([
      push('plain', { 'index.js': '1' }),
      push('locked', { ...lock, 'index.js': '2' }),
      push('own', { ...own, 'index.js': '3' }),
    ]);
    for (const [name, content, layers] of [
      ['plain', '1', 1],
      ['locked', '2', 2],
      ['own', '3', 1],
    ] as const) {
      const { status } = await final(name);
      const image = await images.resolve(status?.image ?? JSON.stringify(status));
      expect(image.layerPaths).toHaveLength(layers);
      const app = join(image.layerPaths[0]!, 'home/vcap/app');
      expect(await readFile(join(app, 'index.js'), 'utf8')).toBe(content);
      expect(await readdir(app)).toHaveLength({ plain: 1, locked: 3, own: 4 }[name]);
    }
    expect(ran.size).toBe(2);
    await controller.idle();
    await controller.stop();
    client.close();
    stop.abort();
    expect(await pruning).toBeGreaterThan(10);
  },
);
