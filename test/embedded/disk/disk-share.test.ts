import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DiskShare, startDiskShare } from '../../../src/embedded/disk/disk-share.ts';
import { oldLogs } from '../../../src/embedded/disk/old-logs.ts';
import { shareOf } from '../../../src/embedded/disk/share.ts';
import type { Shrinkable } from '../../../src/embedded/disk/shrinkable.ts';
import { runCommand } from '../../../src/node/host/run-command.ts';
import { LogStore } from '../../../src/node/logs/log-store.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { Build } from '../../../src/resources/kf/build.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

const mebibyte = 2 ** 20;
let root: string;
let local: TestApi;
let clock: FakeClock;
let logs: LogStore;
let share: DiskShare | undefined;
let said: string[];
let held: Set<string>;
let backedUp: boolean;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'kf-share-'));
  mkdirSync(join(root, 'logs'));
  local = startLocalApi();
  clock = new FakeClock();
  logs = new LogStore(join(root, 'logs'));
  said = [];
  held = new Set();
  backedUp = false;
  await local.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterEach(async () => {
  await share?.stop();
  share = undefined;
  await local.close();
  rmSync(root, { recursive: true });
});

function start(configured: () => number, before: readonly Shrinkable[] = []): DiskShare {
  const directory = join(root, 'logs');
  const holds = async (owner: string) => held.has(owner);
  const parts = [...before, oldLogs({ client: local.client, clock, logs, directory, run: runCommand, holds })];
  share = startDiskShare({
    dataDir: root,
    clock,
    run: runCommand,
    configured: async () => configured(),
    isHeld: () => backedUp,
    parts,
    log: (message, error) => said.push(`${message}${error === undefined ? '' : `: ${error}`}`),
  });
  return share;
}

/** A Task with a log of a mebibyte, the older the lower its number. */
async function task(number: number, ended: boolean): Promise<string> {
  const ref = { namespace: 'dev', name: `t${number}` };
  const made = await local.client.create(Task, { metadata: ref, spec: { appRef: { name: 'app' } } });
  if (ended)
    await local.client.updateStatus(Task, {
      ...made,
      status: { conditions: [{ type: 'Succeeded', status: 'True' }] },
    });
  return log(made.metadata.uid!, number);
}

function log(uid: string, number: number): string {
  const folder = join(root, 'logs', uid);
  mkdirSync(join(folder, 'pod'), { recursive: true });
  writeFileSync(join(folder, 'pod/c.log'), Buffer.alloc(mebibyte, `2026-01-01T00:00:00.000000000+00:00 stdout F x\n`));
  utimesSync(folder, number * 1000, number * 1000);
  return uid;
}

const left = () => readdirSync(join(root, 'logs')).filter((name) => lstatSync(join(root, 'logs', name)).isDirectory());

test('by default it is the smaller of 20 GiB and a fifth of the file system', () => {
  expect(shareOf(undefined, 50 * 2 ** 30)).toBe(10 * 2 ** 30);
  expect(shareOf(undefined, 500 * 2 ** 30)).toBe(20 * 2 ** 30);
  expect(shareOf(5, 500 * 2 ** 30)).toBe(5);
});

test('above it the logs of the oldest Tasks that have ended go, whole; never one of a Task that runs, or of a Build', async () => {
  const running = await task(1, false);
  const ended: string[] = [];
  for (const number of [5, 3, 4, 6]) ended[number] = await task(number, true);
  const build = await local.client.create(Build, { metadata: { namespace: 'dev', name: 'b' }, spec: { name: 'x' } });
  log(build.metadata.uid!, 2);
  // What counts elsewhere.
  for (const folder of ['volumes', 'disks', 'replaced-20260101T000000Z']) {
    mkdirSync(join(root, folder));
    writeFileSync(join(root, folder, 'x'), Buffer.alloc(20 * mebibyte));
  }
  let configured = 20 * mebibyte;
  await start(() => configured).now();
  expect(left().length).toBe(6);
  configured = 4.6 * mebibyte;
  await share!.now();
  expect(left().sort()).toEqual([running, build.metadata.uid, ended[5], ended[6]].sort());
  // Whatever else a file system takes for them.
  expect(said).toEqual([expect.stringMatching(/^removed 2(\.\d)?Mi to keep to the share of the disk, 4\.6Mi$/)]);
  expect(await logs.discardedAt(ended[3]!)).toBe('2026-01-01T00:00:00Z');
  expect(await logs.discardedAt(ended[5]!)).toBeUndefined();
  configured = mebibyte;
  await share!.now();
  expect(left().sort()).toEqual([running, build.metadata.uid].sort());
  expect(said.at(-1)).toContain('nothing is left that may go');
});

test('images that nothing uses go before logs, and a log that is to be forwarded stays', async () => {
  const first = await task(1, true);
  const second = await task(2, true);
  held.add(first);
  const asked: number[] = [];
  const images: Shrinkable = {
    name: 'images',
    async shrink(bytes) {
      asked.push(bytes);
      const size = 2 * mebibyte;
      if (asked.length > 1) return 0;
      rmSync(join(root, 'layers'), { recursive: true });
      return size;
    },
  };
  mkdirSync(join(root, 'layers'));
  writeFileSync(join(root, 'layers/x'), Buffer.alloc(2 * mebibyte));
  let configured = 2.5 * mebibyte;
  await start(() => configured, [images]).now();
  expect(asked.length).toBe(1);
  expect(left().sort()).toEqual([first, second].sort());
  configured = 0.5 * mebibyte;
  backedUp = true;
  await share!.now();
  expect(left().sort()).toEqual([first, second].sort());
  backedUp = false;
  await share!.now();
  expect(left()).toEqual([first]);
});

test('it is measured again once what was left of the share may have been filled, or the share was changed', async () => {
  const ended = await task(1, true);
  const { bavail, bsize } = statfsSync(root);
  let configured = bavail * bsize * 2;
  await start(() => configured).now();
  const asked = async () => {
    clock.advance(20_000);
    // A look at the free space, and what follows from it.
    await new Promise((resolve) => setImmediate(resolve));
    await share!.stop();
  };
  configured = mebibyte / 2;
  await asked();
  expect(left()).toEqual([]);
  expect(await logs.discardedAt(ended)).toBeDefined();
});

test('a log that was discarded goes whole, also when a crash came in between; its mark goes with its owner', async () => {
  const uid = await task(1, true);
  await logs.discard(uid, '2026-01-01T00:00:00Z');
  expect(await logs.owners()).toEqual([uid]);
  log(uid, 1);
  await logs.open();
  expect(left()).toEqual([]);
  await logs.discard(uid, '2026-02-01T00:00:00Z');
  expect(await logs.discardedAt(uid)).toBe('2026-01-01T00:00:00Z');
  await logs.delete(uid);
  expect(readdirSync(join(root, 'logs'))).toEqual([]);
});
