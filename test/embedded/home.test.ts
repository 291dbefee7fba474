import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findHome, openHome } from '../../src/embedded/home.ts';
import { noteOwner, ownerOf } from '../../src/embedded/owner-note.ts';
import { processBeginning } from '../../src/node/host/process-beginning.ts';
import { layoutOf } from '../../src/node/layout.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kf-home-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('a home is found where a server has made one, and nothing is made by looking', async () => {
  const env = { KF_HOME: join(root, 'home') };
  expect(await findHome(env)).toBeUndefined();
  expect(existsSync(env.KF_HOME)).toBe(false);
  const made = await openHome(env);
  expect(await findHome(env)).toEqual(made);
});

test('whose what is in memory is stands there, for when its data directory does not say so any more', async () => {
  const dataDir = join(root, 'home');
  const volatile = join(root, 'volatile');
  mkdirSync(volatile, { mode: 0o700 });
  await noteOwner({ ...layoutOf(dataDir, volatile, 'abc123'), volatile }, 'abc123');
  const { pid } = process;
  const note = { dataDir, instance: 'abc123', pid, beginning: processBeginning(pid) };
  expect(await ownerOf(dataDir, [join(root, 'none'), volatile])).toEqual(note);
  expect(await ownerOf(join(root, 'other'), [volatile])).toBeUndefined();
  writeFileSync(join(volatile, 'owner.json'), '{');
  expect(await ownerOf(dataDir, [volatile])).toBeUndefined();
  await noteOwner({ ...layoutOf(dataDir, volatile, 'abc123'), volatile }, 'abc123');
  // Whoever could write there could have any process ended.
  chmodSync(volatile, 0o777);
  expect(await ownerOf(dataDir, [volatile])).toBeUndefined();
});

test('a process is told from another of its number by when it began', () => {
  expect(processBeginning(process.pid)).toMatch(/^\d+$/);
  expect(processBeginning(2 ** 30)).toBeUndefined();
});
