import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ResourceUsage, UsageSource } from '../../../../src/client/usage.ts';
import { Namespace, Node } from '../../../../src/resources/core/kinds.ts';
import { Pod } from '../../../../src/resources/core/pod.ts';
import { startServer, type TestServer } from '../support.ts';

/** Uses more every time it is asked; the Pod `ended` uses nothing. */
class Meter implements UsageSource {
  #asked = 0;
  async ofPod({ metadata }: Pod) {
    if (metadata.name === 'ended') return new Map<string, ResourceUsage>();
    return new Map([['main', { cpuNanoseconds: ++this.#asked * 1e9, memoryBytes: 3 * 2 ** 20 }]]);
  }
  async ofMachine() {
    return { cpuNanoseconds: ++this.#asked * 1e9, memoryBytes: 2 ** 30 };
  }
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ usage: new Meter() });
  await server.client.create(Namespace, { metadata: { name: 'dev' } });
  await server.client.create(Node, { metadata: { name: 'here' } });
  for (const name of ['busy', 'ended', 'finished']) {
    const pod = await server.client.create(Pod, {
      metadata: { name, namespace: 'dev', labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'i' }] },
    } as never);
    if (name === 'finished') await server.client.updateStatus(Pod, { ...pod, status: { phase: 'Succeeded' } } as Pod);
  }
});
afterAll(() => server.close());

const path = '/apis/metrics.k8s.io/v1beta1';
const get = async (rest: string) => (await server.request('GET', `${path}/${rest}`)).json;

test('containers that run: their share of processors between two looks, their memory', async () => {
  const { kind, items } = await get('namespaces/dev/pods');
  expect(kind).toBe('PodMetricsList');
  expect(items).toMatchObject([
    {
      metadata: { name: 'busy', namespace: 'dev', labels: { app: 'busy' } },
      containers: [{ name: 'main', usage: { memory: '3072Ki' } }],
    },
  ]);
  const [{ timestamp, window, containers }] = items;
  expect(timestamp).toMatch(/Z$/);
  // A second of processor time within the window.
  const seconds = Number(/^(\d+)ms$/.exec(window)![1]) / 1000;
  expect(containers[0].usage.cpu).toBe(`${Math.round(1e9 / seconds)}n`);
});

test('one by name, those of a label, none that does not run, no watch', async () => {
  expect(await get('namespaces/dev/pods/busy')).toMatchObject({ kind: 'PodMetrics', metadata: { name: 'busy' } });
  expect(await get('pods?labelSelector=app%3Dended')).toMatchObject({ items: [] });
  expect(await get('namespaces/dev/pods/ended')).toMatchObject({ code: 404, reason: 'NotFound' });
  expect(await get('pods?watch=true')).toMatchObject({ code: 405 });
});

test('the Node', async () => {
  const { items } = await get('nodes');
  expect(items).toMatchObject([{ kind: 'NodeMetrics', metadata: { name: 'here' }, usage: { memory: '1048576Ki' } }]);
});
