import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { shareWithGroup } from '../../../src/embedded/members/group-access.ts';
import { MemberFiles } from '../../../src/embedded/members/member-files.ts';
import { freeName } from '../../../src/embedded/members/member-space.ts';
import { membersOf, usersOf } from '../../../src/embedded/members/members.ts';

const gid = 64_123;
const nobody = { name: 'nobody', uid: 65534 };
let dataDir: string;
let groupFile: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'kf-group-'));
  groupFile = join(dataDir, 'group');
  writeFileSync(groupFile, `root:x:0:\nkf:x:${gid}:nobody\n`);
  for (const name of ['server.json', 'kubeconfig', 'token']) writeFileSync(join(dataDir, name), name, { mode: 0o600 });
});
afterEach(() => rmSync(dataDir, { recursive: true }));

/** What a user reads who is in this group. */
const read = (name: string, group: number, uid = nobody.uid) =>
  spawnSync('setpriv', [`--reuid=${uid}`, `--regid=${uid}`, `--groups=${group}`, 'cat', join(dataDir, name)], {
    encoding: 'utf8',
  });

test('members read what the command line reads and their own kubeconfig, and nothing else; others read nothing', async () => {
  expect(await shareWithGroup(dataDir, { groupFile })).toBe(gid);
  const files = new MemberFiles(dataDir, { url: 'https://127.0.0.1:1', ca: 'CA' });
  const token = await files.token(nobody);
  await files.writeKubeconfig(nobody, token, 'nobody');
  expect(read('server.json', gid).stdout).toBe('server.json');
  expect(read('users/nobody/kubeconfig', gid).stdout).toContain(token);
  for (const name of ['token', 'kubeconfig', 'users/nobody/token'])
    expect(read(name, gid).stderr).toContain('Permission denied');
  expect(read('users/nobody/kubeconfig', gid, 65533).stderr).toContain('Permission denied');
  expect(read('server.json', gid + 1).stderr).toContain('Permission denied');
});

test('a member’s token outlives the server, and goes with the membership', async () => {
  const address = { url: 'https://127.0.0.1:1', ca: 'CA' };
  const first = await new MemberFiles(dataDir, address).token(nobody);
  const files = new MemberFiles(dataDir, { ...address, url: 'https://127.0.0.1:2' });
  expect(await files.hasKubeconfig(nobody)).toBe(false);
  expect(await files.token(nobody)).toBe(first);
  await files.writeKubeconfig(nobody, first, 'nobody');
  expect(await files.hasKubeconfig(nobody)).toBe(true);
  const path = join(dataDir, 'users/nobody/kubeconfig');
  expect(statSync(path)).toMatchObject({ uid: nobody.uid });
  expect(readFileSync(path, 'utf8')).toContain('https://127.0.0.1:2');
  await files.keepOnly(new Set(['nobody']));
  expect(existsSync(path)).toBe(true);
  await files.keepOnly(new Set());
  expect(existsSync(join(dataDir, 'users/nobody'))).toBe(false);
  expect(await files.token(nobody)).not.toBe(first);
});

test('without the group nothing changes; a folder that was opened to more stays so', async () => {
  expect(await shareWithGroup(dataDir, { groupFile, group: 'other' })).toBeUndefined();
  expect(statSync(join(dataDir, 'server.json')).mode & 0o777).toBe(0o600);
  chmodSync(dataDir, 0o755);
  await shareWithGroup(dataDir, { groupFile });
  expect(statSync(dataDir).mode & 0o777).toBe(0o755);
});

test('members are those of the list and those whose first group it is; a name that no file can have is none', () => {
  const passwd =
    'root:x:0:990:root:/root:/bin/sh\nanna:x:1001:1001::/:\nbob:x:1002:990::/:\ncarl:x:1003:1003::/:\na/b:x:1004:990::/:\n';
  expect(membersOf('kf:x:990:anna,ldap-user\nkfx:x:991:carl\n', passwd)).toEqual({
    gid: 990,
    members: [
      { name: 'anna', uid: 1001 },
      { name: 'bob', uid: 1002 },
    ],
    unknown: ['ldap-user'],
  });
  expect(membersOf('', passwd)).toEqual({ gid: undefined, members: [], unknown: [] });
  expect(usersOf('ldap-user:*:5001:5001::/:\n\n')).toEqual([{ name: 'ldap-user', uid: 5001 }]);
});

test.each([
  ['anna', [], 'anna'],
  ['Anna.Müller', [], 'anna-m-ller'],
  ['anna', ['anna'], 'user-anna'],
  ['dev', [], 'user-dev'],
  ['42', [], 'user-42'],
  ['日本', [], 'user-1001'],
  ['anna', ['anna', 'user-anna', 'user-1001'], 'user-anna-1001'],
])('the Space of %s beside %j is %s', (name, taken, space) => {
  expect(freeName({ name, uid: 1001 }, new Set(taken))).toBe(space);
});
