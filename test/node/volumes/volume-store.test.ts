import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskReserveError } from '../../../src/node/disk/disk.ts';
import { runCommand } from '../../../src/node/host/run-command.ts';
import { VolumeStore } from '../../../src/node/volumes/volume-store.ts';

let folder: string;
let promised: number;
let full: boolean;
let store: VolumeStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-store-'));
  [promised, full] = [0, false];
  store = new VolumeStore({
    folder,
    notEnforced: 'this is a test',
    disk: {
      reserve: async (bytes) => {
        if (full) throw new DiskReserveError('full');
        promised += bytes;
        return () => {
          promised -= bytes;
        };
      },
    },
    owner: { uid: process.getuid!(), gid: process.getgid!() },
    run: runCommand,
  });
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a volume is made once, whole, and for everybody who is given it', async () => {
  await store.create('v', 1000);
  const path = await store.acquire('v', 'pod');
  mkdirSync(join(path, 'kept'));
  await store.create('v', 1000);
  expect(readdirSync(path)).toEqual(['kept']);
  expect(statSync(path).mode & 0o777).toBe(0o777);
  expect(promised).toBe(0);
});

test('without room nothing is left of it', async () => {
  full = true;
  await expect(store.create('v', 1000)).rejects.toThrow('full');
  expect(readdirSync(folder)).toEqual([]);
  await expect(store.acquire('v', 'pod')).rejects.toThrow('volume v is not on this machine');
});

test('it goes when the last one has let go of it', async () => {
  await store.create('v', 1000);
  await Promise.all([store.acquire('v', 'one'), store.acquire('v', 'two')]);
  await store.release('v', 'one');
  await expect(store.remove('v')).rejects.toThrow('in use');
  await store.release('v', 'two');
  await store.remove('v');
  await store.remove('v');
  expect(readdirSync(folder)).toEqual([]);
});

test('a start removes what was half made or half removed, and nothing else', async () => {
  await store.create('v', 1000);
  mkdirSync(join(folder, 'w.tmp/data'), { recursive: true });
  mkdirSync(join(folder, 'lost+found'));
  await store.sweep();
  expect(readdirSync(folder).sort()).toEqual(['lost+found', 'v']);
});

test.each(['../v', '', '.', 'a/b', 'V', 'v.tmp'])('%j is no name', async (name) => {
  await expect(store.create(name, 1)).rejects.toThrow('is no name of a volume');
  expect(existsSync(join(folder, 'data'))).toBe(false);
});
