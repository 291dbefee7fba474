import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { TestCli } from '../support.ts';

let cli: TestCli;
let file: string;
beforeAll(async () => {
  cli = await TestCli.start();
  await mkdir(join(cli.home, 'kf'));
  file = join(cli.home, 'kf', 'config.yaml');
});
afterAll(() => cli.close());
beforeEach(() => writeFileSync(file, ''));

const set = (...words: readonly string[]) => cli.run('configure-server', 'set', ...words);

test('a setting is set, shown and taken back; comments and others stay', async () => {
  writeFileSync(file, '# ours\nport: 7000 # fixed\nstore:\n  cache: 8Mi\n');
  expect((await set('maxTasks', '5')).stdout).toBe('maxTasks: 5\n');
  expect((await set('store.watchDuration', '2m')).code).toBe(0);
  expect((await set('hostStack.paths', '/opt/a', '/opt/b')).stdout).toBe('hostStack.paths: ["/opt/a","/opt/b"]\n');
  expect(readFileSync(file, 'utf8')).toBe(
    '# ours\nport: 7000 # fixed\nstore:\n  cache: 8Mi\n  watchDuration: 2m\nmaxTasks: 5\nhostStack:\n  paths:\n    - /opt/a\n    - /opt/b\n',
  );
  const { stdout } = await cli.ok('configure-server', 'get');
  expect(stdout).toMatch(/^Setting +Value +From\nport +7000 +config.yaml\nmaxTasks +5 +config.yaml\n/);
  expect(stdout).toMatch(/\nhostPaths +none +default\n/);
  expect((await cli.ok('configure-server', 'get', 'maxTasks')).stdout).toBe('5\n');
  expect((await cli.ok('configure-server', 'unset', 'hostStack.paths')).stdout).toContain('none (default)');
  await cli.ok('configure-server', 'unset', 'maxTasks');
  expect((await cli.ok('configure-server', 'unset', 'maxTasks')).stdout).toContain('is not set');
  expect(readFileSync(file, 'utf8')).toBe('# ours\nport: 7000 # fixed\nstore:\n  cache: 8Mi\n  watchDuration: 2m\n');
});

test('the last one taken back leaves a file that takes others', async () => {
  writeFileSync(file, '# ours\n\nstore:\n  cache: 8Mi\n# end\n');
  await cli.ok('configure-server', 'unset', 'store.cache');
  expect(readFileSync(file, 'utf8')).toBe('# ours\n# end\n');
  await set('port', '0');
  expect(readFileSync(file, 'utf8')).toMatch(/^# ours\n[^{}]*port: 0\n/);
});

test('a value is what the setting takes, and nothing is written otherwise', async () => {
  for (const [words, message] of [
    [['maxTasks', 'lots'], 'Error: maxTasks must be a whole number from 1 on, not "lots"'],
    [['maxTasks', '1', '2'], 'Error: maxTasks takes one value'],
    [['maxTasks'], 'accepts at least 2 arg(s), received 1'],
    [['maxtasks', '1'], 'unknown setting "maxtasks"; did you mean maxTasks?'],
    [['cache', '1'], 'did you mean store.cache?'],
    [['hostStack.paths', 'opt'], 'hostStack.paths must be a list of absolute paths'],
    [['hostPaths', '/srv'], 'hostPaths is changed by: kf configure-server allow-host-path DIRECTORY'],
  ] as const) {
    const { code, stderr } = await set(...words);
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
  }
  expect(readFileSync(file, 'utf8')).toBe('');
});

test('a broken file is named with its line, and left alone', async () => {
  writeFileSync(file, 'port: 7000\nmaxTaks: 3\n');
  for (const words of [['get'], ['set', 'maxTasks', '3'], ['unset', 'port'], ['get-host-paths']]) {
    const { code, stderr } = await cli.run('configure-server', ...words);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`${file}, line 2: unknown setting "maxTaks"`)]);
  }
  expect(readFileSync(file, 'utf8')).toContain('maxTaks');
});

test('what the environment says is told', async () => {
  const running = cli.start(['configure-server', 'get', 'port'], { env: { KF_PORT: '9' } });
  expect((await running.finished).stderr).toBe('KF_PORT=9 comes before port for a server that is started from here.\n');
});

test('a relative directory that is not there is not made: it may be a slip', async () => {
  const { code, stderr } = await cli.run('configure-server', 'allow-host-path', 'backups');
  expect([code, stderr]).toEqual([1, expect.stringContaining('backups does not exist; to have it made')]);
  expect(existsSync(join(cli.home, 'backups'))).toBe(false);
});
