import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { gidOf, shareWithGroup } from '../../src/embedded/group-access.ts';

const gid = 64_123;
let dataDir: string;
let groupFile: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'kf-group-'));
  groupFile = join(dataDir, 'group');
  writeFileSync(groupFile, `root:x:0:\nkf:x:${gid}:somebody\n`);
  for (const name of ['server.json', 'kubeconfig', 'token']) writeFileSync(join(dataDir, name), name, { mode: 0o600 });
});
afterEach(() => rmSync(dataDir, { recursive: true }));

/** What a user reads who is in this group. */
const read = (name: string, group: number) =>
  spawnSync('setpriv', ['--reuid=65534', '--regid=65534', `--groups=${group}`, 'cat', join(dataDir, name)], {
    encoding: 'utf8',
  });

test('members read what the command line reads, and nothing else; others read nothing', async () => {
  expect(await shareWithGroup(dataDir, { groupFile })).toBe(true);
  expect(read('kubeconfig', gid)).toMatchObject({ status: 0, stdout: 'kubeconfig' });
  expect(read('server.json', gid).stdout).toBe('server.json');
  expect(read('token', gid).stderr).toContain('Permission denied');
  expect(read('kubeconfig', gid + 1).stderr).toContain('Permission denied');
});

test('without the group nothing changes; a folder that was opened to more stays so', async () => {
  expect(await shareWithGroup(dataDir, { groupFile, group: 'other' })).toBe(false);
  expect(statSync(join(dataDir, 'kubeconfig')).mode & 0o777).toBe(0o600);
  chmodSync(dataDir, 0o755);
  await shareWithGroup(dataDir, { groupFile });
  expect(statSync(dataDir).mode & 0o777).toBe(0o755);
  expect(gidOf('kf', '')).toBeUndefined();
});
