import { statSync } from 'node:fs';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { allKinds } from '../../src/resources/all-kinds.ts';
import { flags } from '../../src/store/object-index.ts';
import { RevisionConflict, type StoreChange } from '../../src/store/object-store.ts';
import { configMap, configMaps, pod, pods, putAny, revisionOf } from './fixtures/objects.ts';
import { openStore, temporaryPath } from './fixtures/temporary-store.ts';

describe('compare and set', () => {
  it('gives every write the next revision, visible at once', () => {
    const store = openStore(temporaryPath());
    const first = store.put(configMaps, configMap('a', { x: '1' }), 0);
    const second = store.put(configMaps, { ...first, data: { x: '2' } } as never, revisionOf(first));
    expect([revisionOf(first), revisionOf(second), store.revision]).toEqual([1, 2, 2]);
    expect(store.get(configMaps, 'default', 'a')).toBe(second);
    expect(Object.isFrozen(second.metadata)).toBe(true);
    expect(store.flushedRevision).toBe(0);
  });

  it('refuses what expects another revision', () => {
    const store = openStore(temporaryPath());
    store.put(configMaps, configMap('a'), 0);
    expect(() => store.put(configMaps, configMap('a'), 0)).toThrow(RevisionConflict);
    expect(() => store.put(configMaps, configMap('a'), 7)).toThrow(RevisionConflict);
    expect(() => store.put(configMaps, configMap('b'), 1)).toThrow(RevisionConflict);
    expect(() => store.remove(configMaps, 'default', 'a', 7)).toThrow(RevisionConflict);
    expect(store.revision).toBe(1);
  });

  it('removes: the last state carries the revision of its deletion', () => {
    const store = openStore(temporaryPath());
    store.put(configMaps, configMap('a', { x: '1' }), 0);
    const last = store.remove(configMaps, 'default', 'a', 1);
    expect(last).toMatchObject({ data: { x: '1' }, metadata: { resourceVersion: '2' } });
    expect(store.get(configMaps, 'default', 'a')).toBeUndefined();
    expect(store.size).toBe(0);
  });
});

describe('flushing', () => {
  it('lets the writes of one turn share a transaction', async () => {
    const store = openStore(temporaryPath());
    for (let number = 0; number < 100; number++) store.put(configMaps, configMap(`c${number}`), 0);
    await store.barrier();
    expect(store.flushes).toBe(1);
    expect(store.flushedRevision).toBe(100);
  });

  it('begins at once where somebody waits', async () => {
    const store = openStore(temporaryPath());
    store.put(configMaps, configMap('awaited'), 0);
    const flushed = store.barrier();
    store.put(configMaps, configMap('later'), 0);
    await flushed;
    expect(store.flushedRevision).toBe(1);
    await store.barrier();
    expect(store.flushes).toBe(2);
  });

  it('lets the writes that arrive during a flush share the next', async () => {
    const store = openStore(temporaryPath(), { flushDelayMs: 20 });
    const all: Promise<void>[] = [];
    for (let number = 0; number < 20; number++) {
      store.put(configMaps, configMap(`c${number}`), 0);
      all.push(store.barrier());
      await new Promise(setImmediate);
    }
    await Promise.all(all);
    expect(store.flushes).toBeLessThanOrEqual(3);
  });

  it('tells of every flush', async () => {
    const store = openStore(temporaryPath());
    const flushed: number[] = [];
    store.onFlushed((revision) => flushed.push(revision));
    store.put(configMaps, configMap('a'), 0);
    await store.whenFlushed(1);
    store.put(configMaps, configMap('b'), 0);
    await store.barrier();
    await store.whenFlushed(1);
    expect(flushed).toEqual([1, 2]);
  });
});

describe('opening again', () => {
  it('has everything: bodies, index, revision, log', async () => {
    const path = temporaryPath();
    const store = openStore(path);
    const owner = store.put(configMaps, configMap('owner', {}, { labels: { a: 'b' } }), 0);
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }];
    const child = store.put(pods, pod('child', 'Succeeded', { ownerReferences, finalizers: ['x/y'] }), 0);
    store.put(configMaps, configMap('gone'), 0);
    store.remove(configMaps, 'default', 'gone', 3);
    await store.close();

    const again = openStore(path);
    expect(again.size).toBe(2);
    expect(again.revision).toBe(4);
    expect(again.get(configMaps, 'default', 'owner')).toEqual(owner);
    expect(again.get(pods, 'default', 'child')).toEqual(child);
    const entry = again.index.find(pods, 'default', 'child');
    expect(entry?.flags).toBe(flags.finished | flags.finalizers);
    expect(again.index.dependents(owner.metadata.uid ?? '')).toEqual([entry]);
    const ownerEntry = again.index.find(configMaps, 'default', 'owner')!;
    expect(again.labelsOf(ownerEntry)).toEqual({ a: 'b' });
    expect(again.eventsAfter(configMaps, 0).events.map(({ type, revision }) => `${type} ${revision}`)).toEqual([
      'ADDED 1',
      'ADDED 3',
      'DELETED 4',
    ]);
    expect(revisionOf(again.put(configMaps, configMap('next'), 0))).toBe(5);
  });

  it('is refused for a file of newer code', async () => {
    const path = temporaryPath();
    await openStore(path).close();
    const database = new Database(path);
    database.exec("UPDATE meta SET value = 99 WHERE name = 'schemaVersion'");
    database.close();
    expect(() => openStore(path)).toThrow(/written by a newer version of kf \(schema 99/);
    expect(() => openStore(path)).toThrow(/newer version/);
  });

  it('keeps the file to its owner', () => {
    const path = temporaryPath();
    openStore(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('reads the index only: no body is looked at before somebody asks for it', async () => {
    const path = temporaryPath();
    await openStore(path).close();
    fillWithTasks(path, 1000);
    const database = new Database(path);
    database.exec(`UPDATE bodies SET body = 'no JSON' WHERE id = 555`);
    database.close();
    const store = openStore(path);
    expect(store.size).toBe(1000);
    expect(store.get('tasks.kf.dev', 'default', 'task-777')?.metadata.name).toBe('task-777');
    expect(() => store.get('tasks.kf.dev', 'default', 'task-555')).toThrow(SyntaxError);
  });
});

describe('memory', () => {
  it('reads finished bodies from the disk again, within the cache', async () => {
    const store = openStore(temporaryPath(), { cacheBytes: 0 });
    const finished = store.put(pods, pod('finished', 'Succeeded'), 0);
    const running = store.put(pods, pod('running', 'Running'), 0);
    expect(store.get(pods, 'default', 'finished')).toBe(finished);
    await store.barrier();
    expect(store.get(pods, 'default', 'finished')).not.toBe(finished);
    expect(store.get(pods, 'default', 'finished')).toEqual(finished);
    expect(Object.isFrozen(store.get(pods, 'default', 'finished')?.metadata)).toBe(true);
    expect(store.get(pods, 'default', 'running')).toBe(running);
  });

  it('keeps what was used last in the cache', async () => {
    const store = openStore(temporaryPath(), { cacheBytes: 2000 });
    for (let number = 0; number < 20; number++) store.put(pods, pod(`p${number}`, 'Succeeded'), 0);
    await store.barrier();
    const recent = store.get(pods, 'default', 'p3');
    expect(store.get(pods, 'default', 'p3')).toBe(recent);
    for (let number = 4; number < 20; number++) store.get(pods, 'default', `p${number}`);
    expect(store.get(pods, 'default', 'p3')).not.toBe(recent);
  });

  it('follows an object that is unfinished again, or replaced while it is being flushed', async () => {
    const store = openStore(temporaryPath(), { cacheBytes: 0, flushDelayMs: 20 });
    const first = store.put(pods, pod('a', 'Succeeded'), 0);
    const flushed = store.barrier();
    // The first write is on its way to the disk now.
    await new Promise(setImmediate);
    const second = store.put(pods, { ...first, status: { phase: 'Failed' } } as never, 1);
    await flushed;
    expect(store.get(pods, 'default', 'a')).toBe(second);
    await store.barrier();
    expect(store.get(pods, 'default', 'a')).toEqual(second);
  });
});

it('tells subscribers of every write as it becomes visible', () => {
  const store = openStore(temporaryPath());
  const changes: StoreChange[] = [];
  const stop = store.subscribe((change) => changes.push(change));
  putAny(store, configMaps, configMap('a', {}, { labels: { l: '1' } }));
  putAny(store, configMaps, configMap('a', {}, { labels: { l: '2' } }));
  store.remove(configMaps, 'default', 'a', 2);
  stop();
  putAny(store, configMaps, configMap('b'));
  expect(changes.map(({ event }) => [event.type, event.revision, event.before?.labels])).toEqual([
    ['ADDED', 1, undefined],
    ['MODIFIED', 2, { l: '1' }],
    ['DELETED', 3, { l: '2' }],
  ]);
});

it('knows the kinds that it was given only', async () => {
  const path = temporaryPath();
  const store = openStore(path);
  store.put(configMaps, configMap('a'), 0);
  expect(() => store.put('gizmos.example.com', configMap('a'), 0)).toThrow(/knows no kind gizmos/);
  await store.close();
  const fewer = openStore(path, { kinds: allKinds.filter((kind) => kind.kind !== 'ConfigMap') });
  expect(fewer.size).toBe(0);
});

/** Writes rows as the commit worker would, only faster. */
function fillWithTasks(path: string, count: number): void {
  const database = new Database(path);
  database.exec(`
    CREATE TEMP TABLE numbers AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}) SELECT i FROM n;
    INSERT INTO objects SELECT i, 'tasks.kf.dev', 'default', 'task-' || i, i, 'uid-of-a-task-with-the-usual-length-' || i, NULL,
      '{"app.kubernetes.io/managed-by":"kf","app.kubernetes.io/name":"app-' || (i % 50) || '","version":"' || i || '"}', 1 FROM numbers;
    INSERT INTO bodies SELECT i, '{"apiVersion":"kf.dev/v1alpha1","kind":"Task","metadata":{"name":"task-' || i || '"}}' FROM numbers;
  `);
  database.close();
}
