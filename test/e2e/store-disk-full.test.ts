/** The disk of the data directory is full: a small tmpfs of our own. Needs root. */

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InProcessClient } from '../../src/apiserver/in-process-client.ts';
import { ConfigMap } from '../../src/resources/core/kinds.ts';
import { copyStore } from '../../src/store/offline.ts';
import { startLocalApi, type TestApi } from '../support/local-api.ts';

let folder: string;
let ballast: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-full-'));
  ballast = join(folder, 'ballast');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'kf-test', folder]);
});
afterEach(() => {
  // Lazily: SQLite's files are let go by the garbage collection of their statements.
  execFileSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true });
});

const draft = (name: string) => ({ metadata: { name, namespace: 'default' }, data: { x: 'y'.repeat(20_000) } });
const full = { reason: 'InsufficientStorage', code: 507, message: expect.stringContaining('is full') };

/** Creates until the disk refuses; the names that were acknowledged. */
async function fill({ api }: TestApi): Promise<readonly string[]> {
  const client = new InProcessClient({ api, caller: { user: 'user', groups: [] }, acknowledge: 'flushed' });
  const stored: string[] = [];
  for (;;) {
    const name = `c${stored.length}`;
    const error = await client.create(ConfigMap, draft(name)).catch((caught: unknown) => caught);
    if (error instanceof Error) {
      expect(error).toMatchObject(full);
      return stored;
    }
    stored.push(name);
  }
}

it('refuses clients’ writes, keeps what controllers derive, and goes on by itself', async () => {
  const server = startLocalApi({ dir: folder });
  const { api, client } = server;
  writeFileSync(ballast, Buffer.alloc(2 * 2 ** 20));
  const acknowledged = await fill(server);
  expect(acknowledged.length).toBeGreaterThan(3);
  // A new client's write is refused before it changes anything.
  const user = new InProcessClient({ api, caller: { user: 'user', groups: [] }, acknowledge: 'flushed' });
  await expect(user.create(ConfigMap, draft('late'))).rejects.toMatchObject(full);
  await expect(client.get(ConfigMap, { namespace: 'default', name: 'late' })).rejects.toMatchObject({ code: 404 });
  await expect(api.barrier()).rejects.toMatchObject(full);
  // Reading works, and a derived write is accepted and waits.
  expect((await client.list(ConfigMap)).items.length).toBeGreaterThanOrEqual(acknowledged.length);
  await client.create(ConfigMap, draft('derived'));
  expect(api.store.flushedRevision).toBeLessThan(api.store.revision);

  rmSync(ballast);
  let flushed = false;
  while (!flushed)
    flushed = await api.barrier().then(
      () => true,
      () => false,
    );
  await user.create(ConfigMap, draft('after'));
  const before = await client.list(ConfigMap);
  await server.close();

  const again = startLocalApi({ dir: folder });
  expect((await again.client.list(ConfigMap)).items).toEqual(before.items);
  for (const name of [...acknowledged, 'derived', 'after'])
    await again.client.get(ConfigMap, { namespace: 'default', name });
  await again.close();
});

it('closes while the disk is full, saying so, and loses nothing that was acknowledged', async () => {
  const server = startLocalApi({ dir: folder });
  writeFileSync(ballast, Buffer.alloc(2 * 2 ** 20));
  const acknowledged = await fill(server);
  await expect(server.close()).rejects.toMatchObject(full);
  rmSync(ballast);
  const again = startLocalApi({ dir: folder });
  for (const name of acknowledged) await again.client.get(ConfigMap, { namespace: 'default', name });
  await again.close();
});

it('says so when it cannot even start', async () => {
  await startLocalApi({ dir: folder }).close();
  for (let size = 2 ** 20; size >= 1; size = Math.floor(size / 2))
    try {
      for (;;) appendFileSync(ballast, Buffer.alloc(size));
    } catch {
      // The next smaller piece may still fit.
    }
  expect(() => startLocalApi({ dir: folder })).toThrow(expect.objectContaining(full));
  rmSync(ballast);
  await startLocalApi({ dir: folder }).close();
});

it('a copy of the store that does not fit, as before a migration, leaves nothing of itself', async () => {
  const server = startLocalApi({ dir: folder });
  for (let count = 0; count < 40; count++) await server.client.create(ConfigMap, draft(`c${count}`));
  await server.close();
  writeFileSync(ballast, Buffer.alloc(2 * 2 ** 20));
  const path = join(folder, 'store.db');
  const before = statfsSync(folder).bavail;
  expect(() => copyStore(path, `${path}.schema-1`)).toThrow(/full/);
  expect(readdirSync(folder).filter((name) => name.startsWith('store.db.schema'))).toEqual([]);
  expect(statfsSync(folder).bavail).toBe(before);
});
