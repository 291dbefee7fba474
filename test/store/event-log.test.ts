import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isExpired } from '../../src/resources/status.ts';
import type { StoreEvent } from '../../src/store/event-log.ts';
import type { ObjectStore } from '../../src/store/object-store.ts';
import { Retention } from '../../src/store/retention.ts';
import { configMap, configMaps, pod, pods, putAny } from './fixtures/objects.ts';
import { openStore, temporaryPath } from './fixtures/temporary-store.ts';

/** Every event of a kind after a revision, page by page. */
function allAfter(store: ObjectStore, kind: string, since: number, flushedOnly = false): readonly StoreEvent[] {
  const all: StoreEvent[] = [];
  for (let position = since; ; ) {
    const page = store.eventsAfter(kind, position, flushedOnly);
    if (page.events.length === 0) return all;
    all.push(...page.events);
    position = page.position;
  }
}

describe('watching from a revision', () => {
  it('sees every later event once, in memory or on disk', async () => {
    const store = openStore(temporaryPath());
    for (let number = 0; number < 450; number++) {
      putAny(store, configMaps, configMap('a', { n: `${number}` }));
      if (number % 10 === 0) putAny(store, pods, pod('p', number % 20 === 0 ? 'Running' : 'Pending'));
      if (number % 100 === 0) await store.barrier();
    }
    const every = allAfter(store, configMaps, 0);
    expect(every).toHaveLength(450);
    expect(every.map(({ object }) => Number((object as never as { data: { n: string } }).data.n))).toEqual(
      every.map((_, index) => index),
    );
    for (const since of [1, 100, 250, store.revision - 1])
      expect(allAfter(store, configMaps, since)).toEqual(every.filter(({ revision }) => revision > since));
    const second = allAfter(store, pods, 0)[1];
    expect(second?.before?.fields['status.phase']).toBe('Running');
  });

  it('large objects leave memory once they are on disk, and are seen all the same', async () => {
    const store = openStore(temporaryPath());
    const text = 'x'.repeat(2 ** 20);
    for (let number = 0; number < 30; number++) {
      putAny(store, configMaps, configMap('a', { n: `${number}`, text }));
      if (number % 7 === 0) await store.barrier();
    }
    await store.barrier();
    const every = allAfter(store, configMaps, 0);
    expect(every.map(({ object }) => Number((object as never as { data: { n: string } }).data.n))).toEqual(
      Array.from({ length: 30 }, (_, number) => number),
    );
    expect(allAfter(store, configMaps, every[20]!.revision)).toHaveLength(9);
  });

  it('goes from the disk to memory without a gap, where the disk has nothing of the kind', async () => {
    const path = temporaryPath();
    const store = openStore(path);
    for (let number = 0; number < 5; number++) putAny(store, pods, pod(`p${number}`));
    await store.close();
    const again = openStore(path);
    putAny(again, configMaps, configMap('a'));
    expect(again.eventsAfter(configMaps, 1).events.map(({ revision }) => revision)).toEqual([6]);
    expect(again.eventsAfter(configMaps, 6).events).toEqual([]);
  });

  it('can be held to what is on disk', async () => {
    const store = openStore(temporaryPath());
    putAny(store, configMaps, configMap('a'));
    expect(allAfter(store, configMaps, 0)).toHaveLength(1);
    expect(allAfter(store, configMaps, 0, true)).toHaveLength(0);
    const { woken } = store.wait(configMaps, true);
    await woken;
    expect(allAfter(store, configMaps, 0, true)).toHaveLength(1);
  });

  it('wakes who waits: on an event of the kind, and on closing', async () => {
    const store = openStore(temporaryPath());
    let pod_ = false;
    void store.wait(pods).woken.then(() => {
      pod_ = true;
    });
    const { woken } = store.wait(configMaps);
    putAny(store, configMaps, configMap('a'));
    await woken;
    expect(pod_).toBe(false);
    const closing = store.wait(pods);
    await store.close();
    await closing.woken;
    expect(store.closed).toBe(true);
  });

  it('replays to the same state, whatever was done and wherever it was flushed', async () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      action: fc.constantFrom('put', 'put', 'put', 'remove', 'flush', 'reopen'),
      value: fc.nat(9),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const path = temporaryPath();
        let store = openStore(path);
        for (const { name, action, value } of steps) {
          if (action === 'put') putAny(store, configMaps, configMap(name, { value: `${value}` }));
          if (action === 'flush') await store.barrier();
          if (action === 'reopen') {
            await store.close();
            store = openStore(path);
          }
          const entry = store.index.find(configMaps, 'default', name);
          if (action === 'remove' && entry !== undefined) store.remove(configMaps, 'default', name, entry.revision);
        }
        const replayed = new Map<string, unknown>();
        for (const { type, object } of allAfter(store, configMaps, 0))
          if (type === 'DELETED') replayed.delete(object.metadata.name);
          else replayed.set(object.metadata.name, object);
        const stored = [...store.index.entries(configMaps)].map((entry) => [entry.name, store.read(entry)] as const);
        expect(replayed).toEqual(new Map(stored));
        await store.close();
      }),
      { numRuns: 15 },
    );
  }, 30_000);
});

describe('compaction', () => {
  it('forgets the log up to a revision, for good', async () => {
    const path = temporaryPath();
    const store = openStore(path);
    for (let number = 0; number < 10; number++) putAny(store, configMaps, configMap('a', { n: `${number}` }));
    await store.barrier();
    await store.compact(4);
    expect(store.compactedRevision).toBe(4);
    await store.close();
    const again = openStore(path);
    expect(again.compactedRevision).toBe(4);
    expect(allAfter(again, configMaps, 4)).toHaveLength(6);
    expect(() => again.eventsAfter(configMaps, 3)).toThrow(expect.toSatisfy(isExpired));
  });

  it('keeps the newest revisions only', async () => {
    const store = openStore(temporaryPath(), { logRevisions: 100 });
    for (let number = 0; number < 500; number++) {
      putAny(store, configMaps, configMap('a', { n: `${number}` }));
      if (number % 50 === 0) await store.barrier();
    }
    await store.barrier();
    expect(store.compactedRevision).toBeGreaterThanOrEqual(390);
    expect(store.compactedRevision).toBeLessThanOrEqual(400);
  });

  it('keeps nothing that is too old', async () => {
    let time = 0;
    let revision = 10;
    const compacted: number[] = [];
    const log = {
      revision: () => revision,
      compacted: () => compacted.at(-1) ?? 0,
      compact: async (to: number) => void compacted.push(to),
    };
    const retention = new Retention({ logMilliseconds: 1000, now: () => time }, log);
    retention.tick();
    time = 500;
    revision = 20;
    retention.tick();
    expect(compacted).toEqual([]);
    time = 1000;
    retention.tick();
    expect(compacted).toEqual([10]);
    time = 1600;
    retention.tick();
    time = 1700;
    retention.tick();
    expect(compacted).toEqual([10, 20]);
    retention.stop();
  });
});
