import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Namespace, Secret, ServiceAccount } from '../../../src/resources/core/kinds.ts';
import type { BundleImages } from '../../../src/tekton/resolvers/bundle-images.ts';
import { bundlesResolver } from '../../../src/tekton/resolvers/bundles-resolver.ts';
import { startLocalApi } from '../../support/local-api.ts';
import { namespace, startResolvers, taskYaml } from './support.ts';

const hex = 'ab'.repeat(32);
const notes = (kind: string, name: string) => ({
  'dev.tekton.image.kind': kind,
  'dev.tekton.image.name': name,
  'dev.tekton.image.apiVersion': 'v1',
});
type Layers = readonly { readonly annotations: Readonly<Record<string, string>>; readonly content: Buffer }[];

async function archive(text: string): Promise<Buffer> {
  const tar = pack();
  tar.entry({ name: 'dir', type: 'directory' });
  tar.entry({ name: 'dir/resource' }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

let images: Readonly<Record<string, Layers>>;
const asked: { image: string; credentials: string | undefined }[] = [];
/** Images without a registry. */
const shelf: BundleImages = {
  async open(image, credentials, use) {
    asked.push({ image, credentials });
    const layers = images[image.split(/[:@]/)[0]!]!.map(({ annotations, content }) => ({
      annotations,
      read: async () => content,
    }));
    return use({ uri: `registry.example.com/${image}`, digest: `sha256:${hex}`, layers });
  },
};

let api: ReturnType<typeof startLocalApi>;
let world: ReturnType<typeof startResolvers>;
beforeAll(async () => {
  const [task, other] = [await archive(taskYaml('build')), await archive(taskYaml('other'))];
  images = {
    good: [
      { annotations: notes('task', 'other'), content: other },
      { annotations: notes('task', 'build'), content: gzipSync(task) },
    ],
    bare: [{ annotations: {}, content: task }],
    plural: [{ annotations: notes('tasks', 'build'), content: task }],
    many: Array.from({ length: 21 }, () => ({ annotations: notes('task', 'build'), content: task })),
    bomb: [{ annotations: notes('task', 'build'), content: gzipSync(Buffer.alloc(2 ** 26)) }],
    empty: [{ annotations: notes('task', 'build'), content: Buffer.alloc(1024) }],
    broken: [{ annotations: notes('task', 'build'), content: gzipSync(task).subarray(0, 50) }],
  };
  api = startLocalApi();
  const { client } = api;
  await client.create(Namespace, { metadata: { name: namespace } });
  const auths = (host: string) => ({
    '.dockerconfigjson': Buffer.from(JSON.stringify({ auths: { [host]: { auth: 'eA==' } } })).toString('base64'),
  });
  await client.create(Secret, { metadata: { name: 'mine', namespace }, data: auths('mine.example.com') });
  await client.create(Secret, { metadata: { name: 'robots', namespace }, data: auths('robot.example.com') });
  await client.create(ServiceAccount, {
    metadata: { name: 'robot', namespace },
    imagePullSecrets: [{ name: 'robots' }],
  });
  world = startResolvers({ client }, { bundles: bundlesResolver({ client, images: shelf }) });
});
afterAll(async () => {
  await world.stop();
  await api.close();
});

const resolve = (bundle: string, more: Record<string, string> = {}) =>
  world.resolve('bundles', { bundle, name: 'build', ...more });

test('the layer that is named', async () => {
  expect(await resolve('good:1')).toMatchObject({
    text: taskYaml('build'),
    source: { uri: 'registry.example.com/good:1', digest: { sha256: hex }, entryPoint: 'build' },
    annotations: { 'resolution.tekton.dev/dev.tekton.image.name': 'build' },
  });
});

test('a digest is asked for once; a tag each time', async () => {
  const times = (image: string) => asked.filter((one) => one.image === image).length;
  for (const image of [`good@sha256:${hex}`, 'good:2']) for (let time = 0; time < 2; time++) await resolve(image);
  expect([times(`good@sha256:${hex}`), times('good:2')]).toEqual([1, 2]);
});

test('credentials of a Secret, or of the ServiceAccount', async () => {
  await resolve('good:3', { secret: 'mine' });
  expect(asked.at(-1)?.credentials).toContain('mine.example.com');
  await resolve('good:3', { serviceAccount: 'robot' });
  expect(asked.at(-1)?.credentials).toContain('robot.example.com');
  await resolve('good:3');
  expect(asked.at(-1)?.credentials).toBeUndefined();
});

test.each<[string, Record<string, string>, RegExp]>([
  ['', {}, /parameter "bundle" required$/],
  ['good', { name: '' }, /parameter "name" required$/],
  [
    'good',
    { kind: 'pipeline' },
    /^error getting "bundleresolver" "dev\/r\d+": could not find object in image with kind: pipeline and name: build; it has task other, task build$/,
  ],
  [
    'bare',
    {},
    /invalid tekton bundle bare, error: the layer 0 does not contain a dev\.tekton\.image\.apiVersion annotation$/,
  ],
  ['plural', {}, /must be lowercased and singular, found tasks$/],
  ['many', {}, /contained more than the maximum 20 allow objects$/],
  ['bomb', {}, /exceeds maximum allowed size of 1048576 bytes$/],
  ['empty', {}, /the layer has no file$/],
  ['broken', {}, /cannot read the layer: /],
])('%s %j', async (bundle, more, message) => {
  expect(await resolve(bundle, more)).toMatchObject({
    reason: 'ResolutionFailed',
    message: expect.stringMatching(message),
  });
});
