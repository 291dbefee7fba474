import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SourceStore } from '../../../src/build/source-store.ts';
import { type Collector, startCollector } from '../../../src/embedded/disk/collector.ts';
import { ImageStore } from '../../../src/node/images/image-store.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { Build } from '../../../src/resources/kf/build.ts';
import { SourcePackage } from '../../../src/resources/kf/source-package.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

let local: TestApi;
let root: string;
let images: ImageStore;
let sources: SourceStore;
let clock: FakeClock;
let collector: Collector | undefined;

beforeEach(async () => {
  local = startLocalApi();
  clock = new FakeClock();
  root = mkdtempSync(join(tmpdir(), 'collector-'));
  images = new ImageStore({ images: join(root, 'images'), layers: join(root, 'layers') });
  sources = new SourceStore(root, 0);
  await Promise.all([images.open(), sources.start()]);
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterEach(async () => {
  await collector?.stop();
  await local.close();
  rmSync(root, { recursive: true });
});

async function start(isHeld = () => false): Promise<void> {
  collector = startCollector({ client: local.client, clock, images, sources, isHeld });
  await collector.idle();
}

/** Resolves when it has looked because of something, which must come to pass. */
async function looked(): Promise<void> {
  while ((clock.nextIn ?? Number.POSITIVE_INFINITY) > 2000) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(2000);
  await collector!.idle();
}

async function image(digit: string): Promise<string> {
  const layer = `sha256:${digit.repeat(64)}`;
  mkdirSync(images.layerPath(layer), { recursive: true });
  writeFileSync(join(images.layerPath(layer), 'file'), digit);
  return (await images.put({ repository: 'dev/app', base: 'host', layers: [layer], config: {} })).ref;
}
const isThere = async (ref: string): Promise<boolean> => (await images.lackOf(ref)) === undefined;
const ref = (name: string) => ({ namespace: 'dev', name });

async function build(name: string, image: string): Promise<void> {
  const made = await local.client.create(Build, { metadata: ref(name), spec: { name: 'host-stack' } });
  const status = { image, conditions: [{ type: 'Succeeded', status: 'True' as const }] };
  await local.client.updateStatus(Build, { ...made, status });
}

test('at its start only what is named by an App, a Build, or a run that has not ended is left', async () => {
  const [ofApp, ofStatus, ofBuild, ofRun, ofPod, ofNobody] = await Promise.all([...'abcdef'].map(image));
  const template = { spec: { containers: [{}] } };
  await local.client.create(App, { metadata: ref('given'), spec: { build: { image: ofApp! }, template } });
  const built = await local.client.create(App, { metadata: ref('built'), spec: { build: {}, template } });
  await local.client.updateStatus(App, { ...built, status: { image: ofStatus! } });
  await build('kept', ofBuild!);
  await local.client.create(PipelineRun, {
    metadata: ref('run'),
    spec: { pipelineSpec: { tasks: [{ name: 't', taskSpec: { steps: [{ name: 's', image: ofRun! }] } }] } },
  });
  await local.client.create(Pod, { metadata: ref('pod'), spec: { containers: [{ name: 'c', image: ofPod! }] } });
  await start();
  expect(await Promise.all([ofApp, ofStatus, ofBuild, ofRun, ofPod, ofNobody].map((one) => isThere(one!)))).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
});

test('the image of a Task that waits for its next attempt stays', async () => {
  const ofTask = await image('a');
  const task = await local.client.create(Task, {
    metadata: ref('task'),
    spec: { appRef: { name: 'app' }, retries: 1 },
  });
  const waits = { type: 'Succeeded', status: 'Unknown' as const };
  const waiting = await local.client.updateStatus(Task, { ...task, status: { image: ofTask, conditions: [waits] } });
  await build('going', await image('b'));
  await start();
  await local.client.delete(Build, ref('going'));
  await looked();
  expect(await isThere(ofTask)).toBe(true);
  await local.client.updateStatus(Task, {
    ...waiting,
    status: { ...waiting.status, conditions: [{ ...waits, status: 'True' }] },
  });
  await build('next', await image('c'));
  await local.client.delete(Build, ref('next'));
  await looked();
  expect(await isThere(ofTask)).toBe(false);
});

test('an image goes when its Build does, unless a Pod still runs with it; then with the Pod', async () => {
  const [one, two] = [await image('a'), await image('b')];
  await build('one', one);
  await build('two', two);
  const pod = await local.client.create(Pod, {
    metadata: ref('pod'),
    spec: { containers: [{ name: 'c', image: two }] },
  });
  await start();
  await local.client.delete(Build, ref('one'));
  await looked();
  expect([await isThere(one), await isThere(two)]).toEqual([false, true]);
  await local.client.delete(Build, ref('two'));
  await looked();
  expect(await isThere(two)).toBe(true);
  await local.client.updateStatus(Pod, { ...pod, status: { phase: 'Succeeded' } });
  await looked();
  expect(await isThere(two)).toBe(false);
});

test('while a backup is being made nothing goes; soon after it what nobody names', async () => {
  const one = await image('a');
  let held = true;
  await start(() => held);
  expect(await isThere(one)).toBe(true);
  held = false;
  clock.advance(10_000);
  await collector!.idle();
  expect(await isThere(one)).toBe(false);
});

test('a source package goes with the last object of its name', async () => {
  const bytes = Buffer.from('x');
  const sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';
  const spec = { size: 1, checksum: { type: 'sha256', value: sha256 } };
  await local.client.create(SourcePackage, { metadata: ref('one'), spec });
  await local.client.create(SourcePackage, { metadata: ref('two'), spec });
  const body = (async function* () {
    yield bytes;
  })();
  await sources.receive(body, { size: 1, sha256 });
  await start();
  await local.client.delete(SourcePackage, ref('one'));
  await looked();
  expect(await sources.has(sha256)).toBe(true);
  await local.client.delete(SourcePackage, ref('two'));
  await looked();
  expect(await sources.has(sha256)).toBe(false);
});
