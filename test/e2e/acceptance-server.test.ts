/** Commands while the server goes away and comes back, which server is meant, and who may talk to it. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, readFile, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { finished, logged, outcome, startTask } from '../support/kf-tasks.ts';

const program = fileURLToPath(new URL('../../bin/kf', import.meta.url));

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('app', { 'a.txt': '' });
  await kf.ok('run-task', 'app', '-c', 'echo first', '--wait');
});
afterAll(() => kf.remove());

const start = (...args: readonly string[]) => kf.start(...args);

describe('while the server is away', () => {
  const waiting = 'echo up; while :; do sleep 0.05; done';

  test('--wait and --follow go on after a restart, and after kill -9 and another command that starts it', async () => {
    const wait = start('run-task', 'app', '-c', waiting, '--name', 'one', '--follow');
    await wait.until('up\n');
    await kf.ok('server', 'restart');
    await kf.killServer();
    await kf.ok('tasks');
    const { items } = await kf.json<{ items: { metadata: { name: string } }[] }>('tasks', 'app');
    await kf.ok('terminate-task', items.at(-1)!.metadata.name);
    expect(await wait.ended).toMatchObject({ code: 143, stdout: expect.stringMatching(/^up\n/) });
  });

  test.each([
    ['task', ['task', 'app', '1'], /^Name: /],
    ['logs', ['logs', 'app', '--id', '1'], /^first\n$/],
    ['logs of all', ['logs', 'app', '--recent'], /1\] first\n/],
  ])('kf %s answers during a restart', async (_, args, expected) => {
    const restart = start('server', 'restart');
    const answers = await Promise.all(Array.from({ length: 3 }, () => kf.run(args)));
    expect((await restart.ended).code).toBe(0);
    for (const { code, stdout, stderr } of answers) {
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(expected);
    }
  });

  test.each([
    ['a restart', () => kf.ok('server', 'restart')],
    ['kill -9', () => kf.killServer().then(() => kf.ok('apps'))],
  ])('a push goes on after %s in the middle of its build, which runs once', async (_, interrupt) => {
    const name = `slow-${Math.random().toString(36).slice(2, 8)}`;
    const folder = await kf.source(name, {
      Procfile: 'task: cat built\n',
      'bin/build': '#!/bin/sh\necho building\nsleep 1.5\necho once >> built\n',
    });
    await chmod(join(folder, 'bin/build'), 0o755);
    const push = start('push', name, '--task', '-p', folder);
    await push.until('[build] building');
    await interrupt();
    const { code, stdout, stderr } = await push.ended;
    expect(code, stderr).toBe(0);
    expect(stdout.match(/\[build\] building/g)).toHaveLength(1);
    expect((await kf.ok('run-task', name, '--follow')).stdout).toBe('once\n');
  });

  test('kf server stop says how many tasks go on; they are found again', async () => {
    const names = [await startTask(kf, 'app', waiting), await startTask(kf, 'app', waiting)];
    for (const name of names) await logged(kf, name, 'up');
    expect((await kf.ok('server', 'stop')).stderr).toContain('2 tasks go on running');
    expect(await kf.run(['server', 'status', '-o', 'json'])).toMatchObject({ code: 1 });
    for (const name of names) {
      await kf.ok('terminate-task', name, '--now');
      expect(outcome(await finished(kf, name))).toMatchObject({ exitCode: 137, reason: 'TaskRunCancelled' });
    }
  });
});

describe('which server', () => {
  let other: string;
  beforeAll(async () => {
    await kf.ok('server', 'start');
    other = join(kf.home, 'other.kubeconfig');
    await copyFile(join(kf.dataDir, 'kubeconfig'), other);
  });

  test.each([
    [['push', 'app', '-p', 'src/app']],
    [['run-task', 'app', '-c', 'true', '--wait']],
    [['terminate-task', 'app', '1']],
    [['set-env', 'app', 'A', 'b']],
    [['unset-env', 'app', 'A']],
    [['delete', 'nope']],
  ])('$KUBECONFIG is another one: kf %s first names context and Space', async (args) => {
    const { stderr } = await kf.run([...args, '--space', 'dev'], { env: { KUBECONFIG: other } });
    expect(stderr.split('\n')[0]).toBe('Using context "kf", Space "dev"');
  });

  test.each([['tasks', 'app'], ['apps'], ['env', 'app'], ['logs', 'app', '--id', '1']])(
    'commands that only read say nothing of it: kf %s',
    async (...args) => {
      const { code, stderr } = await kf.run([...args, '--space', 'dev'], { env: { KUBECONFIG: other } });
      expect({ code, says: stderr.includes('Using context') }).toEqual({ code: 0, says: false });
    },
  );

  test('the Space is remembered for each server; a context that does not exist is not saved', async () => {
    const env = { KUBECONFIG: other };
    expect((await kf.run(['tasks'], { env })).stderr).toContain('no space targeted');
    expect((await kf.run(['target', 'dev'], { env })).code).toBe(0);
    expect((await kf.run(['tasks'], { env })).code).toBe(0);
    const before = await readFile(join(kf.home, '.kf'), 'utf8');
    for (const kubeconfig of [other, join(kf.home, 'none')]) {
      const { code, stderr } = await kf.run(['target', '--context', 'nope', '--kubeconfig', kubeconfig]);
      expect({ code, names: stderr.includes(kubeconfig) }).toEqual({ code: 1, names: true });
    }
    expect(await readFile(join(kf.home, '.kf'), 'utf8')).toBe(before);
  });

  test('~/.kube/config alone selects nothing', async () => {
    await kf.source('../.kube', { config: 'current-context: away\n' });
    expect((await kf.ok('target')).stdout).toMatch(/^Server: +embedded /);
    expect((await kf.ok('tasks')).stderr).toContain('Listing Tasks in Space: dev');
  });
});

describe('who may talk to it', () => {
  /** @returns the status code */
  async function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
    const { url } = await kf.json<{ url: string }>('server', 'status');
    return new Promise((resolve, reject) => {
      request(`${url}${path}`, { headers, rejectUnauthorized: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  }

  test.each([
    ['no token', {}],
    ['a wrong one', { authorization: 'Bearer guess' }],
    ['a password', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
  ])('401 with %s', async (_, headers) => {
    for (const path of ['/api/v1/pods', '/apis/kf.dev/v1alpha1/tasks', '/apis', '/openapi/v2'])
      expect({ path, status: await get(path, headers) }).toEqual({ path, status: 401 });
  });

  test('nobody else reads tokens, sources, output', async () => {
    const closed = ['kubeconfig', 'server.json', 'store.db', 'token', 'logs', 'layers', 'images', 'sources', 'builds'];
    for (const path of closed) {
      const { mode } = await stat(join(kf.dataDir, path));
      expect({ path, open: mode & 0o077 }).toEqual({ path, open: 0 });
    }
    expect((await stat(kf.dataDir)).mode & 0o777).toBe(0o700);
  });

  test('another user is told what to type', async () => {
    const child = spawn(process.execPath, [program, 'apps'], {
      env: { ...kf.env, HOME: '/nonexistent' },
      uid: 65534,
      gid: 65534,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    expect(stderr).toMatch(/sudo/);
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(4);
  });
});
