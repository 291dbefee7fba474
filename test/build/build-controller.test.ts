import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BuildController } from '../../src/build/build-controller.ts';
import { SourceStore } from '../../src/build/source-store.ts';
import { systemClock } from '../../src/client/clock.ts';
import { ImageStore } from '../../src/node/images/image-store.ts';
import { conditionOf } from '../../src/resources/condition.ts';
import { Namespace } from '../../src/resources/core/kinds.ts';
import { Build } from '../../src/resources/kf/build.ts';
import { SourcePackage } from '../../src/resources/kf/source-package.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { startLocalApi, type TestApi } from '../support/local-api.ts';

let local: TestApi;
let dataDir: string;
let controller: BuildController;
let sources: SourceStore;
let images: ImageStore;
const first = { namespace: 'dev', name: 'app-1' };
const ref = first;

beforeEach(async () => {
  local = startLocalApi();
  dataDir = await mkdtemp(join(tmpdir(), 'build-'));
  sources = new SourceStore(dataDir);
  await sources.start();
  images = new ImageStore({ images: join(dataDir, 'images'), layers: join(dataDir, 'layers') });
  await images.open();
  controller = makeController(['/usr/bin']);
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterEach(async () => {
  await local.close();
  await rm(dataDir, { recursive: true });
});

function makeController(path: readonly string[], bootId = 'boot'): BuildController {
  return new BuildController({
    client: local.client,
    clock: systemClock,
    dataDir,
    bootId,
    sources,
    images,
    stack: {
      ref: 'kf.local/stack/host',
      path,
      fingerprint: async () => 'test 1',
      interpreters: async () => ({ node: 'v20' }),
    },
  });
}

/** An uploaded source and a Build of it. */
async function build(
  files: Readonly<Record<string, string>>,
  ref = first,
  change = (bytes: Buffer): Buffer => bytes,
  lose = false,
): Promise<void> {
  const archive = pack();
  for (const [name, content] of Object.entries(files)) archive.entry({ name }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  const bytes = change(Buffer.concat(chunks));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await sources.receive(
    (async function* () {
      yield bytes;
    })(),
    { size: bytes.length, sha256 },
  );
  if (lose) await rm(sources.pathOf(sha256));
  const source = await local.client.create(SourcePackage, {
    metadata: ref,
    spec: { size: bytes.length, checksum: { type: 'sha256', value: sha256 } },
  });
  await local.client.updateStatus(SourcePackage, {
    ...source,
    status: { conditions: [{ type: 'Succeeded', status: 'True' }] },
  });
  await local.client.create(Build, { metadata: ref, spec: { name: 'host-stack', sourcePackage: { name: ref.name } } });
  await controller.reconcile(ref);
}
const outcome = async () => {
  const { status, metadata } = await local.client.get(Build, ref);
  return { status, condition: conditionOf({ status }, 'Succeeded'), uid: metadata.uid! };
};

test('a source without dependencies becomes an image at once', async () => {
  await build({ 'a.txt': 'content', Procfile: 'task: cat a.txt' });
  const { status, condition } = await outcome();
  expect(condition?.status).toBe('True');
  expect(status).toMatchObject({ startCommand: 'cat a.txt', stack: { name: 'host', fingerprint: 'test 1' } });
  const image = await images.resolve(status?.image ?? '');
  expect(await readFile(join(image.layerPaths[0]!, 'home/vcap/app/a.txt'), 'utf8')).toBe('content');
});

test('what becomes a layer is on disk before it has a name by which another build would take it', async () => {
  const file = join(dataDir, 'order');
  await writeFile(join(dataDir, 'sync'), `#!/bin/sh\necho "sync $*" >>${file}\nPATH=/usr/bin:/bin exec sync "$@"\n`, {
    mode: 0o755,
  });
  const addLayer = images.addLayer.bind(images);
  images.addLayer = async (folder, digest) => {
    appendFileSync(file, 'layer\n');
    await addLayer(folder, digest);
  };
  const { PATH } = process.env;
  process.env.PATH = `${dataDir}:${PATH}`;
  await build({ 'a.txt': 'content' }).finally(() => {
    process.env.PATH = PATH;
  });
  const { condition, uid } = await outcome();
  expect(condition?.status).toBe('True');
  expect(await readFile(file, 'utf8')).toBe(`sync --file-system ${join(dataDir, 'builds', uid)}\nlayer\n`);
});

const nodeApp = { 'package.json': '{}', 'package-lock.json': '{"lockfileVersion":3}', 'index.js': '1' };

test('a package that is no tar is refused for good', async () => {
  await build({ 'a.txt': 'x' }, first, (bytes) => bytes.fill('x', 0, 400));
  expect((await outcome()).condition).toMatchObject({ status: 'False', reason: 'UnbuildableSource' });
});

test('a package that is not there any more is a reason to push again', async () => {
  await build({ 'a.txt': 'x' }, first, (bytes) => bytes, true);
  expect((await outcome()).condition).toMatchObject({ status: 'False', reason: 'SourceMissing' });
});

test('a missing interpreter is named, with the ways out', async () => {
  controller = makeController([dataDir]);
  await build(nodeApp);
  expect((await outcome()).condition).toMatchObject({ status: 'False', reason: 'MissingProgram' });
  expect((await outcome()).condition?.message).toMatch(/needs npm.*apt-get install npm.*bin\/build/);
});

describe('dependencies are installed by a TaskRun', () => {
  const finish = async (status: 'True' | 'False') => {
    const run = await local.client.get(TaskRun, ref);
    const folder = run.spec.taskSpec?.volumes?.[0]?.hostPath?.path ?? '';
    if (status === 'True') await mkdir(join(folder, 'node_modules/ms'), { recursive: true });
    await local.client.updateStatus(TaskRun, {
      ...run,
      status: { conditions: [{ type: 'Succeeded', status, message: 'exit code 1' }] },
    });
  };

  test('their layer is kept apart, by lock file', async () => {
    await build(nodeApp);
    expect((await outcome()).condition?.status).toBe('Unknown');
    await finish('True');
    await controller.reconcile(ref);
    const image = await images.resolve((await outcome()).status?.image ?? '');
    expect(image.layerPaths).toHaveLength(2);
  });

  test('npm that installs nothing makes no folder: an empty layer', async () => {
    await build(nodeApp);
    const run = await local.client.get(TaskRun, ref);
    await local.client.updateStatus(TaskRun, {
      ...run,
      status: { conditions: [{ type: 'Succeeded', status: 'True' }] },
    });
    await controller.reconcile(ref);
    const image = await images.resolve((await outcome()).status?.image ?? '');
    expect(await readFile(join(image.layerPaths[0]!, 'home/vcap/app/index.js'), 'utf8')).toBe('1');
  });

  test('a layer that is cached does not mix with what the source brings along', async () => {
    await build(nodeApp);
    await finish('True');
    await controller.reconcile(ref);
    const again = { namespace: 'dev', name: 'app-2' };
    await build({ ...nodeApp, 'node_modules/stale/index.js': 'old' }, again);
    const { status } = await local.client.get(Build, again);
    const [source] = (await images.resolve(status?.image ?? '')).layerPaths;
    expect(await readdir(join(source!, 'home/vcap/app'))).not.toContain('node_modules');
  });

  test('the TaskRun of a deleted Build of this name decides nothing', async () => {
    await local.client.create(TaskRun, {
      metadata: {
        ...ref,
        ownerReferences: [
          { apiVersion: 'kf.dev/v1alpha1', kind: 'Build', name: 'app-1', uid: 'old', controller: true },
        ],
      },
      spec: { taskSpec: { steps: [{ image: 'x' }] } },
    });
    const old = await local.client.get(TaskRun, ref);
    await local.client.updateStatus(TaskRun, {
      ...old,
      status: { conditions: [{ type: 'Succeeded', status: 'False' }] },
    });
    await build(nodeApp);
    expect((await outcome()).condition?.status).not.toBe('False');
  });

  test('the folder of a Build that is deleted goes', async () => {
    await build(nodeApp);
    expect(await readdir(join(dataDir, 'builds'))).toHaveLength(1);
    await local.client.delete(Build, ref);
    await controller.reconcile(ref);
    expect(await readdir(join(dataDir, 'builds'))).toEqual([]);
  });

  test('a crash while the layers are taken over loses nothing', async () => {
    await build(nodeApp);
    await finish('True');
    let calls = 0;
    const put = images.put.bind(images);
    images.put = async (image) => {
      if (calls++ === 0) throw new Error('crash');
      return put(image);
    };
    await expect(controller.reconcile(ref)).rejects.toThrow('crash');
    controller = makeController(['/usr/bin']);
    await controller.reconcile(ref);
    const image = await images.resolve((await outcome()).status?.image ?? '');
    expect(image.layerPaths).toHaveLength(2);
    expect(await readFile(join(image.layerPaths[0]!, 'home/vcap/app/index.js'), 'utf8')).toBe('1');
  });

  test('what a power cut may have cut off is not trusted, still less cached: the build begins again', async () => {
    await build(nodeApp);
    await finish('True');
    const first = await local.client.get(TaskRun, ref);
    const folder = first.spec.taskSpec?.volumes?.[0]?.hostPath?.path ?? '';
    await writeFile(join(folder, 'index.js'), '');
    await rm(join(folder, 'node_modules/ms'), { recursive: true });
    controller = makeController(['/usr/bin'], 'after the power cut');
    await controller.reconcile(ref);
    expect((await outcome()).condition?.status).toBe('Unknown');
    await expect(local.client.get(TaskRun, ref)).rejects.toThrow('not found');
    await controller.reconcile(ref);
    expect((await local.client.get(TaskRun, ref)).metadata.uid).not.toBe(first.metadata.uid);
    await finish('True');
    await controller.reconcile(ref);
    const [source, modules] = (await images.resolve((await outcome()).status?.image ?? '')).layerPaths;
    expect(await readFile(join(source!, 'home/vcap/app/index.js'), 'utf8')).toBe('1');
    expect(await readdir(join(modules!, 'home/vcap/app/node_modules'))).toEqual(['ms']);
  });

  test('their failure is the Build’s, naming the log', async () => {
    await build(nodeApp);
    await finish('False');
    await controller.reconcile(ref);
    expect((await outcome()).condition).toMatchObject({
      reason: 'BuildFailed',
      message: expect.stringContaining('kf build-logs app-1'),
    });
  });
});
