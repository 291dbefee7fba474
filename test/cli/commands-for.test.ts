import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { commandsFor, wordsAlone } from '../../src/cli/commands-for.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

test.each(wordsAlone)('%s, loaded alone, is the command of the whole list', async (word) => {
  const [command, ...others] = await commandsFor([word, '--help']);
  expect(others).toEqual([]);
  expect(commands).toContain(command);
  expect(command!.usage.split(' ')[0]).toBe(word);
});

test('anything else may mean any command', async () => {
  for (const argv of [[], ['help'], ['--space', 'x', 'tasks'], ['toString'], ['taks']])
    expect(await commandsFor(argv)).toBe(commands);
});

describe('bin/kf with the code that a build has kept', () => {
  const kf = (folder: string): string =>
    execFileSync(process.execPath, [join(folder, 'bin/kf'), 'version'], { encoding: 'utf8' });

  test.skipIf(!existsSync(join(root, 'dist/kf.cjs')))('imports nothing at run time, but for `kf server run`', () => {
    const program = readFileSync(join(root, 'dist/kf.cjs'), 'utf8');
    expect(program.match(/[^\w.]import\([^)]*/g)).toEqual([expect.stringContaining('pathToFileURL')]);
  });

  test.skipIf(!existsSync(join(root, 'dist/kf.cjs')))('fitting, of another Node, damaged, cut off, absent', () => {
    const folder = mkdtempSync(join(tmpdir(), 'kf-bin-'));
    try {
      cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true });
      cpSync(join(root, 'dist/kf.cjs'), join(folder, 'dist/kf.cjs'));
      const answer = kf(folder);
      expect(answer).toMatch(/^kf version \d/);
      const cache = join(folder, 'dist/kf.cjs.cache');
      if (existsSync(join(root, 'dist/kf.cjs.cache'))) cpSync(join(root, 'dist/kf.cjs.cache'), cache);
      expect(kf(folder)).toBe(answer);
      for (const content of ['', 'not compiled code', Buffer.alloc(300_000, 1)]) {
        writeFileSync(cache, content);
        expect(kf(folder)).toBe(answer);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
