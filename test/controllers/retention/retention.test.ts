import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { expired } from '../../../src/controllers/retention/expired.ts';
import { RetentionController } from '../../../src/controllers/retention/retention-controller.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { Build } from '../../../src/resources/kf/build.ts';
import { SourcePackage } from '../../../src/resources/kf/source-package.ts';
import { Space } from '../../../src/resources/kf/space.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { labels } from '../../../src/resources/labels.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

const made = (index: number, final: boolean) => ({
  name: `t${index}`,
  order: Math.floor(index / 2),
  resourceVersion: String(index),
  final,
});

describe('which objects are let go', () => {
  const isFinal = (object: ReturnType<typeof made>) => object.final;

  test('the oldest final ones above the limit', () => {
    const objects = [made(3, true), made(1, true), made(2, true), made(4, true)];
    expect(expired(objects, 2, isFinal).map(({ name }) => name)).toEqual(['t2', 't1']);
  });

  test('unfinished ones count and stay', () => {
    const objects = [made(1, false), made(2, true), made(3, true)];
    expect(expired(objects, 2, isFinal).map(({ name }) => name)).toEqual(['t2']);
  });

  test('the newest ones of every Job stay where the Space says so', () => {
    const of = (index: number, job: string) => ({
      ...made(index, true),
      labels: { [labels.jobOwner]: job },
    });
    const objects = [of(1, 'rare'), of(2, 'rare'), of(3, 'busy'), of(4, 'busy'), made(5, true), of(6, 'busy')];
    const gone = (limit: number, perJob: number) => expired(objects, limit, isFinal, perJob).map(({ name }) => name);
    expect(gone(3, 0)).toEqual(['t3', 't2', 't1']);
    expect(gone(3, 1)).toEqual(['t4', 't3', 't1']);
    expect(gone(1, 2)).toEqual(['t5', 't3']);
  });

  test('never an unfinished one, never more than needed, never a newer one before an older one', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), fc.nat(20), (finals, limit) => {
        const objects = finals.map((final, index) => made(index, final));
        const gone = expired(objects, limit, isFinal);
        const kept = objects.filter((object) => !gone.includes(object));
        expect(gone.every(isFinal)).toBe(true);
        expect(gone.length).toBe(Math.max(0, Math.min(finals.filter(Boolean).length, objects.length - limit)));
        const newestGone = Math.max(-1, ...gone.map((object) => Number(object.resourceVersion)));
        const keptFinals = kept.filter(isFinal).map((object) => Number(object.resourceVersion));
        expect(keptFinals.every((revision) => revision > newestGone)).toBe(true);
      }),
    );
  });
});

describe('the controller', () => {
  let local: TestApi;
  beforeEach(async () => {
    local = startLocalApi();
    await local.client.create(Namespace, { metadata: { name: 'dev' } });
  });
  afterEach(() => local.close());

  test('keeps the newest Tasks of each App, and looks at most every ten seconds', async () => {
    const clock = new FakeClock();
    const controller = new RetentionController({ client: local.client, clock, limits: { tasks: 2, builds: 1 } });
    const names = async () =>
      (await local.client.list(Task, { namespace: 'dev' })).items.map(({ metadata }) => metadata.name).sort();
    const finish = async (name: string, app: string) => {
      const task = await local.client.create(Task, {
        metadata: { name, namespace: 'dev' },
        spec: { appRef: { name: app } },
      });
      await local.client.updateStatus(Task, {
        ...task,
        status: { conditions: [{ type: 'Succeeded', status: 'True' }] },
      });
    };
    for (const name of ['a1', 'a2', 'a3']) await finish(name, 'a');
    await finish('b1', 'b');
    expect(await controller.reconcile({ namespace: 'dev', name: 'a' })).toBeUndefined();
    expect(await names()).toEqual(['a2', 'a3', 'b1']);
    await finish('a4', 'a');
    expect(await controller.reconcile({ namespace: 'dev', name: 'a' })).toEqual({ requeueAfter: 10_000 });
    clock.advance(10_000);
    await controller.reconcile({ namespace: 'dev', name: 'a' });
    expect(await names()).toEqual(['a3', 'a4', 'b1']);
  });

  test('a Space has a number of its own, which holds at once', async () => {
    const clock = new FakeClock();
    const controller = new RetentionController({ client: local.client, clock });
    await local.client.create(App, {
      metadata: { name: 'a', namespace: 'dev' },
      spec: { build: {}, template: { spec: { containers: [{}] } } },
    });
    for (const name of ['a1', 'a2', 'a3']) {
      const task = await local.client.create(Task, {
        metadata: { name, namespace: 'dev' },
        spec: { appRef: { name: 'a' } },
      });
      const conditions = [{ type: 'Succeeded', status: 'True' as const }];
      await local.client.updateStatus(Task, { ...task, status: { conditions } });
    }
    await local.client.create(Space, {
      metadata: { name: 'dev' },
      spec: { taskConfig: { retention: { maxTasks: 2 } } },
    });
    await controller.reconcileSpace('dev');
    const { items } = await local.client.list(Task, { namespace: 'dev' });
    expect(items.map(({ metadata }) => metadata.name).sort()).toEqual(['a2', 'a3']);
  });

  test('a Space says how many Builds stay; those that the App names do in any case', async () => {
    const controller = new RetentionController({ client: local.client, clock: new FakeClock() });
    const app = await local.client.create(App, {
      metadata: { name: 'a', namespace: 'dev' },
      spec: { build: {}, template: { spec: { containers: [{}] } } },
    });
    await local.client.updateStatus(App, { ...app, status: { latestBuild: 'a-5', latestReadyBuild: 'a-1' } });
    for (const name of ['a-1', 'a-2', 'a-3', 'a-4', 'a-5']) {
      const build = await local.client.create(Build, {
        metadata: { name, namespace: 'dev', labels: { [labels.appName]: 'a' } },
        spec: { kind: 'BuiltinTask', name: 'host' },
      });
      const conditions = [{ type: 'Succeeded', status: 'True' as const }];
      await local.client.updateStatus(Build, { ...build, status: { conditions } });
    }
    await local.client.create(Space, {
      metadata: { name: 'dev' },
      spec: { buildConfig: { retention: { maxBuilds: 3 } } },
    });
    await controller.reconcileSpace('dev');
    const { items } = await local.client.list(Build, { namespace: 'dev' });
    expect(items.map(({ metadata }) => metadata.name).sort()).toEqual(['a-1', 'a-4', 'a-5']);
  });

  test('a source that an interrupted push has left goes after a day; one that the App or a Build names stays', async () => {
    const source = (name: string) =>
      local.client.create(SourcePackage, {
        metadata: { name, namespace: 'dev', labels: { [labels.appName]: 'a' } },
        spec: { size: 1, checksum: { type: 'sha256', value: '0'.repeat(64) } },
      });
    for (const name of ['a-1', 'a-2', 'a-3', 'a-4']) await source(name);
    await local.client.create(App, {
      metadata: { name: 'a', namespace: 'dev' },
      spec: {
        build: { spec: { name: 'host-stack', sourcePackage: { name: 'a-4' } } },
        template: { spec: { containers: [{}] } },
      },
    });
    await local.client.create(Build, {
      metadata: { name: 'a-1', namespace: 'dev', labels: { [labels.appName]: 'a' } },
      spec: { name: 'host-stack', sourcePackage: { name: 'a-1' } },
    });
    const left = async (clock: FakeClock) => {
      const controller = new RetentionController({ client: local.client, clock });
      await controller.reconcile({ namespace: 'dev', name: 'a' });
      const { items } = await local.client.list(SourcePackage, { namespace: 'dev' });
      return items.map(({ metadata }) => metadata.name).sort();
    };
    const now = new FakeClock(Date.now());
    expect(await left(now)).toEqual(['a-1', 'a-2', 'a-3', 'a-4']);
    now.advance(25 * 3_600_000);
    expect(await left(now)).toEqual(['a-1', 'a-4']);
  });

  test('a clock that is set back does not keep it from looking', async () => {
    const clock = new FakeClock();
    const controller = new RetentionController({ client: local.client, clock });
    const app = { namespace: 'dev', name: 'a' };
    expect(await controller.reconcile(app)).toBeUndefined();
    clock.advance(-3_600_000);
    expect(await controller.reconcile(app)).toBeUndefined();
    expect(await controller.reconcile(app)).toEqual({ requeueAfter: 10_000 });
  });
});
