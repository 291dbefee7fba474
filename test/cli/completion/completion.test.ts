import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { keptByBash, wordsOf } from '../../../src/cli/completion/line.ts';
import { placeholdersAt } from '../../../src/cli/completion/usage.ts';
import { TestCli } from '../support.ts';

describe('what may stand at a place of a usage', () => {
  test.each([
    ['APP_NAME [flags]', ['APP_NAME'], []],
    ['[flags]', [], []],
    ['[SPACE_NAME] NAME VALUE [flags]', ['NAME', 'SPACE_NAME'], ['VALUE', 'NAME']],
    ['{TASK_NAME | APP_NAME TASK_ID} [flags]', ['TASK_NAME', 'APP_NAME'], ['TASK_ID']],
    ['{APP_NAME | TASK_NAME | APP_NAME TASK_ID | --job JOB_NAME} [flags]', ['APP_NAME', 'TASK_NAME'], ['TASK_ID']],
    ['{A B:C | D:E} F', ['A', 'D:E'], ['B:C', 'F']],
    ['SETTING VALUE... [flags]', ['SETTING'], ['VALUE']],
    ['SERVICE [PLAN] SERVICE_NAME', ['SERVICE'], ['SERVICE_NAME', 'PLAN']],
  ])('%s', (usage, first, second) =>
    expect([placeholdersAt(usage, 0), placeholdersAt(usage, 1)]).toEqual([first, second]),
  );

  test('the last word again and again', () => expect(placeholdersAt('A B...', 5)).toEqual(['B']));
});

test.each([
  ['kf ', ['kf', '']],
  ['kf run-ta', ['kf', 'run-ta']],
  ['kf run-task \'a b\' -c "x \\" y', ['kf', 'run-task', 'a b', '-c', 'x " y']],
  ['kf a\\ b', ['kf', 'a b']],
  ["kf ''", ['kf', '']],
  ['echo x | kf app', ['kf', 'app']],
])('words of %j', (line, words) => expect(wordsOf(line)).toEqual(words));

test('bash completes what comes after its breaks', () => {
  expect([keptByBash('--space=d', '=:'), keptByBash('--space=d', ' '), keptByBash('a', '=:')]).toEqual([8, 0, 0]);
});

describe('kf complete', () => {
  let cli: TestCli;
  const completions = async (...words: readonly string[]) =>
    (await cli.ok('complete', 'words', '--', ...words)).stdout.split('\n').map((line) => line.split('\t')[0]);
  beforeAll(async () => {
    cli = await TestCli.start();
    await cli.world.app('report');
    await cli.ok('create-job', 'report', 'nightly', 'true', '-s', '@daily', '--async');
    await cli.ok('set-env', 'report', 'REGION', 'eu');
    await cli.ok('create-space', 'other');
  });
  afterAll(() => cli.close());

  test.each([
    [
      ['server', 'r'],
      ['restart', 'run', 'restore', ''],
    ],
    [
      ['help', 'server', 'sta'],
      ['start', 'status', ''],
    ],
    [
      ['run-task', ''],
      ['report', ''],
    ],
    [['--space', 'other', 'run-task', ''], ['']],
    [['run-task', '--space=other', ''], ['']],
    [
      ['run-task', '-c', 'x', ''],
      ['report', ''],
    ],
    [
      ['run-task', '--', 'rep'],
      ['report', ''],
    ],
    [['run-task', 'report', ''], ['']],
    [
      ['create-job', ''],
      ['report', ''],
    ],
    [['create-job', 'report', ''], ['']],
    [
      ['create-hook', ''],
      ['report', 'nightly', ''],
    ],
    [['create-space', ''], ['']],
    [
      ['configure-space', 'set-app-egress-policy', ''],
      ['PermitAll', 'DenyAll', 'dev', 'other', ''],
    ],
    [
      ['configure-space', 'set-egress-policy', 'D'],
      ['DenyAll', ''],
    ],
    [
      ['tasks', '--state', 'fa'],
      ['failed', ''],
    ],
    [
      ['update-job', 'nightly', '--timezone', 'Europe/Ber'],
      ['Europe/Berlin', ''],
    ],
    [
      ['configure-server', 'set', 'maxT'],
      ['maxTasks', ''],
    ],
    [
      ['run-task', 'report', '--o'],
      ['--once', '--output', ''],
    ],
    [
      ['run-task', 'report', '--output=y'],
      ['--output=yaml', ''],
    ],
    [
      ['delete-job-schedule', 'nightly', ''],
      ['1', ''],
    ],
    [
      ['schedule-job', 'nightly', '@d'],
      ['@daily', ''],
    ],
    [
      ['unset-env', 'report', ''],
      ['REGION', ''],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', ''],
    ],
    [
      ['push', '-f', ''],
      [':files', ''],
    ],
    [
      ['push', '--path', ''],
      [':dirs', ''],
    ],
    [['nonsense', ''], ['']],
    [['--context', 'nowhere', 'run-task', ''], ['']],
  ])('%j', async (words, found) => expect(await completions(...words)).toEqual(found));

  test('hidden commands are not offered, and what goes wrong is not told', async () => {
    expect(await completions('')).not.toContain('complete');
    cli.offline = true;
    expect(await cli.run('complete', 'words', '--', 'run-task', '')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await completions('run-ta')).toEqual(['run-task', '']);
    cli.offline = false;
  });
});

test('a shell that there is no completion for', async () => {
  const cli = await TestCli.start();
  const { code, stderr } = await cli.run('completion', 'tcsh');
  expect([code, stderr]).toEqual([1, 'Error: there is no completion for tcsh; there is for: bash, zsh, fish\n']);
  await cli.close();
});
