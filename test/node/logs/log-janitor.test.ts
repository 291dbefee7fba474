import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import { startLogJanitor, unownedLogs } from '../../../src/node/logs/log-janitor.ts';
import { LogStore } from '../../../src/node/logs/log-store.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { MemoryClient } from '../support/memory-client.ts';

let directory: string;
let client: MemoryClient;
let logs: LogStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kf-janitor-'));
  client = new MemoryClient();
  logs = new LogStore(join(directory, 'logs'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const logged = async (name: string): Promise<string> => {
  const task = await client.create(Task, {
    metadata: { name, namespace: 'dev' },
    spec: { appRef: { name: 'app' } },
  } as never);
  const { uid } = task.metadata;
  mkdirSync(join(directory, 'logs', uid!, 'pod'), { recursive: true });
  writeFileSync(join(directory, 'logs', uid!, 'pod/c.log'), '');
  return uid!;
};
const kept = (uid: string): boolean => existsSync(join(directory, 'logs', uid));
const ref = (name: string) => ({ namespace: 'dev', name });

/** Runs a janitor while `work` does, and says from which resource versions it watched. */
async function withJanitor(work: () => Promise<void>): Promise<readonly string[]> {
  const abort = new AbortController();
  const from: string[] = [];
  const watched: Client = Object.assign(Object.create(client) as Client, {
    list: client.list.bind(client),
    watch: (...[kind, options]: Parameters<Client['watch']>) => {
      if (kind.kind === 'Task') from.push(options?.resourceVersion ?? '');
      return client.watch(kind, options);
    },
  });
  startLogJanitor({
    client: watched,
    clock: new FakeClock(),
    logs,
    dataDir: directory,
    signal: abort.signal,
    onError: (message, error) => expect.unreachable(`${message}: ${String(error)}`),
  });
  await expect.poll(() => from.length).toBeGreaterThan(0);
  await work();
  abort.abort();
  return from;
}

test('a log goes with its owner, and not with another', async () => {
  const [one, other] = [await logged('one'), await logged('other')];
  await withJanitor(async () => {
    await client.delete(Task, ref('one'));
    await expect.poll(() => kept(one)).toBe(false);
  });
  expect(kept(other)).toBe(true);
});

test('it goes on where it stopped', async () => {
  const one = await logged('one');
  const two = await logged('two');
  const [first] = await withJanitor(async () => {
    await client.delete(Task, ref('one'));
    await expect.poll(() => kept(one)).toBe(false);
  });
  const [second] = await withJanitor(async () => {});
  expect(Number(second)).toBeGreaterThanOrEqual(Number(first));
  expect(kept(two)).toBe(true);
});

test('a prune finds what nobody owns', async () => {
  const [alive, orphan] = [await logged('alive'), await logged('orphan')];
  await client.delete(Task, ref('orphan'));
  await client.create(Pod, { metadata: { name: 'p', namespace: 'dev' }, spec: { containers: [] } } as never);
  expect(await unownedLogs({ client, logs })).toEqual([orphan]);
  expect([kept(alive), kept(orphan)]).toEqual([true, true]);
});
