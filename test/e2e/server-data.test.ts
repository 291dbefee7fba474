/** What is kept outlives the server's machine: backup and restore. */

import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TaskSchedule } from '../../src/resources/kf/task-schedule.ts';
import { Kf } from '../support/kf.ts';
import { finished, running, startTask } from '../support/kf-tasks.ts';

let a: Kf;
let b: Kf;
beforeAll(async () => {
  [a, b] = await Promise.all([Kf.create(), Kf.create()]);
});
afterAll(async () => {
  await Promise.all([a.remove(), b.remove()]);
});

test('a backup made while tasks run goes on in a fresh home; what ran then is lost, and nothing runs twice', async () => {
  await a.push('app', { 'run.sh': 'echo hello from $1\n' });
  const done = await startTask(a, 'app', 'sh run.sh done');
  await finished(a, done);
  const long = await startTask(a, 'app', 'sleep 600');
  await running(a, long);
  await a.ok('create-job', 'app', 'nightly', 'true', '-s', '@daily', '--missed', 'all');
  const file = join(a.home, 'kf.tar.gz');
  await a.ok('server', 'backup', file);
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  const before = Date.now();
  expect((await b.ok('server', 'restore', file)).stderr).toMatch(/Restored the backup of 20.*\n.*no volumes/);
  expect((await b.ok('logs', 'app', '--task', '1')).stdout).toContain('hello from done');
  const lost = await finished(b, long);
  expect(lost.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason).toBe('NodeRestarted');
  const again = await b.ok('run-task', 'app', '-c', 'sh run.sh again', '--follow');
  expect(again.stdout).toContain('hello from again');
  const client = await b.client();
  const { status } = await client.get(TaskSchedule, { namespace: 'dev', name: 'nightly' });
  client.close();
  expect(Date.parse(status?.countedUntil ?? '')).toBeGreaterThan(before - 60_000);
  expect((await b.ok('tasks', '-o', 'name')).stdout.trim().split('\n').length).toBe(3);
});

test('on a server with running tasks it is refused and all goes on; with --kill what was there is kept aside', async () => {
  const file = join(a.home, 'kf.tar.gz');
  const client = await a.client();
  const { resourceVersion } = await client.list(TaskSchedule);
  client.close();
  const refused = await a.run(['server', 'restore', file]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('nothing was restored: 1 container runs here; --kill ends them first');
  expect((await a.ok('tasks', '--state', 'running', '-o', 'name')).stdout.trim().split('\n').length).toBe(1);
  await a.ok('delete-job', 'nightly');
  const restored = await a.ok('server', 'restore', file, '--kill');
  expect(restored.stderr).toContain(`is kept in ${a.dataDir}/replaced-`);
  const anew = await a.client();
  const jobs = await anew.list(TaskSchedule);
  anew.close();
  expect(jobs.items.map(({ metadata }) => metadata.name)).toEqual(['nightly']);
  expect(Number(jobs.resourceVersion)).toBeGreaterThan(Number(resourceVersion) + 900_000);
  const folders = await readdir(a.dataDir);
  expect(folders.filter((name) => name.startsWith('replaced-')).length).toBe(1);
  expect(folders.filter((name) => name.startsWith('restoring-'))).toEqual([]);
});

interface Use {
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
  readonly unusedBytes: number;
}

test('df shows what takes room, prune frees what nothing uses and says how much', async () => {
  const uses = async () => {
    const { uses } = await a.json<{ uses: Use[] }>('server', 'df');
    return new Map(uses.map((use) => [use.name, use]));
  };
  const before = await uses();
  expect(before.get('aside')).toMatchObject({ count: 1, unusedBytes: before.get('aside')!.bytes });
  await a.push('other', { 'run.sh': `# ${'x'.repeat(100_000)}\n` });
  expect((await uses()).get('images')!.bytes).toBeGreaterThan(before.get('images')!.bytes + 100_000);
  await a.ok('delete', 'other');
  await a.ok('server', 'prune');
  const pruned = await uses();
  expect(pruned.get('images')).toMatchObject({ count: before.get('images')!.count, unusedBytes: 0 });
  expect(pruned.get('sources')).toMatchObject({ count: before.get('sources')!.count, unusedBytes: 0 });
  expect(pruned.get('aside')!.count).toBe(1);
  const freed = await a.json<{ freedBytes: number }>('server', 'prune', '--all');
  expect(freed.freedBytes).toBe(before.get('aside')!.bytes);
  expect((await a.ok('server', 'df')).stdout).toMatch(/^images +1 +\d.*with their layers$/m);
  expect((await a.ok('server', 'prune')).stdout).toBe('Freed 0B.\n');
  expect((await a.ok('run-task', 'app', '-c', 'sh run.sh still', '--follow')).stdout).toContain('still');
});
