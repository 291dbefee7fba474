/** The controller of ResolutionRequests over every Client, and the resolver `cluster`. */

import { afterEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../../src/client/clock.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { ResolutionRequest } from '../../../src/resources/tekton/resolution-request.ts';
import { Task } from '../../../src/resources/tekton/task.ts';
import { clusterResolver } from '../../../src/tekton/resolvers/cluster-resolver.ts';
import { type Resolver, ResolverError } from '../../../src/tekton/resolvers/resolver.ts';
import type { ResolverSettings } from '../../../src/tekton/resolvers/settings.ts';
import { clientSettings, type Setting } from '../../controllers/clients.ts';
import { defaultSettings, namespace, startResolvers } from './support.ts';

/** What waits a second waits ten milliseconds; no time goes by, or as much. */
function fastClock(speed: 0 | 100): Clock {
  const start = Date.now();
  return {
    now: () => start + (Date.now() - start) * speed,
    after: (milliseconds, fire) => systemClock.after(milliseconds / 100, fire),
  };
}

const spec = { steps: [{ image: 'host', command: ['echo', 'hi'] }] };

describe.each(Object.entries(clientSettings()))('ResolutionRequests, %s', (_, open) => {
  let setting: Setting;
  let world: ReturnType<typeof startResolvers>;
  afterEach(async () => {
    await world.stop();
    await setting.close();
  });

  test('a Task of another namespace; what is missing, refused, or nobody answers', async () => {
    setting = await open();
    const { honest } = setting;
    const client = setting.controllers();
    for (const name of [namespace, 'shared', 'secret']) await honest.create(Namespace, { metadata: { name } });
    const task = await honest.create(Task, { metadata: { name: 'build', namespace: 'shared' }, spec });
    let failures = 2;
    const flaky: Resolver = {
      title: 'Flaky',
      complete: (params) => params,
      async resolve() {
        if (failures-- > 0) throw new ResolverError('connection refused', true);
        return { data: Buffer.from('found'), source: { uri: 'x' } };
      },
    };
    const settings = async (): Promise<ResolverSettings> => ({ ...defaultSettings, namespaces: ['shared'] });
    const clock = fastClock(0);
    world = startResolvers(
      { client, honest, clock },
      { cluster: clusterResolver({ client, settings }), flaky },
      settings,
    );
    const { resolve } = world;

    const found = await resolve.call(world, 'cluster', { name: 'build', namespace: 'shared' });
    expect(JSON.parse(found.text)).toMatchObject({ apiVersion: 'tekton.dev/v1', kind: 'Task', spec });
    expect(found).toMatchObject({
      reason: 'ResolutionSuccessful',
      source: {
        uri: `/apis/tekton.dev/v1/namespaces/shared/task/build@${task.metadata.uid}`,
        digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    });
    const wrong: readonly (readonly [Record<string, string>, RegExp])[] = [
      [{ name: 'nope', namespace: 'shared' }, /^error getting "Cluster" "dev\/r2": tasks.tekton.dev "nope" not found$/],
      [{ name: 'build', namespace: 'secret' }, /access to specified namespace secret is not allowed$/],
      [{ name: 'build' }, /^invalid resource request "dev\/r4": missing required cluster resolver params: namespace$/],
      [{ name: 'b', namespace: 'shared', kind: 'pod' }, /unknown or unsupported resource kind 'pod'$/],
      [{ name: 'b', namespace: 'shared', cache: 'maybe' }, /invalid cache mode 'maybe'/],
    ];
    for (const [params, message] of wrong)
      expect(await resolve.call(world, 'cluster', params)).toMatchObject({
        reason: 'ResolutionFailed',
        message: expect.stringMatching(message),
      });

    expect(await resolve.call(world, 'flaky', {})).toMatchObject({ reason: 'ResolutionSuccessful', text: 'found' });
  });

  test('a resolver of somebody else', async () => {
    setting = await open();
    const { honest } = setting;
    await honest.create(Namespace, { metadata: { name: namespace } });
    const clock = fastClock(100);
    world = startResolvers({ client: setting.controllers(), honest, clock }, {});
    const one = await world.request('mine', {});
    const never = await world.request('mine', {});
    await honest.patch(
      ResolutionRequest,
      { namespace, name: one.metadata.name },
      { type: 'merge', body: { status: { data: Buffer.from('x').toString('base64') } } },
      { subresource: 'status' },
    );
    expect(await world.outcome(one)).toMatchObject({ reason: 'ResolutionSuccessful', text: 'x' });
    expect(await world.outcome(never)).toMatchObject({
      reason: 'ResolutionTimedOut',
      message: 'resolution took longer than global timeout of 1m0s',
    });
  });
});
