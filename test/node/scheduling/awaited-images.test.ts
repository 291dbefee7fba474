/** Pods whose images are pulled: what is final, what is asked for again and when, and what their status says meanwhile. */

import { beforeEach, expect, test } from 'vitest';
import type { Images } from '../../../src/node/images/node-images.ts';
import { PullError } from '../../../src/node/images/pull-error.ts';
import { ImageToolsMissing } from '../../../src/node/images/skopeo.ts';
import { AwaitedImages } from '../../../src/node/scheduling/awaited-images.ts';
import { imagePullOf } from '../../../src/resources/core/image-pull.ts';
import { Secret, ServiceAccount } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryClient } from '../support/memory-client.ts';

let client: MemoryClient;
let clock: FakeClock;
let awaited: AwaitedImages;
let stop: AbortController;
const ready: string[] = [];
const refused: (readonly [string, string, string])[] = [];
/** What each pull comes to, in order; the last one stays. */
let answers: (Error | undefined)[] = [];
let pulls: { readonly ref: string; readonly credentials?: string | undefined; onProgress?: (bytes: number) => void }[] =
  [];
let missing = true;

const images: Images = {
  resolve: () => Promise.reject(new Error('not asked for')),
  isHere: () => false,
  async wants(ref) {
    if (ref === 'Bad') throw new PullError('"Bad" is no image', 'fact', 'InvalidImageName');
    return missing;
  },
  async pull(ref, { credentials, onProgress } = {}) {
    pulls.push({ ref, credentials, ...(onProgress === undefined ? {} : { onProgress }) });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer !== undefined) throw answer;
    return { ref };
  },
};

beforeEach(() => {
  client = new MemoryClient();
  clock = new FakeClock();
  stop = new AbortController();
  ready.length = 0;
  refused.length = 0;
  pulls = [];
  answers = [undefined];
  missing = true;
  awaited = new AwaitedImages({
    client,
    clock,
    images,
    stopping: stop.signal,
    ready: (pod) => ready.push(pod.metadata.name),
    refuse: (pod, { reason, message }) => refused.push([pod.metadata.name, reason, message]),
    onError: () => {},
  });
});

async function arrive(name: string, spec: Partial<Pod['spec']> = {}): Promise<Pod> {
  const pod = await client.create(Pod, {
    metadata: { name, namespace: 'dev' },
    spec: { containers: [{ name: 'main', image: 'debian:12' }], ...spec },
  });
  awaited.arrive(pod);
  return pod;
}
const now = (name: string) => client.get(Pod, { namespace: 'dev', name });
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));
const passing = () => new PullError('connection refused', 'passing');

test('one whose images are here goes on at once, without a word', async () => {
  missing = false;
  await arrive('here');
  await settled();
  expect(ready).toEqual(['here']);
  expect((await now('here')).status?.conditions).toBeUndefined();
});

test('one that is pulled has it in its condition, from when to when, and nothing of it in its containers', async () => {
  await arrive('pulled');
  await settled();
  expect(ready).toEqual(['pulled']);
  const pod = await now('pulled');
  expect(imagePullOf(pod)).toMatchObject({ state: 'Pulled', message: 'debian:12' });
  expect(pod.status?.startTime).toBeDefined();
  expect(pod.status?.containerStatuses).toBeUndefined();
});

test('nobody answers: again after 10 s, 20 s, 40 s … at most 5 minutes', async () => {
  answers = [passing()];
  await arrive('again');
  const waited: number[] = [];
  for (let attempt = 0; attempt < 7; attempt++) {
    await settled();
    waited.push(clock.nextIn ?? -1);
    clock.advance(clock.nextIn ?? 0);
  }
  expect(waited.map((milliseconds) => milliseconds / 1000)).toEqual([10, 20, 40, 80, 160, 300, 300]);
  const { state } = (await now('again')).status?.containerStatuses?.[0] ?? {};
  expect(state?.waiting?.message).toContain('debian:12');
  answers = [undefined];
  await settled();
  clock.advance(300_000);
  await settled();
  expect(ready).toEqual(['again']);
});

test('while it waits for the next try its status says why, in Kubernetes’ words', async () => {
  answers = [passing()];
  await arrive('waits');
  await settled();
  const pod = await now('waits');
  expect(pod.status?.phase).toBe('Pending');
  expect(pod.status?.containerStatuses?.[0]?.state?.waiting).toEqual({
    reason: 'ImagePullBackOff',
    message: 'Back-off pulling image "debian:12": connection refused',
  });
});

test.each([
  ['fact', [new PullError('manifest unknown', 'fact')], 'ErrImagePull', 'manifest unknown', 1],
  ['tools', [new ImageToolsMissing(['skopeo'])], 'ErrImagePull', 'apt-get install', 1],
  ['damaged', [new PullError('damaged', 'damaged')], 'ErrImagePull', 'damaged', 3],
])('%s: it is refused', async (name, errors, reason, message, times) => {
  answers = errors;
  await arrive(name);
  for (let attempt = 0; attempt < 4; attempt++) {
    await settled();
    clock.advance(60_000);
  }
  expect(refused).toEqual([[name, reason, expect.stringContaining(message)]]);
  expect(pulls).toHaveLength(times);
  expect(awaited.has((await now(name)).metadata.uid!)).toBe(false);
});

test('what is no image is refused by that reason; a damaged layer that comes well in the end is none', async () => {
  await arrive('odd', { containers: [{ name: 'main', image: 'Bad' }] });
  answers = [new PullError('damaged', 'damaged'), undefined];
  await arrive('mended');
  await settled();
  clock.advance(10_000);
  await settled();
  expect(refused).toEqual([['odd', 'InvalidImageName', '"Bad" is no image']]);
  expect(ready).toEqual(['mended']);
});

test('each image once; the credentials of its secrets, those that are there', async () => {
  const config = JSON.stringify({ auths: { 'x.io': { auth: 'eA==' } } });
  await client.create(Secret, {
    metadata: { name: 'login', namespace: 'dev' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
  });
  const image = (name: string, of: string) => ({ name, image: of });
  await arrive('secret', {
    containers: [image('a', 'x.io/a:1'), image('b', 'x.io/a:1'), image('c', 'x.io/c:1')],
    imagePullSecrets: [{ name: 'gone' }, { name: 'login' }],
  });
  await settled();
  expect(pulls.map(({ ref, credentials }) => [ref, credentials])).toEqual([
    ['x.io/a:1', config],
    ['x.io/c:1', config],
  ]);
});

test('a Pod without secrets has those of its service account', async () => {
  const config = JSON.stringify({ auths: { 'x.io': { auth: 'eA==' } } });
  await client.create(Secret, {
    metadata: { name: 'login', namespace: 'dev' },
    data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
  });
  await client.create(ServiceAccount, {
    metadata: { name: 'puller', namespace: 'dev' },
    imagePullSecrets: [{ name: 'login' }],
  });
  await arrive('of-account', { containers: [{ name: 'a', image: 'x.io/a:1' }], serviceAccountName: 'puller' });
  await settled();
  expect(pulls.map(({ credentials }) => credentials)).toEqual([config]);
});

test('a Pod that leaves is not started, nor one of a server that stops', async () => {
  answers = [passing()];
  const pod = await arrive('left');
  await arrive('stopped');
  await settled();
  answers = [undefined];
  awaited.leave(pod.metadata.uid!);
  stop.abort();
  clock.advance(300_000);
  await settled();
  expect([ready, refused]).toEqual([[], []]);
  expect(pulls).toHaveLength(2);
});
