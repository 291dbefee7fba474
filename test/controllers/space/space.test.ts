import { afterEach, describe, expect, test } from 'vitest';
import { conditionOf, isFinal } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { NetworkPolicy } from '../../../src/resources/core/network-policy.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { Space } from '../../../src/resources/kf/space.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { annotations } from '../../../src/resources/labels.ts';
import { clientSettings } from '../clients.ts';
import { World } from '../world.ts';

const settings = clientSettings();

describe.each(Object.keys(settings))('a Space’s network over the %s client', (name) => {
  let world: World;
  let close: () => Promise<void>;
  afterEach(async () => {
    await world.stop();
    await close();
  });
  const policy = { namespace: 'dev', name: 'space-app-policy' };

  const start = async (spec: Space['spec']): Promise<void> => {
    const setting = await settings[name]!();
    world = new World(setting.controllers(), setting.honest);
    close = setting.close;
    await world.client.create(Space, { metadata: { name: 'dev' }, spec });
    await settled();
  };
  const settled = () =>
    world.until(
      Space,
      { name: 'dev' },
      (space) => isFinal(space) && space.status?.observedGeneration === space.metadata.generation,
    );
  const configure = async (spec: unknown) => {
    await world.client.patch(Space, { name: 'dev' }, { type: 'merge', body: { spec } });
    return settled();
  };

  test('DenyAll is a NetworkPolicy, there before the Space is ready, made anew when it goes', async () => {
    await start({ networkConfig: { appNetworkPolicy: { egress: 'DenyAll' } } });
    const made = await world.client.get(NetworkPolicy, policy);
    expect(made.spec).toEqual({
      podSelector: { matchExpressions: [{ key: 'kf.dev/networkpolicy', operator: 'NotIn', values: ['build'] }] },
      policyTypes: ['Egress'],
      egress: [],
    });
    await world.client.patch(NetworkPolicy, policy, { type: 'merge', body: { spec: { egress: [{}] } } });
    await world.until(NetworkPolicy, policy, ({ spec }) => spec.egress?.length === 0);
    await world.client.delete(NetworkPolicy, policy);
    await world.until(NetworkPolicy, policy, ({ metadata }) => metadata.uid !== made.metadata.uid);
    await configure({ networkConfig: { appNetworkPolicy: { egress: 'PermitAll' } } });
    await world.untilGone(NetworkPolicy, policy);
  });

  test('somebody else’s policy of that name is left alone, and said', async () => {
    await start({});
    await world.client.create(NetworkPolicy, { metadata: policy, spec: { podSelector: {}, egress: [{}] } });
    const space = await configure({ networkConfig: { appNetworkPolicy: { egress: 'DenyAll' } } });
    const refused = await world.until(Space, { name: 'dev' }, (one) => conditionOf(one, 'Ready')?.status === 'False');
    expect(space.metadata.generation).toBe(refused.metadata.generation);
    expect(conditionOf(refused, 'AppNetworkPolicyReady')).toMatchObject({ reason: 'NotOwned' });
    expect((await world.client.get(NetworkPolicy, policy)).spec.egress).toEqual([{}]);
  });

  test('host ports stand on the Namespace, until they are denied', async () => {
    await start({ taskConfig: { allowedHostPorts: [5432, 6379] } });
    const ports = async () =>
      (await world.client.get(Namespace, { name: 'dev' })).metadata.annotations?.[annotations.hostPorts];
    expect(await ports()).toBe('5432,6379');
    // The Space alone says which.
    const metadata = { annotations: { [annotations.hostPorts]: '1' } };
    await world.client.patch(Namespace, { name: 'dev' }, { type: 'merge', body: { metadata } });
    await world.until(
      Namespace,
      { name: 'dev' },
      (one) => one.metadata.annotations?.[annotations.hostPorts] === '5432,6379',
    );
    await configure({ taskConfig: { allowedHostPorts: [6379] } });
    await world.until(
      Namespace,
      { name: 'dev' },
      ({ metadata }) => metadata.annotations?.[annotations.hostPorts] === '6379',
    );
    await configure({ taskConfig: { allowedHostPorts: [] } });
    await world.until(
      Namespace,
      { name: 'dev' },
      ({ metadata }) => metadata.annotations?.[annotations.hostPorts] === undefined,
    );
  });

  test('environment and grace period reach Tasks that start from now on; App and Task override them', async () => {
    const env = (...values: readonly string[]) => values.map((value, index) => ({ name: 'ABC'[index]!, value }));
    await start({ runtimeConfig: { env: env('space', 'space', '$(x) $'), terminationGracePeriodSeconds: 3 } });
    const app = await world.app('report');
    await world.client.patch(
      App,
      { namespace: 'dev', name: 'report' },
      {
        type: 'merge',
        body: { spec: { ...app.spec, template: { spec: { containers: [{ env: env('app') }] } } } },
      },
    );
    const podOf = async (task: string) => {
      await world.final(task);
      return world.client.get(Pod, { namespace: 'dev', name: `${task}-user-container-pod` });
    };
    await world.task('report', 'one', 'exit 0');
    const { spec } = await podOf('one');
    expect(spec.terminationGracePeriodSeconds).toBe(3);
    // `$$` is how Kubernetes writes a `$` that is meant.
    expect(spec.containers[0]?.env).toEqual(expect.arrayContaining(env('app', 'space', '$$(x) $$')));
    await world.client.create(Task, {
      metadata: { name: 'two', namespace: 'dev' },
      spec: { appRef: { name: 'report' }, command: 'exit 0', gracePeriodSeconds: 1, env: env('task') },
    });
    const own = await podOf('two');
    expect(own.spec.terminationGracePeriodSeconds).toBe(1);
    expect(own.spec.containers[0]?.env).toEqual(expect.arrayContaining(env('task', 'space')));
  });
});
