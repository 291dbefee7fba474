import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../../../src/cli/commands.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { TestCli } from '../support.ts';

let cli: TestCli;
beforeAll(async () => {
  cli = await TestCli.start();
  await cli.ok('push', 'report', '--task', '-p', await cli.source({ a: '' }), '-c', 'exit 0', '-e', 'REGION=eu');
});
afterAll(() => cli.close());

const variables = async () =>
  (await cli.server.client.get(App, { namespace: 'dev', name: 'report' })).spec.template.spec.containers[0]?.env;

describe('lists and descriptions', () => {
  test.each(['apps', 'builds', 'spaces', 'tasks'])('%s: table, json, yaml, name', async (command) => {
    expect((await cli.ok(command)).stdout).toMatch(/^Name /);
    expect(JSON.parse((await cli.ok(command, '-o', 'json')).stdout)).toMatchObject({ apiVersion: 'v1', kind: 'List' });
    expect((await cli.ok(command, '-o', 'yaml')).stdout).toMatch(/^apiVersion: v1$/m);
    const { stdout, stderr } = await cli.ok(command, '-o', 'name');
    expect(stdout).toMatch(command === 'tasks' ? /^$/ : /^(app|build|space)\.kf\.dev\/\S+\n$/);
    expect(stderr).toBe('');
  });

  test.each([
    ['app', 'report', 'App'],
    ['build', 'report-1', 'Build'],
    ['space', 'dev', 'Space'],
  ])('%s %s', async (command, name, kind) => {
    expect((await cli.ok(command, name)).stdout).toMatch(new RegExp(`^Name: +${name}$`, 'm'));
    expect(JSON.parse((await cli.ok(command, name, '-o', 'json')).stdout)).toMatchObject({ kind, metadata: { name } });
    expect((await cli.ok(command, name, '-o', 'yaml')).stdout).toContain(`kind: ${kind}`);
    expect((await cli.ok(command, name, '-o', 'name')).stdout).toBe(`${kind.toLowerCase()}.kf.dev/${name}\n`);
    const missing = await cli.run(command, 'nope', '-o', 'json');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('nope');
  });

  test('builds of one App; stacks; build-logs', async () => {
    expect((await cli.ok('builds', '--app', 'report')).stdout).toContain('report-1');
    expect(await cli.run('builds', '--app', 'nope')).toMatchObject({ code: 1 });
    expect((await cli.ok('stacks')).stdout).toMatch(/^Name +Description +Fingerprint\nhost /);
    const { stdout, stderr } = await cli.ok('build-logs', 'report-1');
    expect(stdout).toBe('hello\n');
    expect(stderr).toContain('Build report-1 succeeded');
  });

  test('an empty Space is no error, a missing one is', async () => {
    await cli.ok('create-space', 'empty');
    expect((await cli.ok('apps', '--space', 'empty')).stdout).toMatch(/^Name +Instances .*\n$/);
    const { code, stderr } = await cli.run('apps', '--space', 'nowhere');
    expect(code).toBe(1);
    expect(stderr).toContain('kf create-space nowhere');
    // One that cannot be created is not offered.
    for (const name of ['default', 'Not_A_Name'])
      expect((await cli.run('apps', '--space', name)).stderr).not.toContain('create-space');
  });
});

describe('environment', () => {
  test('set, show, unset; secrets only when asked for', async () => {
    const { stderr } = await cli.ok('set-env', 'report', 'DB_PASSWORD', 'se=cret');
    expect(stderr).toBe('Setting environment variable on App "report" in Space "dev"\n');
    await cli.ok('set-env', 'report', 'EMPTY', '');
    expect(await variables()).toEqual([
      { name: 'DB_PASSWORD', value: 'se=cret' },
      { name: 'EMPTY', value: '' },
      { name: 'REGION', value: 'eu' },
    ]);
    const { stdout } = await cli.ok('env', 'report');
    expect(stdout).toMatch(/Space-Provided: <empty>\nUser-Provided:\n {2}DB_PASSWORD: +\[hidden/);
    expect(stdout).toMatch(/EMPTY: +<empty>/);
    expect(stdout).toMatch(/REGION: +eu/);
    expect(stdout).not.toContain('se=cret');
    expect((await cli.ok('app', 'report')).stdout).not.toContain('se=cret');
    expect((await cli.ok('env', 'report', '-o', 'json')).stdout).not.toContain('se=cret');
    for (const listing of [['app', 'report'], ['apps']])
      for (const format of ['json', 'yaml']) {
        const { stdout: text } = await cli.ok(...listing, '-o', format);
        expect(text).toContain('eu');
        expect(text).not.toContain('se=cret');
      }
    expect((await cli.ok('app', 'report', '--show', '-o', 'json')).stdout).toContain('se=cret');
    const shown = JSON.parse((await cli.ok('env', 'report', '--show', '-o', 'json')).stdout) as Record<string, object>;
    expect(shown['User-Provided']).toEqual({ DB_PASSWORD: 'se=cret', EMPTY: '', REGION: 'eu' });
    expect(shown['System-Provided']).toMatchObject({ VCAP_SERVICES: '{}' });
    await cli.ok('unset-env', 'report', 'DB_PASSWORD');
    await cli.ok('unset-env', 'report', 'NEVER_SET');
    expect((await variables())?.map(({ name }) => name)).toEqual(['EMPTY', 'REGION']);
  });

  test('a bad name or an unknown App changes nothing', async () => {
    const before = await variables();
    expect((await cli.run('set-env', 'report', '1X', 'y')).stderr).toContain('the name "1X" must be');
    expect((await cli.run('set-env', 'nope', 'X', 'y')).stderr).toContain(
      'failed to set environment variable on App: ',
    );
    expect((await cli.run('set-env', 'report', 'X')).stderr).toContain('accepts 3 arg(s), received 2');
    expect(await variables()).toEqual(before);
  });
});

describe('deleting', () => {
  test('an App: says what goes with it and waits', async () => {
    await cli.ok('push', 'gone', '--task', '-p', await cli.source({ a: '' }), '-c', 'exit 0');
    await cli.run('run-task', 'gone', '--wait');
    const { stderr } = await cli.ok('delete', 'gone');
    expect(stderr).toContain('Deleting App "gone" in Space "dev"');
    expect(stderr).toContain('1 Task of it, 0 unfinished, and their logs go with it.');
    expect(stderr).toContain('Waiting for deletion...');
    expect(await cli.run('app', 'gone')).toMatchObject({ code: 1 });
    const { items } = await cli.server.client.list(Task, {
      namespace: 'dev',
      labelSelector: 'app.kubernetes.io/name=gone',
    });
    expect(items).toEqual([]);
    expect(await cli.run('delete', 'gone')).toMatchObject({ code: 1 });
  });

  test('a Space with all that is in it', async () => {
    const { stdout } = await cli.ok('create-space', 'team', '--run-env', 'A=1');
    expect(stdout).toContain('Space requested, waiting for subcomponents to be created\nSpace created\n');
    await cli.ok('push', 'inner', '--task', '-p', await cli.source({ a: '' }), '--space', 'team');
    expect((await cli.ok('env', 'inner', '--space', 'team')).stdout).toMatch(/Space-Provided:\n {2}A: +1\n/);
    expect((await cli.ok('delete-space', 'team')).stderr).toContain('1 App and 0 Tasks, 0 unfinished, go with it.');
    expect(await cli.run('space', 'team')).toMatchObject({ code: 1 });
    expect((await cli.run('create-space', 'Bad_Name')).stderr).toContain('"Bad_Name" is not a valid name');
    expect((await cli.run('create-space', 'default')).stderr).toContain('reserved');
  });
});

describe('target', () => {
  const file = () => join(cli.home, '.kf');

  test('is remembered for each server; Google’s kf can read the file', async () => {
    await cli.ok('create-space', 'other');
    await writeFile(file(), '# mine\nlogHTTP: true\n');
    expect((await cli.ok('target', 'other')).stderr).toBe('Updated target Space:\n');
    expect((await cli.ok('target')).stdout).toMatch(/^Server: +embedded \(.*\)\nSpace: +other\n$/);
    expect((await cli.ok('tasks')).stderr).toBe('Listing Tasks in Space: other\n');
    await cli.ok('target', '--context', 'prod', '--kubeconfig', '/k', '--space', 'dev');
    expect((await cli.ok('target')).stdout).toMatch(/^Server: +context "prod" of \/k\nSpace: +dev\n$/);
    expect(await readFile(file(), 'utf8')).toMatch(/^# mine\nlogHTTP: true\n.*^space: dev$/ms);
    await cli.ok('target', '--embedded');
    expect((await cli.ok('target')).stdout).toMatch(/Space: +other\n$/);
    expect((await cli.ok('target', '-o', 'name')).stdout).toBe('space.kf.dev/other\n');
    expect(JSON.parse((await cli.ok('target', '-o', 'json')).stdout)).toMatchObject({
      server: { kind: 'embedded' },
      space: 'other',
    });
    await cli.ok('target', '-s', 'dev');
  });

  test('errors change nothing', async () => {
    const before = await readFile(file(), 'utf8');
    expect((await cli.run('target', 'nope')).stderr).toContain(`Space "nope" doesn't exist`);
    expect((await cli.run('target', 'dev', '--space', 'dev')).stderr).toContain(
      "can't be used when the Space is provided",
    );
    expect(await cli.run('target', '--embedded', '--context', 'x')).toMatchObject({ code: 1 });
    expect(await readFile(file(), 'utf8')).toBe(before);
  });

  test('on a cluster the first Space can be made, and deleted, without another one', async () => {
    const env = { HOME: '/nonexistent' };
    const made = await cli.start(['create-space', 'first', '--context', 'fresh'], { env }).finished;
    expect(made).toMatchObject({ code: 0 });
    expect(made.stderr).toMatch(/^Using context "fresh", Space "first"\n/);
    expect(made.stderr).toContain('kf target first --context fresh\n');
    const gone = await cli.start(['delete-space', 'first', '--context', 'fresh'], { env }).finished;
    expect(gone).toMatchObject({ code: 0 });
  });

  test('on a cluster there is no default Space', async () => {
    const running = cli.start(['tasks', '--context', 'fresh'], { env: { HOME: '/nonexistent' } });
    expect((await running.finished).stderr).toContain(
      "no space targeted, use 'kf target --space SPACE' to target a space",
    );
  });

  test('where $KUBECONFIG says which server, and no Space is targeted there: that, and the way out', async () => {
    const env = { HOME: '/nonexistent', KF_HOME: '/srv/kf', KUBECONFIG: '/other/config' };
    const { stderr, stdout } = await cli.start(['tasks', '-o', 'xml'], { env }).finished;
    expect(stderr).toContain('Allowed choices are name, json, yaml');
    expect(stdout).toBe('FAIL\n');
    const found = await cli.start(['tasks'], { env }).finished;
    expect(found.stderr).toMatch(
      /no space targeted, .*; the server is that of context ".*" in \/other\/config, by \$KUBECONFIG, which comes before KF_HOME\n/,
    );
    expect(found.stderr).toContain('unset KUBECONFIG\n');
  });
});

describe('tips', () => {
  const server = ['--kubeconfig', '/k', '--context', 'prod'];
  test.each([
    [['app', 'nope', '--space', 'dev'], 'kf apps --space dev'],
    [['task', 'nope', '--space', 'dev'], 'kf tasks --space dev'],
    [['task', 'report', '99', '--space', 'dev'], 'kf tasks report --space dev'],
    [['build', 'nope', '--space', 'dev'], 'kf builds --space dev'],
    [['apps', '--space', 'nowhere'], 'kf create-space nowhere'],
  ])('%j: the printed command means the same server', async (argv, tip) => {
    const { code, stderr } = await cli.run(...argv, ...server);
    expect(code).toBe(1);
    expect(stderr).toContain(`${tip} ${server.join(' ')}\n`);
  });
});

describe('names that do not exist', () => {
  test.each([
    [['app', 'reprot', '--space', 'dev'], 'apps.kf.dev "reprot" not found; did you mean "report"?'],
    [['apps', '--space', 'dve'], `Space "dve" doesn't exist; did you mean "dev"?`],
    [['app', 'quite-different', '--space', 'dev'], 'apps.kf.dev "quite-different" not found\n'],
  ])('%j: %s', async (argv, message) => {
    expect((await cli.run(...argv)).stderr).toContain(message);
  });
});

describe('the command line', () => {
  test('help has examples for every command; no arguments show the list', async () => {
    const { stdout } = await cli.ok();
    for (const name of ['push', 'run-task', 'logs', 'server', 'doctor', 'target'])
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    for (const command of [['push'], ['run-task'], ['server', 'stop'], ['target']])
      expect((await cli.ok(...command, '--help')).stdout).toMatch(/Examples:\n {2}(sudo )?kf /);
    expect((await cli.ok('help', 'tasks')).stdout).toContain('Usage: kf tasks [APP_NAME] [flags]');
    const { stdout: setEnv } = await cli.ok('help', 'config-space', 'set-env');
    expect(setEnv).toContain('Usage: kf configure-space set-env [SPACE_NAME] NAME VALUE [flags]');
    expect((await cli.ok('configure-server', '--help')).stdout).toMatch(/Examples:\n {2}sudo kf /);
  });

  test('every command says what it does, in a group, with examples; so does a word that several share', () => {
    for (const { usage, group, summary, examples, hidden } of commands) {
      expect(group, usage).toMatch(/^[A-Z][A-Za-z ]+:$/);
      expect(summary, usage).toMatch(/^[A-Z].*[^.]$/);
      if (hidden !== true)
        for (const one of examples) expect(one, usage).toMatch(/^(sudo |[A-Z_]+=\S+ |echo .* \| |source <\()*kf /);
      if (!/^[a-z-]+ [a-z-]+( |$)/.test(usage)) continue;
      const { parent } = commands.find((one) => one.usage.split(' ')[0] === usage.split(' ')[0])!;
      expect(parent?.summary, usage).toMatch(/^[A-Z].*[^.]$/);
      expect(parent?.examples.length, usage).toBeGreaterThan(0);
    }
  });

  test.each([
    [['run-tsk', 'x'], '(Did you mean run-task?)'],
    [['tasks', '--ouput', 'json'], '(Did you mean --output?)'],
    [['frobnicate'], "unknown command 'frobnicate'; see: kf help"],
    [['server'], 'a command is missing'],
    [['help', 'frobnicate'], "unknown command 'frobnicate'; see: kf help"],
    [['frobnicate', '--help'], "unknown command 'frobnicate'; see: kf help"],
    [['help', 'server', 'frobnicate'], "unknown command 'frobnicate'; see: kf help server"],
    [['tasks', 'a', 'b'], 'accepts at most 1 arg(s), received 2: b'],
    [['run-task', 'report', 'node etl.js'], "kf run-task report -c 'LINE'"],
    [['task'], 'accepts between 1 and 2 arg(s), received 0'],
    [['logs', 'report', '-n', '-1'], 'number of lines must be greater than or equal to 0'],
    [['tasks', '--space'], '--space'],
  ])('%j', async (argv, message) => {
    const { code, stdout, stderr } = await cli.run(...argv);
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'FAIL\n' });
    expect(stderr).toMatch(/^Error: /);
    expect(stderr).toContain(message);
  });

  test.each(['login', 'api', 'auth', 'logout'])('%s says what to do instead', async (name) => {
    const { code, stderr } = await cli.run(name, 'https://api.example.com');
    expect(code).toBe(1);
    expect(stderr).toContain('kf target');
  });

  test.each([
    [['routes'], 'Instead: kf run-task APP_NAME'],
    [['scale', 'report', '-i', '3'], 'Instead: kf run-task APP_NAME'],
    [['stop', 'report'], 'Instead: kf terminate-task'],
  ])('%j, which Kf has for Apps that run all the time, says what is here', async (argv, tip) => {
    const { code, stderr } = await cli.run(...argv);
    expect(code).toBe(1);
    expect(stderr).toContain(`Error: kf ${argv[0]} is not here: `);
    expect(stderr).toContain(tip);
  });

  test('version', async () => {
    expect((await cli.ok('version')).stdout).toMatch(/^kf version \d+\.\d+\.\d+\n$/);
    expect((await cli.ok('--version')).stdout).toMatch(/^kf version /);
    expect(JSON.parse((await cli.ok('version', '-o', 'json')).stdout)).toHaveProperty('version');
    expect((await cli.ok('version', '-o', 'name')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
