import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isExpired } from '../../src/resources/status.ts';
import { configMaps } from './fixtures/objects.ts';
import { openStore, temporaryPath } from './fixtures/temporary-store.ts';

const writer = fileURLToPath(new URL('./fixtures/writer.ts', import.meta.url));

/** Starts the writer and resolves with what it acknowledged until it was killed, after `count` lines. */
async function writeUntilKilled(path: string, count: number): Promise<ReadonlyMap<string, number>> {
  const child = spawn(process.execPath, ['--import', 'tsx', writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const acknowledged = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [name, revision] = line.split(' ');
    acknowledged.set(name ?? '', Number(revision));
    if (acknowledged.size === count) child.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}

describe('kill -9', () => {
  it('loses nothing that was acknowledged, and gives no revision twice', async () => {
    const path = temporaryPath();
    const acknowledged = await writeUntilKilled(path, 500);
    const store = openStore(path);
    for (const [name, revision] of acknowledged)
      expect(store.index.find(configMaps, 'default', name)?.revision).toBe(revision);
    const last = Math.max(...acknowledged.values());
    expect(store.revision).toBeGreaterThanOrEqual(last + 1_000_000);
    expect(() => store.eventsAfter(configMaps, last)).toThrow(expect.toSatisfy(isExpired));
    await store.close();
    // A clean end makes no jump.
    expect(openStore(path).revision).toBe(store.revision);
  });

  it('of the holder frees the data directory', async () => {
    const path = temporaryPath();
    await writeUntilKilled(path, 1);
    openStore(path);
  });
});

it('refuses a data directory that another process has, naming it', async () => {
  const path = temporaryPath();
  const child = spawn(process.execPath, ['--import', 'tsx', writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  expect(() => openStore(path)).toThrow(`${path} is in use by process ${child.pid}`);
  child.kill('SIGKILL');
  child.stdout.resume();
  await exited;
});

it('refuses a second store of the same process', () => {
  const path = temporaryPath();
  openStore(path);
  expect(() => openStore(path)).toThrow(`is in use by process ${process.pid}`);
});
