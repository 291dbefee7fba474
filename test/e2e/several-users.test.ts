import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Finished, Kf } from '../support/kf.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** In the group from the beginning, and from the middle of a test. */
const [anna, bert] = ['kf-e2e-anna', 'kf-e2e-bert'];
const sh = (command: string, ...args: readonly string[]): string => execFileSync(command, args, { encoding: 'utf8' });
const hadGroup = groups().includes('\nkf:');

function groups(): string {
  return sh('cat', '/etc/group');
}

let kf: Kf;
const installed = (): string => join(kf.home, 'installed');
beforeAll(async () => {
  if (!hadGroup) sh('groupadd', '--system', 'kf');
  sh('useradd', '--no-create-home', '--groups', 'kf', anna);
  sh('useradd', '--no-create-home', bert);
  kf = await Kf.create();
  await chmod(kf.home, 0o711);
  // Others may not be let into the folder that the tests lie in.
  const needed = ['libsql', '@libsql', '@neon-rs', 'detect-libc'].map((name) => `node_modules/${name}`);
  for (const path of ['package.json', 'bin', 'dist', ...needed]) {
    await mkdir(join(installed(), path, '..'), { recursive: true });
    sh('cp', '-r', join(root, path), join(installed(), path));
  }
  sh('chmod', '-R', 'a+rX', installed());
  await kf.ok('server', 'start');
});
afterAll(async () => {
  await kf.remove();
  for (const user of [anna, bert]) sh('userdel', user);
  if (!hadGroup) sh('groupdel', 'kf');
});

/** Runs kf as that user, who has logged in just now. */
async function as(user: string, ...args: readonly string[]): Promise<Finished> {
  const home = join(kf.home, `home-${user}`);
  const uid = Number(sh('id', '-u', user));
  await mkdir(home, { recursive: true });
  await chown(home, uid, uid);
  const words = [
    `--reuid=${user}`,
    `--regid=${sh('id', '-g', user).trim()}`,
    '--init-groups',
    process.execPath,
    join(installed(), 'bin/kf'),
  ];
  return new Promise((resolve, reject) => {
    const child = spawn('setpriv', [...words, ...args], {
      env: { ...kf.env, HOME: home },
      cwd: home,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject).on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

const kubeconfigOf = (user: string): string => join(kf.dataDir, 'users', user, 'kubeconfig');

/** Once the server has given, or taken away, what a member has. */
const membership = (user: string, wanted: boolean): Promise<void> =>
  expect.poll(() => existsSync(kubeconfigOf(user))).toBe(wanted);

test('a member works in a Space of his own, and what he makes bears his name', async () => {
  expect((await as(anna, 'target')).stdout).toContain(`Space:   ${anna}`);
  const folder = await kf.source('member', { 'run.sh': 'echo "it is $1"\n' });
  const pushed = await as(anna, 'push', 'app', '--task', '-p', folder, '-c', 'sh run.sh mine');
  expect(pushed.code, pushed.stderr).toBe(0);
  const { code, stdout, stderr } = await as(anna, 'run-task', 'app', '--follow');
  expect(code, stderr).toBe(0);
  expect(stdout).toBe('it is mine\n');
  expect((await as(anna, 'task', 'app', '1')).stdout).toMatch(new RegExp(`Created By: +${anna}\n`));
  expect((await as(anna, 'tasks', 'app')).stdout.split('\n')).toHaveLength(3);
  const { stdout: status } = await as(anna, 'server', 'status');
  expect(status).toContain(kubeconfigOf(anna));
  expect((await kf.ok('target')).stdout).toContain('Space:   dev');
  // Her token is hers: it works after a restart, and nobody else reads it.
  const token = /"token": "([^"]+)"/.exec(await readFile(kubeconfigOf(anna), 'utf8'))?.[1];
  await kf.ok('server', 'restart');
  expect(await readFile(kubeconfigOf(anna), 'utf8')).toContain(`"token": "${token}"`);
  expect((await as(anna, 'tasks', 'app')).code).toBe(0);
  expect(() => sh('setpriv', `--reuid=${bert}`, '--clear-groups', 'cat', kubeconfigOf(anna))).toThrow(
    'Permission denied',
  );
});

test.each([
  ['server', 'stop', '--kill'],
  ['server', 'restart'],
  ['server', 'enable'],
  ['server', 'disable'],
  ['server', 'run'],
  ['server', 'uninstall', '--yes'],
  ['server', 'backup', '/tmp/kf-e2e-backup'],
])('a member does not end or move the server: %s %s', async (...words) => {
  const pid = await kf.serverPid();
  const { code, stderr } = await as(anna, ...words);
  expect(code).toBe(1);
  expect(stderr).toContain(`Error: this needs root: sudo KF_HOME=${kf.dataDir} kf server ${words[1]}`);
  expect(await kf.serverPid()).toBe(pid);
});

test('whoever is no member gets two lines: what is missing, and the command; no server of his own', async () => {
  for (const words of [
    ['tasks'],
    ['push', 'app', '--task'],
    ['server', 'status'],
    ['server', 'start'],
    ['server', 'stop', '--kill'],
  ]) {
    const { code, stderr } = await as(bert, ...words);
    expect(code, words.join(' ')).toBe(1);
    expect(stderr).toMatch(
      new RegExp(
        `^Error: not allowed to use the server in .*: it is for root and the members of group kf\nTo become one: sudo usermod -aG kf ${bert}, then log in again\n$`,
      ),
    );
  }
  const { code, stdout } = await as(bert, 'doctor');
  expect(code).toBe(1);
  expect(stdout).toMatch(new RegExp(`FAIL +access .*sudo usermod -aG kf ${bert}`));
  const healthy = await as(anna, 'doctor');
  expect(healthy.stdout).toMatch(/ok +access /);
  expect(healthy.code, healthy.stdout).toBe(0);
  expect(await readdir(join(kf.home, `home-${bert}`))).toEqual([]);
});

test('who joins while the server runs is let in, who leaves is not any more', async () => {
  sh('usermod', '-aG', 'kf', bert);
  await membership(bert, true);
  expect((await as(bert, 'apps')).stderr).toContain(`Listing Apps in Space: ${bert}`);
  const kept = await readFile(kubeconfigOf(bert), 'utf8');
  sh('gpasswd', '-d', bert, 'kf');
  await membership(bert, false);
  const copy = await kf.source('kept', { kubeconfig: kept });
  const { code, stderr } = await as(bert, 'apps', '--kubeconfig', join(copy, 'kubeconfig'), '--space', 'dev');
  expect(code).toBe(1);
  expect(stderr).toContain('the server does not accept our credentials');
  expect((await as(anna, 'apps')).code).toBe(0);
});
