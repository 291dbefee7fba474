import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readBootId } from '../../../src/node/boot-id.ts';
import { chooseRuntime } from '../../../src/node/runtime/choose-runtime.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kf-runtime-'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('what was found in this boot holds; what a power cut has left of that is tried anew', async () => {
  const candidates = [join(root, 'none')];
  const found = JSON.stringify({ bootId: readBootId(), candidates, runtime: candidates[0] });
  writeFileSync(join(root, 'runtime.json'), found);
  expect(await chooseRuntime(candidates, root)).toBe(candidates[0]);
  for (const left of ['', found.slice(0, 20)]) {
    writeFileSync(join(root, 'runtime.json'), left);
    await expect(chooseRuntime(candidates, root)).rejects.toThrow(/^no OCI runtime works on this machine: /);
  }
});

test('a trial that was cut short leaves nothing for good', async () => {
  const left = join(root, 'kf-doctor-left');
  mkdirSync(join(left, 'rootfs'), { recursive: true });
  await expect(chooseRuntime([join(root, 'none')], root)).rejects.toThrow();
  expect(existsSync(left)).toBe(false);
});
