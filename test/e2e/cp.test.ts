/** `kf cp`: out of running Tasks and out of volumes; what a Task puts into its files harms nobody. */

import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { inChroot } from '../support/chroot.ts';
import { Kf } from '../support/kf.ts';

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('report', { 'in.txt': 'pushed\n' }, '-c', 'true');
  await kf.ok('create-service', 'volume', 'kept', '-c', '{"capacity":"32Mi"}');
  await kf.ok('bind-service', 'report', 'kept', '-c', '{"mount":"/kept"}');
});
afterAll(() => kf.remove());

/** A Task that has made its files and goes on. */
async function task(command: string): Promise<string> {
  const { stdout } = await kf.ok('run-task', 'report', '-c', `${command}; echo made; sleep 1000`, '-o', 'name');
  const name = stdout.trim().split('/')[1]!;
  await expect.poll(async () => (await kf.run(['logs', name, '--recent'])).stdout).toContain('made');
  return String((await kf.json<{ status: { id: number } }>('task', name)).status.id);
}

test.skipIf(inChroot())(
  'a file, a folder with links, a name of its own; while the Task runs, and no more',
  async () => {
    const id = await task(
      'mkdir -p out/deep; echo rows > out/sales.csv; echo x > out/deep/x; chmod 755 out/deep/x; ln -s /etc/passwd out/leaves; ln out/sales.csv out/second; mkfifo out/pipe; mkdir -m 0 locked',
    );
    await kf.ok('cp', 'report', `${id}:out/sales.csv`, 'mine.csv');
    expect(readFileSync(join(kf.home, 'mine.csv'), 'utf8')).toBe('rows\n');
    const copied = await kf.ok('cp', 'report', `${id}:/home/vcap/app/out/`, '.');
    expect(copied.stderr).toContain('out/pipe is no file, folder or link');
    expect(copied.stderr).toMatch(/Copied \d files?, .*, to .*\/out\n/);
    const out = join(kf.home, 'out');
    expect(readdirSync(out).sort()).toEqual(['deep', 'leaves', 'sales.csv', 'second']);
    expect(readlinkSync(join(out, 'leaves'))).toBe('/etc/passwd');
    expect(readFileSync(join(out, 'second'), 'utf8')).toBe('rows\n');
    expect(statSync(join(out, 'deep/x')).mode & 0o777).toBe(0o755);
    mkdirSync(join(kf.home, 'app'));
    await kf.ok('cp', 'report', `${id}:in.txt`, 'app');
    expect(readFileSync(join(kf.home, 'app/in.txt'), 'utf8')).toBe('pushed\n');

    for (const [path, words] of [
      ['nope', 'nope: no such file or folder'],
      ['locked', 'Permission denied'],
      ['/', 'the whole root cannot be copied'],
    ] as const) {
      const { code, stderr } = await kf.run(['cp', 'report', `${id}:${path}`, 'never']);
      expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
    }
    await kf.ok('terminate-task', 'report', id, '--now');
    const ended = await kf.run(['cp', 'report', `${id}:out`, 'later']);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain('has ended, and its files went with it; what shall stay belongs on a volume');
    for (const name of ['never', 'later']) expect(existsSync(join(kf.home, name))).toBe(false);
  },
);

test.runIf(inChroot())('out of a chroot the files of a Task are out of reach, and that is said', async () => {
  const id = await task('true');
  const { code, stderr } = await kf.run(['cp', 'report', `${id}:in.txt`, 'never']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('the server runs in a chroot')]);
  expect(existsSync(join(kf.home, 'never'))).toBe(false);
  await kf.ok('terminate-task', 'report', id, '--now');
});

test.skipIf(inChroot())('a flood is cut off; a tar of the Task’s own writes nowhere else', async () => {
  const id = await task(
    `truncate -s 1T huge; mkdir -p bin; printf '#!/bin/sh\\ncat /home/vcap/app/evil.tar' > bin/tar; chmod +x bin/tar; ln -s / evil; true`,
  );
  const { code, stderr } = await kf.run(['cp', 'report', `${id}:huge`, 'huge', '--limit', '1M']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('larger than --limit allows')]);
  expect(existsSync(join(kf.home, 'huge'))).toBe(false);
  await kf.ok('cp', 'report', `${id}:evil`, 'evil');
  expect(lstatSync(join(kf.home, 'evil')).isSymbolicLink()).toBe(true);
  await kf.ok('terminate-task', 'report', id, '--now');
});

test('a volume, also when nothing runs; nothing beside it', async () => {
  await kf.ok(
    'run-task',
    'report',
    '--wait',
    '-c',
    'mkdir /kept/a; echo 1 > /kept/a/b; ln -s /etc /kept/etc; ln -s a /kept/in',
  );
  await kf.ok('cp', 'kept:a/b', 'b');
  expect(readFileSync(join(kf.home, 'b'), 'utf8')).toBe('1\n');
  await kf.ok('cp', 'kept:/', 'all');
  expect(readdirSync(join(kf.home, 'all')).sort()).toEqual(['a', 'etc', 'in']);
  await kf.ok('cp', 'kept:in/b', 'again');
  for (const [path, words] of [
    ['etc/passwd', 'leads out of the volume'],
    ['../../store.db', 'no such file or folder'],
    ['nope', 'no such file or folder'],
  ] as const) {
    const { code, stderr } = await kf.run(['cp', `kept:${path}`, 'never']);
    expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
  }
  const mounted = () => readFileSync('/proc/self/mountinfo', 'utf8').includes(join(kf.dataDir, 'volumes'));
  await expect.poll(mounted, { interval: 20 }).toBe(false);
});

test.each([
  [['cp', 'report', '1', 'x'], '"1" must be TASK_ID:PATH'],
  [['cp', 'kept', 'x'], '"kept" must be TASK_NAME or SERVICE_NAME:PATH'],
  [['cp', 'nope:a', 'x'], 'there is neither a volume nor a Task "nope"'],
  [['cp', 'report', '99:a', 'x'], 'No Task found for App "report" and Task ID "99"'],
  [['cp', 'nope', '1:a', 'x'], '"nope" not found'],
  [['cp', 'kept:a', 'no/such/folder'], 'does not exist'],
  [['cp', 'kept:a', 'x', '--limit', 'lots'], '--limit'],
])('%j', async (words, message) => {
  const { code, stderr } = await kf.run(words);
  expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
});
