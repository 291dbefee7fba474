import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BuildCaches, dirtyMarker } from '../../../src/node/disk/build-caches.ts';
import { DiskReserveError } from '../../../src/node/disk/disk.ts';
import { runCommand } from '../../../src/node/host/run-command.ts';

let folder: string;
/** What is promised at this moment. */
let promised: number[];
let free = Infinity;

/** On a machine that cannot mount file systems; the other kind is tried with real builds. */
const caches = async (users: readonly string[] = []): Promise<BuildCaches> => {
  const made = new BuildCaches({
    folder,
    disk: {
      kind: 'not-enforced',
      async reserve(bytes) {
        if (bytes > free) throw new DiskReserveError(`needs ${bytes}`);
        promised.push(bytes);
        return () => promised.splice(promised.indexOf(bytes), 1);
      },
    },
    owner: process.getuid?.() ?? 0,
    run: runCommand,
  });
  await made.start(new Set(users));
  return made;
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kf-caches-'));
  promised = [];
  free = Infinity;
});
afterEach(() => rm(folder, { recursive: true }));

const mark = async (path: string): Promise<string> => {
  await writeFile(join(path, 'layer'), '');
  return path;
};

test('an App finds again what its last build left, also after a restart', async () => {
  const first = await caches();
  const path = await mark(await first.open('app', 'build-1'));
  expect(await first.open('app', 'build-1')).toBe(path);
  await first.close('build-1');
  await first.close('build-1');
  expect(promised).toEqual([]);
  const next = await caches();
  expect(await readdir(await next.open('app', 'build-2'))).toEqual(['layer']);
});

test('what was left in the middle is not gone on with', async () => {
  const first = await caches();
  await writeFile(join(await first.open('app', 'build-1'), dirtyMarker), '');
  await first.close('build-1');
  const path = await mark(await first.open('app', 'build-2'));
  expect(await readdir(path)).toEqual(['layer']);
  // The server was killed, and with it went who had it.
  const next = await caches();
  expect(await readdir(await next.open('app', 'build-3'))).toEqual([]);
});

test('who still has it after a restart finds it as it was, and can give it back', async () => {
  await mark(await (await caches()).open('app', 'build-1'));
  const next = await caches(['build-1']);
  expect(await readdir(await next.open('app', 'build-1'))).toEqual(['layer']);
  await next.suspend();
  const third = await caches(['build-1']);
  expect(await readdir(await third.open('app', 'build-1'))).toEqual(['layer']);
  const fourth = await caches(['build-1']);
  await fourth.close('build-1');
  expect(await readdir(await fourth.open('app', 'build-2'))).toEqual(['layer']);
});

test('caches of nobody go, open ones stay', async () => {
  const all = await caches();
  for (const name of ['kept', 'gone', 'open']) await all.open(name, `${name}-1`);
  for (const name of ['kept', 'gone']) await all.close(`${name}-1`);
  await all.prune(new Set(['kept']));
  expect((await readdir(folder)).sort()).toEqual(['kept', 'open', 'open.user']);
});

test('as much as the disk can promise, down to a quarter of a gibibyte', async () => {
  const all = await caches();
  free = 1.5 * 2 ** 30;
  await all.open('app', 'build');
  expect(promised).toEqual([2 ** 30]);
  free = 1000;
  await expect(all.open('other', 'build-2')).rejects.toThrow(DiskReserveError);
  await expect(all.open('../x', 'build')).rejects.toThrow('is no name of a build cache');
});
