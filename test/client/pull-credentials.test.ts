import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildCredentials, podCredentials } from '../../src/client/pull-credentials.ts';
import { Namespace, Secret, ServiceAccount } from '../../src/resources/core/kinds.ts';
import type { Pod } from '../../src/resources/core/pod.ts';
import { Build } from '../../src/resources/kf/build.ts';
import { Space } from '../../src/resources/kf/space.ts';
import { startLocalApi, type TestApi } from '../support/local-api.ts';

let local: TestApi;
const namespace = 'dev';
beforeEach(async () => {
  local = startLocalApi();
  await local.client.create(Namespace, { metadata: { name: namespace } });
  for (const name of ['own', 'usual', 'builder'])
    await local.client.create(Secret, {
      metadata: { namespace, name },
      stringData: { '.dockerconfigjson': JSON.stringify({ auths: { 'x.io': { auth: name } } }) },
    });
  await account('default', 'usual');
});
afterEach(() => local.close());

const account = (name: string, ...secrets: readonly string[]) =>
  local.client.create(ServiceAccount, {
    metadata: { namespace, name },
    imagePullSecrets: secrets.map((one) => ({ name: one })),
  });
const userIn = (credentials: string | undefined): unknown =>
  credentials === undefined ? undefined : JSON.parse(credentials).auths['x.io'].auth;
const build = (name: string, spec: Partial<Build['spec']> = {}) =>
  local.client.create(Build, { metadata: { namespace, name }, spec: { name: 'dockerfile', ...spec } });

test('a Build has its own, else those of the Space’s service account for builds, else of "default"', async () => {
  expect(userIn(await buildCredentials(local.client, await build('one')))).toBe('usual');
  expect(
    userIn(await buildCredentials(local.client, await build('two', { imagePullSecrets: [{ name: 'own' }] }))),
  ).toBe('own');
  await account('kf-builder', 'builder');
  await local.client.create(Space, {
    metadata: { name: namespace },
    spec: { buildConfig: { serviceAccount: 'kf-builder' } },
  });
  expect(userIn(await buildCredentials(local.client, await build('three')))).toBe('builder');
  // Which is not there: nothing, as in Kubernetes.
  await local.client.delete(ServiceAccount, { namespace, name: 'kf-builder' });
  expect(await buildCredentials(local.client, await build('four'))).toBeUndefined();
});

test('a Pod has its own, else those of its service account', async () => {
  await account('runner', 'builder', 'usual');
  const pod = (spec: Partial<Pod['spec']>): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name: 'p' },
    spec: { containers: [{ name: 'c', image: 'x.io/a' }], ...spec },
  });
  expect(userIn(await podCredentials(local.client, pod({})))).toBe('usual');
  expect(userIn(await podCredentials(local.client, pod({ serviceAccountName: 'runner' })))).toBe('builder');
  const named = pod({ serviceAccountName: 'runner', imagePullSecrets: [{ name: 'own' }] });
  expect(userIn(await podCredentials(local.client, named))).toBe('own');
});
