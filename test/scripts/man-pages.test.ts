import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commandPages } from '../../scripts/docs/command-list.ts';
import { writeManual } from '../../scripts/generate-man.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-man-'));
  writeManual(folder, '1.2.3');
});
afterAll(() => rmSync(folder, { recursive: true }));

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const files = (): readonly string[] =>
  ['man1', 'man5'].flatMap((part) => readdirSync(join(folder, part)).map((name) => join(folder, part, name)));

test('a page for each command, with all its flags', () => {
  const pages = commandPages();
  expect(files().length).toBe(pages.length + 2);
  for (const { name, flags } of pages) {
    const page = readFileSync(join(folder, 'man1', `${name.replaceAll(' ', '-')}.1`), 'utf8');
    for (const flag of flags) expect(page).toContain(flag.flags.split(/[ ,]/)[0]!.replaceAll('-', '\\-'));
  }
});

const root = fileURLToPath(new URL('../..', import.meta.url));

test.skipIf(!existsSync(join(root, 'dist/kf.cjs')))('the build makes them', () =>
  expect(readFileSync(join(root, 'dist/man/man1/kf.1'), 'utf8')).toContain('.SH SYNOPSIS'),
);

test.skipIf(!has('mandoc'))('mandoc has nothing against them', () => {
  const { stdout } = spawnSync('mandoc', ['-Tlint', '-Wwarning', ...files()], { encoding: 'utf8' });
  expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('missing date'))).toEqual([]);
});

test.skipIf(!has('lexgrog'))('whatis finds them', () => {
  const { status, stdout } = spawnSync('lexgrog', files(), { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, expect.stringContaining('"kf-run-task - Run a one-off task')]);
  expect(stdout.trimEnd().split('\n').length).toBe(files().length);
});

test.skipIf(!has('mandoc'))('a page shows what the help says', () => {
  const { stdout } = spawnSync('mandoc', ['-Tascii', '-O', 'width=200', join(folder, 'man1/kf-run-task.1')], {
    encoding: 'utf8',
  });
  const shown = stdout.replace(/.\x08/g, '');
  expect(shown).toContain('kf run-task APP_NAME [flags]');
  expect(shown).toContain('-m, --memory-limit <SIZE>');
  expect(shown).toContain("kf run-task report -c 'node etl.js --full'");
});
