import { afterEach, beforeEach, expect, test } from 'vitest';
import { publishTektonInfo } from '../../src/embedded/tekton-info.ts';
import { ConfigMap } from '../../src/resources/core/kinds.ts';
import { startLocalApi, type TestApi } from '../support/local-api.ts';

let server: TestApi;
beforeEach(() => {
  server = startLocalApi();
});
afterEach(() => server.close());

const namespace = 'tekton-pipelines';
const told = async () => (await server.client.list(ConfigMap, { namespace })).items;

test('is told once, and anew by another version', async () => {
  await publishTektonInfo(server.client, '1.2.3');
  const first = await told();
  expect(first.map(({ metadata }) => metadata.name)).toEqual(['config-defaults', 'feature-flags', 'pipelines-info']);
  await publishTektonInfo(server.client, '1.2.3');
  expect(await told()).toEqual(first);
  await publishTektonInfo(server.client, '1.2.4');
  const info = await server.client.get(ConfigMap, { namespace, name: 'pipelines-info' });
  expect(info.data?.version).toMatch(/^v1\.\d+\.\d+\+kf-1\.2\.4$/);
});

test('cannot be edited: it would set nothing', async () => {
  await publishTektonInfo(server.client, '1.2.3');
  const ref = { namespace, name: 'feature-flags' };
  const flags = await server.client.get(ConfigMap, ref);
  await expect(
    server.client.update(ConfigMap, { ...flags, data: { ...flags.data, coschedule: 'workspaces' } }),
  ).rejects.toThrow('field is immutable');
});
