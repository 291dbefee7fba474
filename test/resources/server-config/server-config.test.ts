import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { readServerConfig, readSettings } from '../../../src/resources/server-config/read.ts';
import { settingNames, settingOf } from '../../../src/resources/server-config/settings.ts';

describe('config.yaml', () => {
  test.each(['', '# nothing\n', 'hostPaths:\n', 'store:\n', '{}'])('%j sets nothing', (text) =>
    expect(readServerConfig(text)).toEqual(
      Object.fromEntries(settingNames.map((name) => [name, settingOf(name).default])),
    ),
  );

  test('values, nested or with a dot, in the units of the code', () => {
    const text = 'memory: 2Gi\nstore:\n  watchDuration: 2m\nhostStack.paths: [/opt/x]\nport: 0\n';
    expect(readServerConfig(text)).toMatchObject({
      memory: 2 ** 31,
      'store.watchDuration': 120_000,
      'hostStack.paths': ['/opt/x'],
      port: 0,
    });
  });

  test('the environment comes before it', () => {
    const env = { KF_MAX_TASKS: '3', KF_PORT: '', KF_MEMORY: '1048576' };
    expect(readServerConfig('maxTasks: 5\nport: 7000\n', { env })).toMatchObject({
      maxTasks: 3,
      port: 7000,
      memory: 2 ** 20,
    });
    expect(() => readServerConfig('', { env: { KF_MAX_TASKS: 'many' } })).toThrow(
      'KF_MAX_TASKS=many must be a whole number from 1 on',
    );
  });

  test.each([
    ['- a\n', 'config.yaml, line 1: it must be a map of settings'],
    ['port: 80\nmaxTaskz: 5\n', 'config.yaml, line 2: unknown setting "maxTaskz"; there are: port, '],
    ['store:\n  cash: 5\n', 'config.yaml, line 2: unknown setting "store.cash"'],
    ['# x\nstore: 5\n', 'config.yaml, line 2: store must be a map'],
    ['port: 80\n\nmaxTasks: lots\n', 'config.yaml, line 3: maxTasks must be a whole number from 1 on'],
    ['maxTasks: 0\n', 'maxTasks must be a whole number'],
    ['port: 65536\n', 'port must be a whole number from 0 to 65535'],
    ['memory: 12 apples\n', 'memory must be a size, like 512Mi or 4Gi'],
    ['hostPaths: x\n', 'hostPaths must be a list of absolute paths'],
    ['hostPaths: [x]\n', 'hostPaths must be a list of absolute paths'],
    ['store: {watchDuration: 5}\n', 'store.watchDuration must be a duration'],
    ['hostStack: {paths: [/tmp/x]}\n', 'hostStack.paths cannot hold /tmp/x: a Task has its own /tmp'],
    ['hostStack: {paths: [/home]}\n', 'hostStack.paths cannot hold /home: a Task has its own /home/vcap'],
    ['hostStack: {paths: [/etc]}\n', 'hostStack.paths cannot hold /etc: /etc belongs to the system'],
    ['port: 1\nport: 2\n', 'line 2: Map keys must be unique'],
    ['port: [1\nmemory: 1Gi', 'config.yaml, line '],
  ])('%j is refused', (text, message) => expect(() => readServerConfig(text)).toThrow(message));
});

test.each(settingNames)('%s: its example can stand in the file', (name) => {
  const { example, defaultText, description } = settingOf(name);
  expect(readSettings(stringify({ [name]: example })).get(name)?.written).toEqual(example);
  expect(parse(stringify(defaultText))).not.toBe('');
  expect(description).toMatch(/\.$/);
  const { default: usual, type } = settingOf(name);
  if (typeof usual === 'number') expect(type.read(defaultText.split(',')[0])).toBe(usual);
});
