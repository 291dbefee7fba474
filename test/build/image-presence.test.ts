import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ImagePresence, startImagePresence } from '../../src/build/image-presence.ts';
import type { Client } from '../../src/client/client.ts';
import { systemClock } from '../../src/client/clock.ts';
import { startAppController } from '../../src/controllers/app/app-controller.ts';
import { ImageStore } from '../../src/node/images/image-store.ts';
import { type Condition, conditionOf } from '../../src/resources/condition.ts';
import { Namespace } from '../../src/resources/core/kinds.ts';
import { App } from '../../src/resources/kf/app.ts';
import { Build } from '../../src/resources/kf/build.ts';
import { hostile } from '../client/hostile-client.ts';
import { startLocalApi, type TestApi } from '../support/local-api.ts';

let local: TestApi;
let root: string;
let images: ImageStore;
const running: { stop(): Promise<void> }[] = [];
const layer = `sha256:${'a'.repeat(64)}`;

beforeEach(async () => {
  local = startLocalApi();
  root = mkdtempSync(join(tmpdir(), 'presence-'));
  images = new ImageStore({ images: join(root, 'images'), layers: join(root, 'layers') });
  await images.open();
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()));
  await local.close();
  rmSync(root, { recursive: true });
});

function start(client: Client): ImagePresence {
  const presence = startImagePresence({ client, clock: systemClock, images });
  running.push(presence, startAppController({ client, clock: systemClock }));
  return presence;
}

/** An App that was built; its image has one layer. */
async function built(name: string): Promise<string> {
  makeLayer();
  const { ref } = await images.put({ repository: `dev/${name}`, base: 'host', layers: [layer], config: {} });
  await local.client.create(App, {
    metadata: { name, namespace: 'dev' },
    spec: {
      build: { spec: { name: 'host-stack' }, updateRequests: 1 },
      template: { spec: { containers: [{}] } },
      instances: { stopped: true },
    },
  });
  const build = await until(Build, `${name}-1`, () => true);
  const status = { image: ref, conditions: [{ type: 'Succeeded', status: 'True' as const }] };
  await local.client.updateStatus(Build, { ...build, status });
  await until(App, name, (app) => app.status?.image === ref);
  return ref;
}

function makeLayer(): void {
  mkdirSync(join(images.layerPath(layer), 'home'), { recursive: true });
}

async function until<K extends typeof App | typeof Build>(
  kind: K,
  name: string,
  holds: (object: App & Build) => boolean,
) {
  for (;;)
    for await (const { type, object } of local.client.watch(kind as typeof App, {
      namespace: 'dev',
      fieldSelector: `metadata.name=${name}`,
    }))
      if (type !== 'DELETED' && holds(object as App & Build)) return object as App & Build;
}

const ready = (status: Condition['status'], reason?: string) => (app: App) => {
  const condition = conditionOf(app, 'BuildReady');
  return condition?.status === status && condition.reason === reason;
};

test.each([0, 1, 2, 3, 4])(
  'an App whose image goes says so, and gets well when it is back; hostile seed %i',
  async (seed) => {
    const client = seed === 0 ? local.client : hostile(local.client, { seed });
    start(client);
    const ref = await built('one');
    rmSync(images.layerPath(layer), { recursive: true });
    const app = await until(App, 'one', ready('False', 'ImageMissing'));
    expect(conditionOf(app, 'Ready')).toMatchObject({ status: 'False', reason: 'ImageMissing' });
    expect(conditionOf(app, 'BuildReady')?.message).toContain('push the app again');
    // It is not forgotten what was there.
    expect(app.status?.image).toBe(ref);
    makeLayer();
    await until(App, 'one', ready('True'));
    if ('close' in client) (client as { close(): void }).close();
  },
);

test('what went while nobody looked is found at the start, of each App by itself', async () => {
  const controller = startAppController({ client: local.client, clock: systemClock });
  running.push(controller);
  await built('one');
  const other = `sha256:${'b'.repeat(64)}`;
  mkdirSync(images.layerPath(other));
  writeFileSync(join(images.layerPath(other), 'file'), '');
  rmSync(join(root, 'images'), { recursive: true });
  await images.open();
  start(local.client);
  await until(App, 'one', ready('False', 'ImageMissing'));
  expect(existsSync(images.layerPath(layer))).toBe(true);
});

test('an App whose image is whole hears nothing of it', async () => {
  const presence = start(local.client);
  await built('one');
  const { resourceVersion } = (await local.client.get(Build, { namespace: 'dev', name: 'one-1' })).metadata;
  await presence.idle();
  expect((await local.client.get(Build, { namespace: 'dev', name: 'one-1' })).metadata.resourceVersion).toBe(
    resourceVersion,
  );
});
