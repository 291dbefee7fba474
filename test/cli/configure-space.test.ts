import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settingsDiff } from '../../src/cli/configure-space/diff.ts';
import { Space } from '../../src/resources/kf/space.ts';
import { TestCli } from './support.ts';

let cli: TestCli;
beforeAll(async () => {
  cli = await TestCli.start();
});
afterAll(() => cli.close());

const configure = (...argv: readonly string[]) => cli.run('configure-space', ...argv);
const specOf = async (name = 'dev') => (await cli.server.client.get(Space, { name })).spec;

describe('environment', () => {
  test('of Tasks: set, changed, shown, unset, in Kf’s words', async () => {
    expect(await configure('set-env', 'REGION', 'eu')).toEqual({
      code: 0,
      stdout: 'Space Diff (-old +new):\n+ runtimeConfig.env.REGION: eu\n',
      stderr: 'configuring Space...\nSuccess\n',
    });
    expect((await configure('set-env', 'dev', 'REGION', 'us')).stdout).toBe(
      'Space Diff (-old +new):\n- runtimeConfig.env.REGION: eu\n+ runtimeConfig.env.REGION: us\n',
    );
    expect(await configure('set-env', 'REGION', 'us')).toEqual({ code: 0, stdout: 'No changes\n', stderr: '' });
    await configure('set-env', 'DB_PASSWORD', 'se=cret');
    expect((await configure('get-execution-env')).stdout).toBe(
      '- name: DB_PASSWORD\n  value: "[hidden; --show prints it]"\n- name: REGION\n  value: us\n',
    );
    expect((await configure('get-execution-env', 'dev', '--show', '-o', 'json')).stdout).toContain('se=cret');
    expect((await configure('unset-env', 'DB_PASSWORD')).stdout).not.toContain('se=cret');
    expect((await configure('unset-env', 'DB_PASSWORD')).stdout).toBe('No changes\n');
    expect((await specOf())?.runtimeConfig?.env).toEqual([{ name: 'REGION', value: 'us' }]);
  });

  test('of Builds; config-space is the same', async () => {
    await cli.ok('config-space', 'set-buildpack-env', 'CI', '1', '--async');
    expect((await configure('get-buildpack-env')).stdout).toBe('- name: CI\n  value: "1"\n');
    await cli.ok('configure-space', 'unset-buildpack-env', 'CI');
    expect((await configure('get-buildpack-env')).stdout).toBe('[]\n');
  });
});

describe('bad input changes nothing', () => {
  test.each([
    [['set-env', '1BAD', 'x'], 'must be letters'],
    [['set-env', 'nowhere', 'A', 'x'], 'kf create-space nowhere'],
    [['set-env', 'A'], 'accepts between 2 and 3 arg(s), received 1'],
    [['set-env', 'dev', 'A', 'x', '--space', 'other'], 'two Spaces are given'],
    [['frobnicate'], "unknown command 'frobnicate'"],
  ])('%j', async (argv, complaint) => {
    const before = await specOf();
    const { code, stderr } = await configure(...argv);
    expect(code).toBe(1);
    expect(stderr).toContain(complaint);
    expect(await specOf()).toEqual(before);
  });
});

test('a diff names each value that changed, and hides secrets', () => {
  const before = { taskConfig: { allowedHostPorts: [1, 2], timeZone: 'UTC' }, runtimeConfig: { env: [{ name: 'A' }] } };
  const after = { taskConfig: { allowedHostPorts: [1] }, runtimeConfig: { env: [{ name: 'TOKEN', value: 'x' }] } };
  expect(settingsDiff(before, after)).toEqual([
    '- runtimeConfig.env.A: ""',
    '+ runtimeConfig.env.TOKEN: [hidden; --show prints it]',
    '- taskConfig.allowedHostPorts: 1, 2',
    '+ taskConfig.allowedHostPorts: 1',
    '- taskConfig.timeZone: UTC',
  ]);
  expect(settingsDiff({}, { a: { url: 'https://me:word@host/' } })).toEqual(['+ a.url: [hidden; --show prints it]']);
});
