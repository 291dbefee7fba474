import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import type { PodNetwork } from '../../../src/node/network/network.ts';
import { PodPolicies } from '../../../src/node/network/pod-policies.ts';
import type { Restriction } from '../../../src/node/network/restrictions.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { NetworkPolicy } from '../../../src/resources/core/network-policy.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { annotations } from '../../../src/resources/labels.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

/** Takes what is set, and says so. */
class FakeNetwork {
  readonly set: Restriction[] = [];
  /** How many changes are refused before one is taken. */
  refusals = 0;
  #seen: (() => void)[] = [];

  readonly network = {
    restrict: async (restriction: Restriction): Promise<void> => {
      if (this.refusals-- > 0) throw new Error('iptables is busy');
      this.set.push(restriction);
      for (const seen of this.#seen.splice(0)) seen();
    },
  } as PodNetwork;

  /** Resolves once what is in force is accepted. */
  async until(accepts: (restriction: Restriction | undefined) => boolean): Promise<void> {
    while (!accepts(this.set.at(-1))) await new Promise<void>((resolve) => this.#seen.push(resolve));
  }
}

let local: TestApi;
let client: Client;
let abort: AbortController;
let clock: FakeClock;
let policies: PodPolicies;
let errors: string[];

beforeEach(async () => {
  local = startLocalApi();
  client = local.client;
  abort = new AbortController();
  clock = new FakeClock();
  errors = [];
  policies = new PodPolicies({ client, clock, signal: abort.signal, onError: (message) => errors.push(message) });
  await client.create(Namespace, { metadata: { name: 'dev' } });
  await client.create(Namespace, { metadata: { name: 'other' } });
  await policies.watch();
});
afterEach(async () => {
  abort.abort();
  await local.close();
});

const pod = (
  name: string,
  labels: Readonly<Record<string, string>> = { 'kf.dev/networkpolicy': 'app' },
): Promise<Pod> =>
  client.create(Pod, {
    metadata: { name, namespace: 'dev', labels },
    spec: { containers: [{ name: 'main', image: 'x' }] },
  });
const deny = (namespace = 'dev', podSelector: NetworkPolicy['spec']['podSelector'] = {}) =>
  client.create(NetworkPolicy, { metadata: { name: 'deny', namespace }, spec: { podSelector, egress: [] } });

test('a Pod is held before it starts, and follows what changes', async () => {
  const [held, other] = [new FakeNetwork(), new FakeNetwork()];
  await policies.hold(await pod('free'), other.network);
  expect(other.set).toEqual([{ hostPorts: [] }]);
  await deny('dev', { matchLabels: { app: 'a' } });
  await policies.hold(await pod('held', { app: 'a' }), held.network);
  expect(held.set.at(-1)).toEqual({ egress: [], hostPorts: [] });
  await client.delete(NetworkPolicy, { namespace: 'dev', name: 'deny' });
  await held.until((restriction) => restriction?.egress === undefined);
  expect(other.set.every(({ egress }) => egress === undefined)).toBe(true);
});

test('a policy of another namespace says nothing', async () => {
  const held = new FakeNetwork();
  await deny('other');
  await policies.hold(await pod('held'), held.network);
  expect(held.set).toEqual([{ hostPorts: [] }]);
});

test('ports of the host are for everything but Builds', async () => {
  const [task, build] = [new FakeNetwork(), new FakeNetwork()];
  await policies.hold(await pod('task'), task.network);
  await policies.hold(await pod('build', { 'kf.dev/networkpolicy': 'build' }), build.network);
  const metadata = { annotations: { [annotations.hostPorts]: '5432,x,0,6379,5432' } };
  await client.patch(Namespace, { name: 'dev' }, { type: 'merge', body: { metadata } });
  await task.until((restriction) => restriction?.hostPorts.join() === '5432,6379');
  expect(build.set.every(({ hostPorts }) => hostPorts.length === 0)).toBe(true);
});

test('labels decide, also when they change', async () => {
  const held = new FakeNetwork();
  await deny('dev', { matchLabels: { app: 'a' } });
  const made = await pod('held');
  await policies.hold(made, held.network);
  expect(held.set.at(-1)?.egress).toBeUndefined();
  policies.observe({ ...made, metadata: { ...made.metadata, labels: { app: 'a' } } });
  await held.until((restriction) => restriction?.egress !== undefined);
});

test('a Pod does not start while the firewall refuses; a change for one that runs is tried again', async () => {
  const held = new FakeNetwork();
  held.refusals = 1;
  const made = await pod('held');
  await expect(policies.hold(made, held.network)).rejects.toThrow('iptables is busy');
  expect(errors).toEqual([]);
  await policies.resume(made, held.network);
  held.refusals = 1;
  await deny();
  while (errors.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual(['pod held: network policies are not in force yet']);
  clock.advance(1000);
  await held.until((restriction) => restriction?.egress !== undefined);
});

test('a Pod that went is left alone', async () => {
  const [gone, there] = [new FakeNetwork(), new FakeNetwork()];
  const made = await pod('gone');
  await policies.hold(made, gone.network);
  await policies.hold(await pod('there'), there.network);
  policies.release(made.metadata.uid!);
  await deny();
  await there.until((restriction) => restriction?.egress !== undefined);
  expect(gone.set).toEqual([{ hostPorts: [] }]);
});
