import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkHostPath } from '../../../src/node/volumes/host-paths.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync('/srv/kf-host-paths-');
  for (const name of ['allowed/inner', 'other', 'kf', 'kf/data']) mkdirSync(join(root, name), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const check = (path: string) =>
  checkHostPath(join(root, path), { allowed: [join(root, 'allowed')], own: [join(root, 'kf')] });

test('what is allowed, and what is in it', async () => {
  expect(await check('allowed')).toBe(join(root, 'allowed'));
  expect(await check('allowed/inner')).toBe(join(root, 'allowed/inner'));
});

test('nothing else', async () => {
  writeFileSync(join(root, 'allowed/file'), '');
  await expect(check('other')).rejects.toThrow('is not allowed as a volume');
  await expect(check('kf/data')).rejects.toThrow("the server's own data");
  await expect(check('.')).rejects.toThrow("the server's own data");
  await expect(check('allowed/missing')).rejects.toThrow('does not exist');
  await expect(check('allowed/file')).rejects.toThrow('is no directory');
});

test('no link leads out', async () => {
  symlinkSync('/etc', join(root, 'allowed/etc'));
  symlinkSync('../kf', join(root, 'allowed/own'));
  symlinkSync('inner', join(root, 'allowed/within'));
  await expect(check('allowed/etc')).rejects.toThrow('leads to /etc, which is not allowed');
  await expect(check('allowed/own')).rejects.toThrow('which is not allowed');
  expect(await check('allowed/within')).toBe(join(root, 'allowed/inner'));
});

test('nobody but root could put a link in its place', async () => {
  chownSync(join(root, 'allowed'), 2000, 2000);
  expect(await check('allowed')).toBe(join(root, 'allowed'));
  await expect(check('allowed/inner')).rejects.toThrow(`${join(root, 'allowed')} must belong to root`);
  chownSync(join(root, 'allowed'), 0, 0);
  chmodSync(join(root, 'allowed'), 0o777);
  await expect(check('allowed/inner')).rejects.toThrow('must belong to root');
});
