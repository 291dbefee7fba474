/** Builds of images, with what the machine does for them played: fetching, the cache, and the run itself. */

import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from 'tar-stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startBuildController } from '../../../src/build/build-controller.ts';
import { BaseImageError, type ImageFacts, type ImageTools } from '../../../src/build/image/image-tools.ts';
import { SourceStore } from '../../../src/build/source-store.ts';
import type { Client } from '../../../src/client/client.ts';
import { systemClock } from '../../../src/client/clock.ts';
import { itself, type RunningController, startController } from '../../../src/client/controller.ts';
import { getIfExists } from '../../../src/client/get-if-exists.ts';
import { ImageStore } from '../../../src/node/images/image-store.ts';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { Build, noCacheParam } from '../../../src/resources/kf/build.ts';
import { SourcePackage } from '../../../src/resources/kf/source-package.ts';
import { labels } from '../../../src/resources/labels.ts';
import { controllerRef } from '../../../src/resources/meta.ts';
import { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { hostile } from '../../client/hostile-client.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

let local: TestApi;
let dataDir: string;
let sources: SourceStore;
const running: RunningController[] = [];
/** What was asked of the machine. */
let asked: string[];
/** Who has a cache, by its name: never two. */
let open: Map<string, string>;
let app: App;

beforeEach(async () => {
  local = startLocalApi();
  dataDir = await mkdtemp(join(tmpdir(), 'image-build-'));
  sources = new SourceStore(dataDir, 0);
  await sources.start();
  asked = [];
  open = new Map();
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
  // Its Builds would be taken away without it.
  app = await local.client.create(App, {
    metadata: { namespace: 'dev', name: 'app' },
    spec: { build: {}, template: { spec: { containers: [{}] } } },
  });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((controller) => controller.stop()));
  await local.close();
  await rm(dataDir, { recursive: true });
});

const imageTools = (changes: Partial<ImageTools> = {}): ImageTools => ({
  stack: 'kf.local/stack/builder',
  runtime: '/usr/sbin/runc',
  caches: {
    async open(name, user) {
      const other = open.get(name);
      if (other !== undefined && other !== user) throw new Error(`cache ${name} is ${other}'s`);
      open.set(name, user);
      const path = join(dataDir, 'caches', name);
      await mkdir(path, { recursive: true });
      return path;
    },
    async close(user) {
      for (const [name, other] of open) if (other === user) open.delete(name);
    },
  },
  lack: async () => undefined,
  async provide(_, folder) {
    await mkdir(folder);
  },
  async inspect(ref) {
    if (ref.startsWith('missing')) throw new BaseImageError(`image ${ref}: manifest unknown`);
    asked.push(ref);
    return { ref, env: [], labels: {}, layers: [] };
  },
  layersOf: () => [],
  knowsHereDocuments: async () => false,
  async take(folder) {
    await access(folder);
    return `kf.local/dev/app@sha256:${'0'.repeat(64)}`;
  },
  ...changes,
});

async function control(client: Client, changes: Partial<ImageTools> = {}): Promise<void> {
  const images = new ImageStore({ images: join(dataDir, 'images'), layers: join(dataDir, 'layers') });
  await images.open();
  const stack = { ref: 'host', path: [], fingerprint: async () => '', interpreters: async () => ({}) };
  const options = { client, clock: systemClock, dataDir, bootId: 'boot', sources, images, stack };
  running.push(startBuildController({ ...options, imageTools: imageTools(changes) }));
}

/** Ends each run once it has been there for a while; leaves an image as buildah does. */
function run(): readonly TaskRun[] {
  const ran: TaskRun[] = [];
  const reconcile = async (ref: { name: string }): Promise<void> => {
    const found = await getIfExists(local.client, TaskRun, ref);
    if (found === undefined || isFinal(found)) return;
    ran.push(found);
    const cache = found.spec.taskSpec!.volumes!.find(({ name }) => name === 'build')!.hostPath!.path;
    await mkdir(join(cache, 'out'), { recursive: true });
    const status = { conditions: [{ type: 'Succeeded', status: 'True' as const }] };
    await local.client.updateStatus(TaskRun, { ...found, status });
  };
  const options = { name: 'runner', client: local.client, clock: systemClock, watches: [itself(TaskRun)] };
  running.push(startController({ ...options, reconcile }));
  return ran;
}

async function push(name: string, dockerfile: string, spec: Partial<Build['spec']> = {}): Promise<void> {
  const archive = pack();
  archive.entry({ name: 'Dockerfile' }, dockerfile);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const ref = { namespace: 'dev', name };
  await local.client.create(Build, {
    metadata: { ...ref, labels: { [labels.appName]: 'app' }, ownerReferences: [controllerRef(app)] },
    spec: { name: 'dockerfile', sourcePackage: { name }, ...spec },
  });
  const size = bytes.length;
  const source = await local.client.create(SourcePackage, {
    metadata: ref,
    spec: { size, checksum: { type: 'sha256', value: sha256 } },
  });
  const body = (async function* () {
    yield bytes;
  })();
  await sources.receive(body, { size, sha256 });
  const status = { conditions: [{ type: 'Succeeded', status: 'True' as const }] };
  await local.client.updateStatus(SourcePackage, { ...source, status });
}

async function ended(name: string, holds: (build: Build) => boolean = isFinal): Promise<Build> {
  const abort = new AbortController();
  const fieldSelector = `metadata.name=${name}`;
  while (running.length > 0)
    for await (const { object } of local.client.watch(Build, { namespace: 'dev', fieldSelector, signal: abort.signal }))
      if (holds(object)) {
        abort.abort();
        return object;
      }
  throw new Error(`${name} has not ended`);
}

test.each(Array.from({ length: Number(process.env.KF_SEEDS ?? 5) }, (_, index) => index + 1))(
  'Builds of one App over the hostile client, seed %i: one after the other, each run once',
  async (seed) => {
    const ran = run();
    await control(hostile(local.client, { seed }));
    const names = ['app-1', 'app-2', 'app-3'];
    for (const name of names) await push(name, 'FROM base:1\nFROM scratch\n');
    const builds = await Promise.all(names.map((name) => ended(name)));
    expect(builds.map((build) => conditionOf(build, 'Succeeded')?.status)).toEqual(['True', 'True', 'True']);
    expect(new Set(ran.map(({ metadata }) => metadata.uid)).size).toBe(3);
    expect(asked).toEqual(['base:1', 'base:1', 'base:1']);
    await expect.poll(() => [...open]).toEqual([]);
    await expect.poll(() => readdir(join(dataDir, 'builds'))).toEqual([]);
  },
);

describe('a run', () => {
  test('gets no layer that the cache has, unless it is to take nothing of earlier builds', async () => {
    const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
    const without: (readonly string[])[] = [];
    run();
    await control(local.client, {
      inspect: async (ref) => ({ ref, env: [], labels: {}, layers: [{ digest: digest('a'), bytes: 10 }] }),
      layersOf: () => [{ digest: digest('b'), bytes: 20 }],
      async provide(_, folder, __, absent) {
        without.push([...absent!]);
        await mkdir(folder);
        const cache = join(dataDir, 'caches', app.metadata.uid!);
        await writeFile(join(cache, 'layers'), `${'c'.repeat(64)}\nodd\n`);
      },
    });
    for (const [name, value] of Object.entries({ 'app-1': 'false', 'app-2': 'false', 'app-3': 'true' })) {
      await push(name, 'FROM base\n', { params: [{ name: noCacheParam, value }] });
      await ended(name);
    }
    expect(without).toEqual([[], [digest('c')], []]);
  });

  test('that waits for room says so; one that runs is building', async () => {
    await control(local.client);
    await push('app-1', 'FROM scratch\n');
    await ended('app-1', ({ status }) => conditionOf({ status: status! }, 'TaskRunReady')?.reason === 'initializing');
    const report = async (reason: string, message: string): Promise<void> => {
      const latest = await local.client.get(TaskRun, { namespace: 'dev', name: 'app-1' });
      const conditions = [{ type: 'Succeeded', status: 'Unknown' as const, reason, message }];
      await local.client.updateStatus(TaskRun, { ...latest, status: { conditions } });
    };
    await report('Pending', 'WaitingForRoom: 2Gi of memory are not free');
    await ended('app-1', ({ status }) => status?.phase === 'Waiting: 2Gi of memory are not free');
    await report('Running', 'Not all Steps in the Task have finished executing');
    await ended('app-1', ({ status }) => status?.phase === 'Building');
  });

  test('has here-documents where buildah knows them', async () => {
    run();
    await control(local.client, { knowsHereDocuments: async () => true });
    await push('app-1', 'FROM scratch\nCOPY <<A /a\ntext\nA\n');
    expect(conditionOf(await ended('app-1'), 'Succeeded')?.status).toBe('True');
  });

  test('sees source and images read-only, and the cache; it has limits', async () => {
    const ran = run();
    await control(local.client);
    await push('app-1', 'ARG V\nFROM base:$V\n', {
      env: [{ name: 'V', value: '2' }],
      params: [{ name: 'NO_CACHE', value: 'true' }],
    });
    await ended('app-1');
    const { timeout, taskSpec } = ran[0]!.spec;
    const [step] = taskSpec!.steps!;
    expect(timeout).toBe('1h0m0s');
    expect(step).toMatchObject({
      image: 'kf.local/stack/builder',
      computeResources: { limits: { memory: '2048Mi' } },
      volumeMounts: [
        { name: 'source', mountPath: '/source', readOnly: true },
        { name: 'bases', mountPath: '/bases', readOnly: true },
        { name: 'build', mountPath: '/build' },
      ],
    });
    expect(step!.command!.slice(3)).toEqual([
      ...['build', '1', 'docker.io/library/base:2', '--isolation', 'oci', '--runtime', '/usr/sbin/runc'],
      ...['--network', 'host', '--layers', '--pull=never', '--no-cache', '--file', '/source/Dockerfile'],
      ...['--build-arg', 'V=2'],
    ]);
    expect(asked).toEqual(['base:2']);
  });
});

describe('a Build fails, and nothing runs', () => {
  const reasonOf = async (dockerfile: string, spec: Partial<Build['spec']> = {}, changes: Partial<ImageTools> = {}) => {
    await control(local.client, changes);
    await push('app-1', dockerfile, spec);
    const condition = conditionOf(await ended('app-1'), 'Succeeded');
    expect((await local.client.list(TaskRun)).items).toEqual([]);
    return `${condition?.reason}: ${condition?.message}`;
  };

  test('an image that cannot be had', async () => {
    expect(await reasonOf('FROM missing:1\n')).toBe('BaseImageMissing: image missing:1: manifest unknown');
  });

  test('a Dockerfile that is not there, or leads out of the source', async () => {
    const params = [{ name: 'DOCKERFILE', value: '../../../etc/passwd' }];
    expect(await reasonOf('', { params })).toContain(`couldn't be found under the app root`);
  });

  test('a here-document, where buildah is too old for it: its line, and what to do instead', async () => {
    const text = 'FROM scratch\n# <<EOF\nRUN true \\\n  && cat <<EOF\nFROM x\nEOF\n';
    const said = await reasonOf(text);
    expect(said).toContain('UnbuildableSource: Dockerfile, line 3: RUN has a here-document (<<)');
    expect(said).toContain('COPY it');
  });

  test('a machine that lacks a program', async () => {
    expect(await reasonOf('', {}, { lack: async () => 'buildah is missing' })).toBe(
      'MissingProgram: buildah is missing',
    );
  });
});

test('what a build leaves is no image: it fails', async () => {
  run();
  const take = () => Promise.reject(new BaseImageError('what was built is no image'));
  await control(local.client, { take });
  await push('app-1', 'FROM scratch\n');
  expect(conditionOf(await ended('app-1'), 'Succeeded')?.reason).toBe('BadImage');
});

test('an image that cannot be kept, for whatever reason, is asked for a few times, then the Build fails', async () => {
  run();
  let times = 0;
  await control(local.client, {
    take: async () => {
      times++;
      throw new Error('no space left on device');
    },
  });
  await push('app-1', 'FROM scratch\n');
  expect(conditionOf(await ended('app-1'), 'Succeeded')).toMatchObject({
    reason: 'ImageNotKept',
    message: 'the image was built, but could not be kept: no space left on device',
  });
  expect(times).toBe(5);
});

test('terminated while an image is fetched: it ends, and what has come by then starts nothing', async () => {
  let come = (): void => undefined;
  const inspect = (ref: string) =>
    new Promise<ImageFacts>((resolve) => {
      come = () => resolve({ ref, env: [], labels: {}, layers: [] });
    });
  await control(local.client, { inspect });
  await push('app-1', 'FROM base\n');
  await ended('app-1', ({ status }) => status?.phase === 'Getting image base');
  await local.client.patch(
    Build,
    { namespace: 'dev', name: 'app-1' },
    { type: 'merge', body: { spec: { terminated: true } } },
  );
  expect(conditionOf(await ended('app-1'), 'Succeeded')).toMatchObject({ reason: 'BuildTerminated' });
  come();
  await Promise.all(running.map((controller) => controller.idle()));
  expect((await local.client.list(TaskRun)).items).toEqual([]);
});
