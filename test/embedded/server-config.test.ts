import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hostStackPaths, nodeLimits, reserveOf } from '../../src/embedded/node-settings.ts';
import { loadServerConfig } from '../../src/embedded/server-config.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kf-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const load = (text: string, env: NodeJS.ProcessEnv = {}) => {
  writeFileSync(join(folder, 'config.yaml'), text);
  return loadServerConfig(folder, env);
};

/** Tekton's limit. */
const resultBytes = 4096;

test('without a file the machine decides', async () => {
  const config = await loadServerConfig(folder, {});
  expect([config.port, nodeLimits(config), reserveOf(config)]).toEqual([6786, { resultBytes }, {}]);
});

test('what the node gets of it; never more memory than there is', async () => {
  const config = await load('maxTasks: 3\nmemory: 900Ti\ndiskReserve: 4Gi\n');
  expect(nodeLimits(config)).toEqual({ maxTasks: 3, memoryBytes: totalmem(), pressureBytes: 2 ** 30, resultBytes });
  expect(reserveOf(config)).toEqual({ reserveBytes: 2 ** 32 });
  expect(nodeLimits(await load('maxTasks: 3\n', { KF_MAX_TASKS: '1' }))).toEqual({ maxTasks: 1, resultBytes });
});

test('directories that are not there are left out, and said', async () => {
  const said: string[] = [];
  const config = await load('hostStack: {paths: [/opt, /opt/nowhere]}\n');
  expect(hostStackPaths(config, (line) => void said.push(line))).toEqual(['/opt']);
  expect(said).toEqual(['hostStack.paths: /opt/nowhere does not exist; Tasks do not see it']);
});

test('what is wrong is told with file and line', async () => {
  await expect(load('\nmaxTaks: 3\n')).rejects.toThrow(`${folder}/config.yaml, line 2: unknown setting "maxTaks"`);
});
