/** Of the test that runs the documentation: that it finds the blocks, and sees where output differs. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../../src/cli/server/server-file.ts';
import { blocksOf, stepsOf } from '../support/docs/blocks.ts';
import { difference } from '../support/docs/compare.ts';
import { isComplete, PageShell } from '../support/docs/shell.ts';

describe('blocks', () => {
  test('fences, hidden commands, marks', () => {
    const page = [
      '# Title',
      '<!-- test',
      'make it',
      '-->',
      '```sh',
      'kf apps',
      '```',
      '- item',
      '  ```',
      '  kf jobs',
      '  ```',
      '<!-- test: file a.yaml -->',
      '```yaml',
      'a: 1',
      '```',
      '<!-- test: skip it takes a day -->',
      '<!-- test: exit 3 -->',
      '```',
      'sleep 1d',
      '```',
    ].join('\n');
    expect(blocksOf(page)).toEqual([
      { line: 2, language: 'hidden', text: 'make it' },
      { line: 5, language: 'sh', text: 'kf apps' },
      { line: 9, language: '', text: 'kf jobs' },
      { line: 13, language: 'yaml', text: 'a: 1', file: 'a.yaml' },
      { line: 18, language: '', text: 'sleep 1d', skip: 'it takes a day', exit: 3 },
    ]);
  });

  test.each([
    ['\n    kf apps', 'line 2: code without a fence'],
    ['```\nkf apps', 'a block without an end'],
    ['<!-- test: skpi x -->', 'an unknown mark'],
    ['<!-- test: skip why not -->\ntext', 'a mark stands before a block'],
    ['<!-- test\nx', 'a comment without an end'],
  ])('%j is an error', (page, message) => expect(() => blocksOf(page)).toThrow(message));

  test('commands of several lines, and their output', () => {
    const text = '$ for x in 1 2; do\n  echo $x\ndone\n1\n2\n\n$ a \\\n  b   # c';
    expect(stepsOf({ line: 1, language: '', text }, isComplete)).toEqual([
      { line: 2, command: 'for x in 1 2; do\n  echo $x\ndone', output: '1\n2' },
      { line: 8, command: 'a \\\n  b   # c' },
    ]);
  });
});

test.each([
  ['Task etl-vh95v has ID 1.', 'Task etl-x2b4c has ID 1.'],
  ['Name   ID  Age\nx      1   9s', 'Name  ID  Age\nx     1   79ms'],
  ['Sun 2026-11-22 02:30 +01:00', 'Mon 2027-07-01 02:30 +02:00'],
  ['a\n…\nc', 'a\nb\nb\nc'],
  ['a\n…', 'a'],
  ['a\n…', 'a\nb'],
  ['…\na', 'a'],
  ['Built in … by x', 'Built in 12 steps by x'],
])('%j shows %j', (shown, came) => expect(difference(shown, came)).toBeUndefined());

test.each([
  ['Task etl-vh95v has ID 1.', 'Task etl-x2b4c has ID 2.'],
  ['a', 'a\nb'],
  ['a\nb', 'a'],
  ['a\n…\nc', 'a\nb'],
  ['exit code 3', 'exit code 4'],
])('%j does not show %j', (shown, came) => expect(difference(shown, came)).toContain('but this came'));

test('a shell keeps folder and variables, tells code and output, and takes along what it runs', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kf-shell-'));
  const shell = new PageShell({ cwd: folder, env: { PATH: process.env.PATH ?? '' } });
  await shell.run('mkdir a; cd a; x=1');
  expect(await shell.run('pwd; echo $x >&2; (exit 3)')).toEqual({ code: 3, output: `${folder}/a\n1\n` });
  const { output } = await shell.run('sleep 600 & echo $!');
  shell.close();
  await expect.poll(() => isAlive(Number(output))).toBe(false);
  await expect(shell.run('true')).rejects.toThrow('it ended the shell');
  rmSync(folder, { recursive: true });
});
