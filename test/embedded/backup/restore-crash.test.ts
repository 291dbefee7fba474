/** A restore that is killed wherever it is: the next start finds all as it was, or all as in the backup. */

import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { completeInterrupted, journalFile } from '../../../src/embedded/backup/exchange.ts';
import { makeBackup } from '../../../src/embedded/backup/make-backup.ts';
import { putInPlace, unpackBackup } from '../../../src/embedded/backup/restore.ts';
import { openHome } from '../../../src/embedded/home.ts';
import { allKinds } from '../../../src/resources/all-kinds.ts';
import { ObjectStore } from '../../../src/store/object-store.ts';
import { configMap, configMaps } from '../../store/fixtures/objects.ts';

const now = new Date('2026-03-01T09:00:00Z');
// Beside node_modules, whose native library it loads.
const program = fileURLToPath(new URL('../../../node_modules/.cache/kf/killed-restore.mjs', import.meta.url));
let root: string;
let file: string;
const open = (dataDir: string) => new ObjectStore({ path: join(dataDir, 'store.db'), kinds: allKinds });

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'kf-restore-'));
  file = join(root, 'backup.tar');
  await build({
    entryPoints: [fileURLToPath(new URL('fixtures/killed-restore.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['libsql'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  await fill('backed-up', ['token', 'tls.json', 'config.yaml']);
  await makeBackup({
    version: '1.2.3',
    volumes: true,
    force: false,
    now,
    reserveBytes: 0,
    dataDir: join(root, 'backed-up'),
    file,
  });
  // One file only here, one only there.
  await fill('present', ['token', 'config.yaml', 'log-sinks']);
});
afterAll(() => rmSync(root, { recursive: true }));

/** Everything in it says whose it is. */
async function fill(name: string, files: readonly string[]): Promise<void> {
  const { dataDir } = await openHome({ KF_HOME: join(root, name) });
  const store = open(dataDir);
  store.put(configMaps, configMap(name), 0);
  await store.close();
  for (const path of files) writeFileSync(join(dataDir, path), name);
  for (const folder of ['logs', 'volumes', 'layers']) {
    mkdirSync(join(dataDir, folder));
    writeFileSync(join(dataDir, folder, 'file'), name);
  }
}

/** Whose the data directory is; all in it has to say the same. */
async function ownerOf(dataDir: string): Promise<string> {
  const contents = ['token', 'config.yaml', 'logs/file', 'volumes/file', 'layers/file'];
  const owners = new Set(contents.map((path) => readFileSync(join(dataDir, path), 'utf8')));
  expect([...owners].length).toBe(1);
  const [owner = ''] = owners;
  expect([existsSync(join(dataDir, 'tls.json')), existsSync(join(dataDir, 'log-sinks'))]).toEqual([
    owner === 'backed-up',
    owner === 'present',
  ]);
  const store = open(dataDir);
  expect(['present', 'backed-up'].filter((name) => store.get(configMaps, 'default', name) !== undefined)).toEqual([
    owner,
  ]);
  await store.close();
  return owner;
}

const run = (...args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(signal ?? String(code)));
  });

function copy(name: string, from = 'present'): string {
  const dataDir = join(root, name);
  cpSync(join(root, from), dataDir, { recursive: true });
  return dataDir;
}

const foldersOf = (dataDir: string, prefix: string) => readdirSync(dataDir).filter((name) => name.startsWith(prefix));

/** Kills it before its first call, its second one … until it comes to its end; whose the folder is each time. */
async function eachKill(name: string, from: string, program: (dataDir: string) => readonly string[]) {
  const owners: string[] = [];
  for (let count = 1; ; count += 3) {
    const kills = [count, count + 1, count + 2].map(async (at) => {
      const dataDir = copy(`${name}-${at}`, from);
      const ended = await run(...program(dataDir), String(at));
      await completeInterrupted(dataDir);
      return { dataDir, ended };
    });
    for (const { dataDir, ended } of await Promise.all(kills)) {
      expect(['SIGKILL', '0']).toContain(ended);
      expect(existsSync(join(dataDir, journalFile))).toBe(false);
      const owner = await ownerOf(dataDir);
      owners.push(owner);
      expect(foldersOf(dataDir, 'replaced-').length).toBe(owner === 'backed-up' ? 1 : 0);
      if (owner === 'backed-up') expect(foldersOf(dataDir, 'restoring-')).toEqual([]);
      rmSync(dataDir, { recursive: true });
      if (ended === '0') return owners;
    }
  }
}

test('killed before any of its steps: all is as it was until the journal is written, and as in the backup from then on', async () => {
  const owners = await eachKill('killed', 'present', (dataDir) => [dataDir, file]);
  const first = owners.indexOf('backed-up');
  expect(first).toBeGreaterThan(1);
  expect(new Set(owners.slice(first))).toEqual(new Set(['backed-up']));
  // Each name leaves or comes in a step of its own.
  expect(owners.length - first).toBeGreaterThan(12);
}, 60_000);

test('killed again while it is completed; the next attempt completes it', async () => {
  // Somewhere between the first name and the last one.
  const half = copy('half');
  expect(await run(half, file, '9')).toBe('SIGKILL');
  expect(existsSync(join(half, journalFile))).toBe(true);
  const owners = await eachKill('again', 'half', (dataDir) => [dataDir, '']);
  expect(new Set(owners)).toEqual(new Set(['backed-up']));
  expect(owners.length).toBeGreaterThan(10);
}, 60_000);

test('what was unpacked has been removed meanwhile: all is as it was again', async () => {
  const dataDir = copy('gone');
  expect(await run(dataDir, file, '9')).toBe('SIGKILL');
  rmSync(join(dataDir, foldersOf(dataDir, 'restoring-')[0]!), { recursive: true });
  await completeInterrupted(dataDir);
  expect(await ownerOf(dataDir)).toBe('present');
  expect(foldersOf(dataDir, 'replaced-')).toEqual([]);
});

test('two restores in one second keep both of what they replaced; a backup completes what was interrupted first', async () => {
  const dataDir = copy('twice');
  const home = await openHome({ KF_HOME: dataDir });
  for (const _ of [1, 2]) await putInPlace(home, (await unpackBackup(home, file, { reserveBytes: 0 })).folder, now);
  expect(foldersOf(dataDir, 'replaced-').length).toBe(2);
  expect(await run(dataDir, file, '9')).toBe('SIGKILL');
  await makeBackup({
    version: '1.2.3',
    volumes: false,
    force: true,
    now,
    reserveBytes: 0,
    dataDir,
    file: join(root, 'second.tar'),
  });
  expect(existsSync(join(dataDir, journalFile))).toBe(false);
  expect(await ownerOf(dataDir)).toBe('backed-up');
});
