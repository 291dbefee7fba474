import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ChoiceFlags,
  chooseServer,
  chooseSpace,
  type ServerChoice,
} from '../../../src/cli/settings/server-choice.ts';
import {
  defaultSettingsFile,
  readSettings,
  type Settings,
  writeSettings,
} from '../../../src/cli/settings/settings-file.ts';

const saved: Settings = { server: { kubeconfig: '/saved', context: 'c' } };
const embedded: ServerChoice = { kind: 'embedded', home: '/var/lib/kf' };
const cluster = (path: string, context?: string): ServerChoice => ({
  kind: 'kubeconfig',
  path,
  ...(context === undefined ? {} : { context }),
});

describe('which server', () => {
  test.each<[string, ChoiceFlags, NodeJS.ProcessEnv, Settings, ServerChoice]>([
    ['nothing said', {}, { HOME: '/root' }, {}, embedded],
    ['a home of its own', {}, { KF_HOME: '/srv/kf' }, {}, { kind: 'embedded', home: '/srv/kf' }],
    ['--kubeconfig', { kubeconfig: '/k' }, { KUBECONFIG: '/env' }, saved, cluster('/k')],
    ['--context', { context: 'x' }, { KUBECONFIG: '/env' }, saved, cluster('/env', 'x')],
    ['--context alone', { context: 'x' }, { HOME: '/root' }, {}, cluster('/root/.kube/config', 'x')],
    ['$KUBECONFIG', {}, { KUBECONFIG: '/env' }, saved, cluster('/env')],
    ['an empty $KUBECONFIG', {}, { KUBECONFIG: '' }, {}, embedded],
    ['the saved one', {}, {}, saved, cluster('/saved', 'c')],
    ['the embedded one’s own kubeconfig', {}, { KUBECONFIG: '/var/lib/kf/kubeconfig' }, saved, embedded],
  ])('%s', (_, flags, env, settings, choice) => expect(chooseServer(flags, env, settings)).toEqual(choice));
});

describe('which Space', () => {
  const settings: Settings = { space: 'googles', spaces: { 'embedded:/var/lib/kf': 'mine', '/k#x': 'theirs' } };
  test.each<[string, ServerChoice, Settings, string | undefined, string | undefined]>([
    ['the flag', embedded, settings, 'flag', 'flag'],
    ['remembered for the embedded server', embedded, settings, undefined, 'mine'],
    ['remembered for a cluster', cluster('/k', 'x'), settings, undefined, 'theirs'],
    ['Kf’s own for a cluster', cluster('/k', 'y'), settings, undefined, 'googles'],
    ['dev on the embedded server', embedded, { space: 'googles' }, undefined, 'dev'],
    ['none on a cluster', cluster('/k'), {}, undefined, undefined],
  ])('%s', (_, choice, given, flag, space) => expect(chooseSpace(choice, given, flag)).toBe(space));
});

describe('~/.kf', () => {
  let file: string;
  beforeEach(() => {
    file = join(mkdtempSync(join(tmpdir(), 'kf-settings-')), '.kf');
  });
  afterEach(() => rmSync(join(file, '..'), { recursive: true }));

  test('stands in the home, also of who has no HOME, as services of systemd', () => {
    expect(defaultSettingsFile({ HOME: '/home/somebody' })).toBe('/home/somebody/.kf');
    const { homedir } = userInfo();
    for (const env of [{}, { HOME: '' }]) expect(defaultSettingsFile(env)).toBe(join(homedir, '.kf'));
  });

  test('no file, an empty file, a file of Google’s kf', async () => {
    expect(await readSettings(file)).toEqual({});
    writeFileSync(file, '');
    expect(await readSettings(file)).toEqual({});
    writeFileSync(file, 'space: dev\nlogHTTP: false\n');
    expect(await readSettings(file)).toEqual({ space: 'dev' });
  });

  test('changes keep everything else, comments too', async () => {
    writeFileSync(file, '# mine\nspace: dev # here\nlogHTTP: true\n');
    await writeSettings(file, { server: { kubeconfig: '/k', context: 'c' }, spaces: { a: 'b' } });
    expect(await readSettings(file)).toEqual({
      space: 'dev',
      server: { kubeconfig: '/k', context: 'c' },
      spaces: { a: 'b' },
    });
    await writeSettings(file, { server: undefined, spaces: undefined });
    expect(readFileSync(file, 'utf8')).toBe('# mine\nspace: dev # here\nlogHTTP: true\n');
  });

  test('what is no settings file is refused, naming it', async () => {
    writeFileSync(file, 'just text');
    await expect(readSettings(file)).rejects.toThrow(`${file}: this is no settings file of kf`);
    writeFileSync(file, 'a: [');
    await expect(readSettings(file)).rejects.toThrow(file);
    await expect(writeSettings('/nonexistent/.kf', { space: 'x' })).rejects.toThrow('cannot write the settings');
  });
});
