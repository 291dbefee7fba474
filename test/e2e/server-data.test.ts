/** What is kept outlives the server's machine: backup and restore. */

import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpClient } from '../../src/client/http/http-client.ts';
import { compressLog } from '../../src/node/logs/compress-log.ts';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { hostStackRef } from '../../src/resources/image-reference.ts';
import { TaskSchedule } from '../../src/resources/kf/task-schedule.ts';
import type { Kind } from '../../src/resources/kind.ts';
import type { KubeObject, ObjectRef } from '../../src/resources/meta.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { Kf } from '../support/kf.ts';
import { finished, running, startTask } from '../support/kf-tasks.ts';
import { busybox, makeImage } from '../support/oci-image.ts';

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
  const standalone = await standaloneRuns();
  const file = join(a.home, 'kf.tar.gz');
  await a.ok('server', 'backup', file);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const nowhere = await a.run(['server', 'backup', join(a.home, 'none/kf.tar.gz')]);
  expect(nowhere.stderr).toContain(`there is no folder ${join(a.home, 'none')}: make it first`);

  // It runs, too.
  await b.ok('server', 'start');
  const before = Date.now();
  expect((await b.ok('server', 'restore', file)).stderr).toMatch(/Restored the backup of 20[\s\S]*holds no volumes/);
  expect((await b.ok('logs', 'app', '--task', '1')).stdout).toContain('hello from done');
  const lost = await finished(b, long);
  expect(lost.status?.conditions?.find(({ type }) => type === 'Succeeded')?.reason).toBe('NodeRestarted');
  expect(await standalone.outcomes()).toEqual(['NodeRestarted', 'Cancelled']);
  const again = await b.ok('run-task', 'app', '-c', 'sh run.sh again', '--follow');
  expect(again.stdout).toContain('hello from again');
  const client = await b.client();
  const { status } = await client.get(TaskSchedule, { namespace: 'dev', name: 'nightly' });
  client.close();
  expect(Date.parse(status?.countedUntil ?? '')).toBeGreaterThan(before - 60_000);
  expect((await b.ok('tasks', '-o', 'name')).stdout.trim().split('\n').length).toBe(3);
});

/** Of nobody's Task: one that runs, one with a task that comes after the one that runs. */
async function standaloneRuns() {
  const step = { name: 'main', image: hostStackRef, command: ['sleep', '600'] };
  const [one, two] = [
    { namespace: 'dev', name: 'one' },
    { namespace: 'dev', name: 'two' },
  ];
  const client = await a.client();
  await client.create(TaskRun, { metadata: one, spec: { taskSpec: { steps: [step] } } });
  const first = { name: 'first', taskSpec: { steps: [step] } };
  const second = { ...first, name: 'second', runAfter: ['first'] };
  await client.create(PipelineRun, { metadata: two, spec: { pipelineSpec: { tasks: [first, second] } } });
  for (const name of ['one', 'two-first'])
    await watched(client, TaskRun, { ...one, name }, (run) => run.status?.steps?.[0]?.running !== undefined);
  client.close();
  return {
    async outcomes(): Promise<readonly (string | undefined)[]> {
      const client = await b.client();
      const run = await watched(client, TaskRun, one, isFinal);
      const pipeline = await watched(client, PipelineRun, two, isFinal);
      const { items } = await client.list(TaskRun, { namespace: 'dev' });
      expect(items.map(({ metadata }) => metadata.name)).not.toContain('two-second');
      client.close();
      return [run.status?.steps?.[0]?.terminated?.reason, conditionOf(pipeline, 'Succeeded')?.reason];
    },
  };
}

async function watched<T extends KubeObject>(
  client: HttpClient,
  kind: Kind<T>,
  ref: ObjectRef,
  holds: (object: T) => boolean,
): Promise<T> {
  const found = await client.get(kind, ref);
  if (holds(found)) return found;
  const { resourceVersion } = found.metadata;
  const fieldSelector = `metadata.name=${ref.name}`;
  for await (const { object } of client.watch(kind, { namespace: ref.namespace, fieldSelector, resourceVersion }))
    if (holds(object)) return object;
  throw new Error(`the watch of ${ref.name} has ended`);
}

test('images of the storage and compressed logs go along: Tasks run and logs are read without the registry or a push', async () => {
  const layout = join(a.home, 'layout');
  const removed = { '/opt/.wh.low': '', '/srv/.wh..wh..opq': '', '/srv/high': 'high' };
  await makeImage(layout, {
    layers: [busybox, { '/opt/low': 'low', '/srv/low': 'low' }, removed],
    config: { User: 'app' },
  });
  await a.ok('push', 'image', '--task', '--docker-image', `oci:${layout}`);
  const line = 'id -un; ls /opt /srv';
  const shown = 'app\n/opt:\n\n/srv:\nhigh\n';
  expect((await a.ok('run-task', 'image', '-c', line, '--follow')).stdout).toBe(shown);
  await a.ok('run-task', 'image', '-c', 'busybox seq 3000', '--wait');
  const logs = join(a.dataDir, 'logs');
  const plain = (await readdir(logs, { recursive: true })).filter((name) => name.endsWith('.log'));
  const now = { rest: async () => {}, mayReplace: () => true };
  const compressed = await Promise.all(plain.map((name) => compressLog(join(logs, name), now)));
  expect(compressed).toContain(true);
  const file = join(a.home, 'images.tar.gz');
  await a.ok('server', 'backup', file);
  await b.ok('server', 'restore', file);
  expect((await b.ok('logs', 'image', '--task', '--last')).stdout).toMatch(/2999\n.*3000\n$/);
  expect((await b.ok('run-task', 'image', '-c', line, '--follow')).stdout).toBe(shown);
  // What is in the storage already is found there by a push, too.
  await b.ok('push', 'image', '--docker-image', `oci:${layout}`);
});

test('a restore that was interrupted is completed by the next start', async () => {
  await b.ok('server', 'stop');
  await mkdir(join(b.dataDir, 'restoring-x'));
  await copyFile(join(a.dataDir, 'token'), join(b.dataDir, 'restoring-x/token'));
  const journal = { from: 'restoring-x', aside: 'replaced-x', incoming: ['token'], outgoing: ['token'] };
  await writeFile(join(b.dataDir, 'restore.json'), JSON.stringify(journal));
  await b.ok('server', 'start');
  const token = (kf: Kf) => readFile(join(kf.dataDir, 'token'), 'utf8');
  expect(await token(b)).toBe(await token(a));
  expect((await b.ok('apps', '-o', 'name')).stdout).toContain('app');
  expect((await readdir(b.dataDir)).filter((name) => /^restor/.test(name))).toEqual([]);
});

test('a server whose store is damaged says what to do, and goes on from the backup; what ran without it is ended', async () => {
  const name = await startTask(b, 'app', 'sleep 600');
  await running(b, name);
  await b.killServer();
  for (const suffix of ['-wal', '-shm']) await rm(join(b.dataDir, `store.db${suffix}`), { force: true });
  await writeFile(join(b.dataDir, 'store.db'), 'garbage');
  const file = join(a.home, 'kf.tar.gz');
  const refused = await b.run(['server', 'restore', file]);
  expect(refused.stderr).toContain('nothing was restored: 1 container runs here; --kill ends them first');
  const restored = await b.ok('server', 'restore', file, '--kill');
  expect(restored.stderr).toMatch(
    /WARNING: .*store.db is damaged .*kf server restore FILE.*what runs is ended without/,
  );
  expect((await b.ok('run-task', 'app', '-c', 'sh run.sh damaged', '--follow')).stdout).toContain('hello from damaged');
  expect((await b.ok('tasks', '--state', 'running', '-o', 'name')).stdout).toBe('');
});

test('on a server with running tasks it is refused and all goes on; with --kill what was there is kept aside', async () => {
  const file = join(a.home, 'kf.tar.gz');
  const client = await a.client();
  const { resourceVersion } = await client.list(TaskSchedule);
  client.close();
  const pid = await a.serverPid();
  const refused = await a.run(['server', 'restore', file]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('nothing was restored: 3 containers run here; --kill ends them first');
  expect(await a.serverPid()).toBe(pid);
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

test('above the share of the disk the log of the oldest ended Task goes, never one that is being written; kf logs says so', async () => {
  const mebibytes = (count: number) => `head -c ${count * 2 ** 20} /dev/zero | tr '\\0' x`;
  const before = await a.json<{ keptBytes: number }>('server', 'df');
  const ended: string[] = [];
  for (const _ of [1, 2]) {
    const name = await startTask(a, 'app', mebibytes(8));
    await finished(a, name);
    ended.push(name);
  }
  const writes = await startTask(a, 'app', `${mebibytes(8)}; echo; echo written; sleep 600`);
  const log = async (name: string) => a.run(['logs', 'app', name, '--recent']);
  const eventually = async (holds: () => Promise<boolean>) => {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  await eventually(async () => (await log(writes)).stdout.includes('written'));
  await a.ok('configure-server', 'set', 'diskShare', `${before.keptBytes + 22 * 2 ** 20}`);
  await eventually(async () => (await log(ended[0]!)).code !== 0);
  expect((await log(ended[0]!)).stderr).toMatch(
    new RegExp(`the log of task "${ended[0]}" was removed at 20.*Z, to keep the server to its share of the disk`),
  );
  expect((await log(ended[1]!)).stdout.length).toBe(8 * 2 ** 20);
  expect((await log(writes)).stdout.length).toBeGreaterThan(8 * 2 ** 20);
  const all = await a.ok('logs', 'app', '-n', '1', '--recent');
  expect(all.stderr).toContain(`[${ended[0]}/`);
  const df = await a.ok('server', 'df');
  expect(df.stderr).toMatch(/^Share of the disk: \d.* of which \d.* are taken/m);
  await a.ok('configure-server', 'unset', 'diskShare');
  await a.ok('terminate-task', writes, '--now');
});
