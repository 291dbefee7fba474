import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ensureOwnDirectory } from '../../src/node/own-directory.ts';

const root = mkdtempSync(join(tmpdir(), 'kf-own-'));
afterAll(() => rmSync(root, { recursive: true }));

test('is made for us alone, and taken again', async () => {
  const path = join(root, 'mine');
  await ensureOwnDirectory(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  await ensureOwnDirectory(path);
});

test('is not taken from somebody else', async () => {
  const [theirs, open, link] = ['theirs', 'open', 'link'].map((name) => join(root, name)) as [string, string, string];
  mkdirSync(theirs);
  chownSync(theirs, 12345, 12345);
  mkdirSync(open);
  chmodSync(open, 0o777);
  symlinkSync(join(root, 'mine'), link);
  for (const path of [theirs, open, link]) await expect(ensureOwnDirectory(path)).rejects.toThrow(`${path} belongs`);
});
