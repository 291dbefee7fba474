import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settingsDiff } from '../../../src/cli/configure-space/diff.ts';
import { Space } from '../../../src/resources/kf/space.ts';
import { TestCli } from '../support.ts';

let cli: TestCli;
beforeAll(async () => {
  cli = await TestCli.start();
});
afterAll(() => cli.close());

const configure = (...argv: readonly string[]) => cli.run('configure-space', ...argv);
const specOf = async () => (await cli.server.client.get(Space, { name: 'dev' })).spec;

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

describe('other settings', () => {
  test('policies, in any letters', async () => {
    expect((await configure('set-app-egress-policy', 'DenyAll')).stdout).toBe(
      'Space Diff (-old +new):\n+ networkConfig.appNetworkPolicy.egress: DenyAll\n',
    );
    await cli.ok('configure-space', 'set-egress-policy', 'dev', 'permit-all');
    await cli.ok('configure-space', 'set-build-egress-policy', 'denyall');
    expect((await specOf())?.networkConfig).toEqual({
      appNetworkPolicy: { egress: 'PermitAll' },
      buildNetworkPolicy: { egress: 'DenyAll' },
    });
    await cli.ok('configure-space', 'set-build-egress-policy', 'PermitAll');
  });

  test('grace period, time zone, host ports; kf space shows them', async () => {
    await cli.ok('configure-space', 'set-grace-period', '1m30s');
    await cli.ok('configure-space', 'set-time-zone', 'Europe/Berlin');
    await cli.ok('configure-space', 'allow-host-port', '6379,5432');
    await cli.ok('configure-space', 'allow-host-port', 'dev', '5432');
    expect((await specOf())?.taskConfig).toEqual({ timeZone: 'Europe/Berlin', allowedHostPorts: [5432, 6379] });
    const { stdout } = await cli.ok('space');
    for (const line of [
      /^Grace Period: +1m30s$/m,
      /^Time Zone: +Europe\/Berlin$/m,
      /^Egress Policy: +PermitAll$/m,
      /^Allowed Host Ports: +5432, 6379$/m,
    ])
      expect(stdout).toMatch(line);
    await cli.ok('configure-space', 'deny-host-port', '6379');
    await cli.ok('configure-space', 'set-grace-period', 'default');
    const after = await specOf();
    expect(after?.taskConfig?.allowedHostPorts).toEqual([5432]);
    expect(after?.runtimeConfig).not.toHaveProperty('terminationGracePeriodSeconds');
  });

  test('retention of Builds', async () => {
    await cli.ok('configure-space', 'set-build-retention', '7');
    expect((await specOf())?.buildConfig?.retention).toEqual({ maxBuilds: 7 });
    expect((await cli.ok('space')).stdout).toMatch(/^Build Retention: +7 per App$/m);
    expect(await configure('set-build-retention', '0')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('"0" is no number of Builds: it must be 1 or more, or default'),
    });
    await cli.ok('configure-space', 'set-build-retention', 'dev', 'default');
    expect((await specOf())?.buildConfig).not.toHaveProperty('retention');
  });

  test('retention and limits of Tasks', async () => {
    await cli.ok('configure-space', 'set-task-retention', '50', '--per-job-min', '2');
    await cli.ok('configure-space', 'set-task-limits', '--memory', '4G', '--tasks', '3');
    await cli.ok('configure-space', 'set-task-limits', '--cpu', '1.5', '--tasks', 'none');
    const taskConfig = (await specOf())?.taskConfig;
    expect(taskConfig?.retention).toEqual({ maxTasks: 50, perJobMin: 2 });
    expect(taskConfig?.limits).toEqual({ memory: '4Gi', cpu: '1.5' });
    const { stdout } = await cli.ok('space');
    expect(stdout).toMatch(/^Task Retention: +50 per App, at least 2 of every Job$/m);
    expect(stdout).toMatch(/^Task Limits: +4Gi of memory, 1.5 cores at a time$/m);
    for (const wrong of [['set-task-retention', '0'], ['set-task-limits'], ['set-task-limits', '--tasks', '0']])
      expect((await configure(...wrong)).code, wrong.join(' ')).toBe(1);
    await cli.ok('configure-space', 'set-task-retention', 'default');
    await cli.ok('configure-space', 'set-task-limits', 'dev', '--memory', 'none', '--cpu', 'none');
    expect((await specOf())?.taskConfig).not.toHaveProperty('retention');
    expect((await specOf())?.taskConfig).not.toHaveProperty('limits');
  });

  test.each([
    'set-container-registry',
    'append-domain',
    'set-build-service-account',
    'set-app-ingress-policy',
    'set-nodeselector',
    'get-domains',
  ])('%s has no effect, and says why', async (name) => {
    const { code, stdout, stderr } = await configure(name, 'dev', 'x');
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'FAIL\n' });
    expect(stderr).toMatch(new RegExp(`^Error: kf configure-space ${name} has no effect here: .+\n$`));
  });
});

describe('bad input changes nothing', () => {
  test.each([
    [['set-env', '1BAD', 'x'], 'must be letters'],
    [['set-env', 'nowhere', 'A', 'x'], 'kf create-space nowhere'],
    [['set-env', 'A'], 'accepts between 2 and 3 arg(s), received 1'],
    [['set-env', 'dev', 'A', 'x', '--space', 'other'], 'two Spaces are given'],
    [['set-app-egress-policy', 'Sometimes'], '"Sometimes" is no policy: it must be PermitAll or DenyAll'],
    [['set-grace-period', 'soon'], '"soon" is no grace period'],
    [['set-time-zone', 'Berlin'], '"Berlin" is no IANA time zone; did you mean Europe/Berlin?'],
    [['allow-host-port', '5432,0'], '"0" is no port'],
    [['allow-host-port', '70000'], '"70000" is no port'],
    [['frobnicate'], "unknown command 'frobnicate'; see: kf help configure-space"],
    [['set-evn', 'A', 'x'], 'Did you mean set-env?'],
    [[], 'a command is missing; see: kf help configure-space'],
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
