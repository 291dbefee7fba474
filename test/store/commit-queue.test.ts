import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CommitQueue, type Write } from '../../src/store/commit-queue.ts';
import { StoreDatabase } from '../../src/store/database.ts';
import { temporaryPath } from './fixtures/temporary-store.ts';

const write = (revision: number): Write => ({
  revision,
  type: 'ADDED',
  id: revision,
  kind: 'configmaps',
  namespace: 'default',
  name: `c${revision}`,
  uid: `uid-${revision}`,
  owners: null,
  labels: null,
  flags: 0,
  body: '{}',
  before: null,
});

it('goes on with a new thread when one died, and writes what it had once', async () => {
  const path = temporaryPath();
  const database = new StoreDatabase(path);
  database.start(0);
  const flushed: number[] = [];
  const queue = new CommitQueue({
    path,
    flushedRevision: 0,
    flushDelayMs: 0,
    worker: new URL('./fixtures/dying-worker.mjs', import.meta.url),
    onFlushed: (revision) => flushed.push(revision),
  });
  queue.add(write(1));
  queue.add(write(2));
  // Whoever waited is told, as of any refusal; the writes themselves stay.
  await expect(queue.whenFlushed()).rejects.toMatchObject({
    reason: 'InsufficientStorage',
    message: 'the data directory cannot be written: the commit thread ended',
  });
  expect(existsSync(`${path}.died`)).toBe(true);
  // It is asked again at once.
  await queue.whenWritable();
  expect(queue.whenWritable()).toBeUndefined();
  queue.add(write(3));
  await queue.whenFlushed();
  expect(flushed).toEqual([2, 3]);
  expect(database.logRows('configmaps', 0, 9, 9).map(([revision]) => revision)).toEqual([1, 2, 3]);
  expect([...database.indexRows()].map(([id]) => id)).toEqual([1, 2, 3]);
  await queue.close();
  database.close();
});
