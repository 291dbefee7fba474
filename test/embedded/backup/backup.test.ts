import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { planJob } from '../../../src/controllers/task-schedule/plan.ts';
import { backupFormat, checkManifest } from '../../../src/embedded/backup/contents.ts';
import { hold, isHeld } from '../../../src/embedded/backup/hold.ts';
import { makeBackup } from '../../../src/embedded/backup/make-backup.ts';
import { putInPlace, unpackBackup } from '../../../src/embedded/backup/restore.ts';
import {
  restoredJob,
  restoredPipelineRun,
  restoredPod,
  restoredTask,
  restoredTaskRun,
} from '../../../src/embedded/backup/restored.ts';
import { openStaging } from '../../../src/embedded/backup/staging.ts';
import { type Home, openHome } from '../../../src/embedded/home.ts';
import { bootFile } from '../../../src/node/images/container-storage.ts';
import { allKinds } from '../../../src/resources/all-kinds.ts';
import type { Pod } from '../../../src/resources/core/pod.ts';
import type { Task } from '../../../src/resources/kf/task.ts';
import type { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';
import type { PipelineRun } from '../../../src/resources/tekton/pipeline-run.ts';
import type { TaskRun } from '../../../src/resources/tekton/task-run.ts';
import { LockedError } from '../../../src/store/lock.ts';
import { ObjectStore } from '../../../src/store/object-store.ts';
import { configMap, configMaps } from '../../store/fixtures/objects.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'kf-backup-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const home = (name: string) => openHome({ KF_HOME: join(root, name) });
const open = (dataDir: string) => new ObjectStore({ path: join(dataDir, 'store.db'), kinds: allKinds });
const now = new Date('2026-03-01T09:00:00Z');
const options = { version: '1.2.3', volumes: false, force: false, now, reserveBytes: 0 };
const unpack = (home: Home, file: string) => unpackBackup(home, file, { reserveBytes: 0 });

/** A data directory with a store, a log and a volume. */
async function filled(name: string): Promise<{ dataDir: string; store: ObjectStore }> {
  const { dataDir } = await home(name);
  const store = open(dataDir);
  store.put(configMaps, configMap('one'), 0);
  await store.barrier();
  mkdirSync(join(dataDir, 'logs/uid'), { recursive: true });
  writeFileSync(join(dataDir, 'logs/uid/c.log'), 'line\n');
  mkdirSync(join(dataDir, 'volumes/v/data'), { recursive: true });
  writeFileSync(join(dataDir, 'volumes/v/data/file'), name);
  writeFileSync(join(dataDir, 'token'), `token of ${name}`);
  return { dataDir, store };
}

describe('a backup', () => {
  test('is made while the store is open and written, is its owner’s alone, and replaces nothing unasked', async () => {
    const { dataDir, store } = await filled('a');
    const file = join(root, 'b.tar.gz');
    const made = await makeBackup({ ...options, dataDir, file });
    expect(made).toMatchObject({ version: '1.2.3', schemaVersion: 1, revision: 1, volumesLeftOut: 1 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await expect(makeBackup({ ...options, dataDir, file })).rejects.toThrow(`${file} is there already`);
    store.put(configMaps, configMap('two'), 0);
    await store.barrier();
    expect((await makeBackup({ ...options, dataDir, file, force: true })).revision).toBe(2);
    await store.close();
    expect(readdirSync(root).sort()).toEqual(['a', 'b.tar.gz']);
    await expect(makeBackup({ ...options, dataDir, file: join(root, 'no/b.tar') })).rejects.toThrow(
      `there is no folder ${join(root, 'no')}: make it first`,
    );
    await expect(makeBackup({ ...options, dataDir, file: join(file, 'b.tar') })).rejects.toThrow(
      `${file} is no folder`,
    );
    await expect(makeBackup({ ...options, dataDir: root, file })).rejects.toThrow("no server's data");
  });

  test('restored elsewhere: all is there, revisions jump, what was there is kept aside, volumes only when asked', async () => {
    const a = await filled('a');
    await a.store.close();
    const plain = join(root, 'plain.tar');
    const whole = join(root, 'whole.tgz');
    await makeBackup({ ...options, dataDir: a.dataDir, file: plain });
    await makeBackup({ ...options, dataDir: a.dataDir, file: whole, volumes: true });

    const b = await filled('b');
    for (let count = 0; count < 5; count++) b.store.put(configMaps, configMap(`more-${count}`), 0);
    const unpacked = await unpack(await home('b'), plain);
    await expect(putInPlace(await home('b'), unpacked.folder, now)).rejects.toThrow(LockedError);
    await b.store.close();
    const again = await unpack(await home('b'), plain);
    const { replaced } = await putInPlace(await home('b'), again.folder, now);
    const store = open(b.dataDir);
    expect(store.get(configMaps, 'default', 'one')).toBeDefined();
    expect(store.get(configMaps, 'default', 'more-1')).toBeUndefined();
    expect(store.revision).toBeGreaterThanOrEqual(1_000_006);
    expect(store.compactedRevision).toBe(store.revision);
    await store.close();
    expect(readFileSync(join(b.dataDir, 'token'), 'utf8')).toBe('token of a');
    expect(readFileSync(join(b.dataDir, 'logs/uid/c.log'), 'utf8')).toBe('line\n');
    expect(readFileSync(join(b.dataDir, 'volumes/v/data/file'), 'utf8')).toBe('b');
    expect(replaced).toBe(join(b.dataDir, 'replaced-20260301T090000Z'));
    expect(readFileSync(join(replaced!, 'token'), 'utf8')).toBe('token of b');
    expect(readdirSync(b.dataDir).filter((name) => name.startsWith('restoring-'))).toEqual([]);

    const c = await home('c');
    const third = await unpack(c, whole);
    expect(await putInPlace(c, third.folder, now)).not.toHaveProperty('replaced');
    expect(readFileSync(join(c.dataDir, 'volumes/v/data/file'), 'utf8')).toBe('a');
  });

  test('that is damaged, no backup, or of newer code is refused, and nothing is left of the attempt', async () => {
    const { dataDir, store } = await filled('a');
    await store.close();
    const file = join(root, 'b.tar.gz');
    await makeBackup({ ...options, dataDir, file });
    const target = await home('b');
    const refused = (path: string, reason: string | RegExp) => expect(unpack(target, path)).rejects.toThrow(reason);
    await refused(join(root, 'none'), 'there is no file');
    const half = join(root, 'half.tar.gz');
    writeFileSync(half, readFileSync(file).subarray(0, 400));
    await refused(half, /half.tar.gz cannot be unpacked: /);
    const foreign = join(root, 'foreign.tar');
    execFileSync('tar', ['-cf', foreign, '-C', dataDir, 'token']);
    await refused(foreign, 'this is no backup of kf');
    const newer = { format: 1, schemaVersion: 99, version: '9.0.0' };
    writeFileSync(join(root, 'backup.json'), JSON.stringify(newer));
    execFileSync('tar', ['-cf', foreign, '-C', root, 'backup.json']);
    await refused(foreign, 'it was made by kf 9.0.0 (schema 99; this one knows 1): install that version first');
    expect(() => checkManifest({ ...newer, schemaVersion: 1, format: backupFormat + 1 }, 1)).toThrow(
      'install that version first',
    );
    expect(readdirSync(target.dataDir).filter((name) => name.startsWith('restoring-'))).toEqual([]);
    expect(existsSync(join(target.dataDir, 'store.db'))).toBe(false);
  });

  test('that is interrupted, or finds too little room, leaves nothing; what a killed one has left goes with the next', async () => {
    const { dataDir, store } = await filled('a');
    await store.close();
    const file = join(root, 'b.tar.gz');
    const left = () => readdirSync(root).filter((name) => name.startsWith('.kf-backup-'));
    const interrupted = AbortSignal.abort(new Error('it was interrupted (SIGINT)'));
    await expect(makeBackup({ ...options, dataDir, file, signal: interrupted })).rejects.toThrow(
      'it was interrupted (SIGINT)',
    );
    const reserveBytes = Number.MAX_SAFE_INTEGER;
    await expect(makeBackup({ ...options, dataDir, file, reserveBytes })).rejects.toThrow(
      /^the disk of .* has .* left, and .* are kept free for what runs$/,
    );
    expect([existsSync(file), left()]).toEqual([false, []]);

    const killed = join(root, '.kf-backup-killed');
    const young = join(root, '.kf-backup-young');
    for (const folder of [killed, young]) mkdirSync(folder);
    writeFileSync(join(killed, 'b.tar.gz'), 'half');
    utimesSync(killed, 0, 0);
    const other = await openStaging(root);
    utimesSync(other.folder, 0, 0);
    await makeBackup({ ...options, dataDir, file });
    expect(left().sort()).toEqual([basename(other.folder), basename(young)].sort());
    await other.remove();

    const target = await home('c');
    await expect(unpackBackup(target, file, { reserveBytes })).rejects.toThrow(/kept free for what runs/);
    expect(readdirSync(target.dataDir).filter((name) => name.startsWith('restoring-'))).toEqual([]);
  });

  test('nothing goes while it reads; whoever was killed, or has only the number of one that was, holds nothing', async () => {
    const { dataDir, store } = await filled('a');
    await store.close();
    expect(isHeld(dataDir)).toBe(false);
    const [first, second] = [hold(dataDir), hold(dataDir)];
    expect(isHeld(dataDir)).toBe(true);
    first();
    second();
    symlinkSync('1', join(dataDir, `backup-${process.pid}.tmp`));
    symlinkSync('1', join(dataDir, 'backup-999999999.tmp'));
    writeFileSync(join(dataDir, 'backup-999999998.tmp'), '');
    expect(isHeld(dataDir)).toBe(false);
    expect(readdirSync(dataDir).filter((name) => name.startsWith('backup-'))).toEqual([]);
  });

  test.each(['not a database', 'a page of it'])(
    'goes on where the store is damaged (%s): its revisions are far beyond',
    async (how) => {
      const { dataDir, store } = await filled('a');
      const file = join(root, 'b.tar');
      for (let count = 0; count < 50; count++) store.put(configMaps, configMap(`c-${count}`), 0);
      await store.close();
      await makeBackup({ ...options, dataDir, file });
      const path = join(dataDir, 'store.db');
      if (how === 'not a database') writeFileSync(path, 'x'.repeat(5000));
      else writeFileSync(path, readFileSync(path).fill(0xff, 4096, 3 * 4096));
      expect(() => open(dataDir)).toThrow(/store.db is damaged \(.*\): kf server restore FILE goes on from a backup/);
      const target = await home('a');
      const { replaced } = await putInPlace(target, (await unpack(target, file)).folder, now);
      expect(existsSync(join(replaced!, 'store.db'))).toBe(true);
      const restored = open(dataDir);
      expect(restored.get(configMaps, 'default', 'c-49')).toBeDefined();
      expect(restored.revision).toBeGreaterThan(now.getTime());
      expect(restored.put(configMaps, configMap('more'), 0).metadata.resourceVersion).toMatch(/^\d{13}$/);
      await restored.close();
    },
  );

  test('restored on the same boot: what of the storage was not kept is another boot’s, half of it may be missing', async () => {
    const { dataDir, store } = await filled('a');
    await store.close();
    mkdirSync(join(dataDir, 'images'));
    writeFileSync(join(dataDir, 'images', bootFile), 'this boot');
    const file = join(root, 'b.tar');
    await makeBackup({ ...options, dataDir, file });
    const b = await home('b');
    await putInPlace(b, (await unpack(b, file)).folder, now);
    expect(readFileSync(join(b.dataDir, 'images', bootFile), 'utf8')).toBe('before-restore');
  });
});

describe('what objects of a backup become', () => {
  test('Pods that had not ended were another boot’s, on this node, also those that waited; others stay as they are', () => {
    const pod = {
      metadata: { name: 'p', annotations: { 'node.kf.dev/boot-id': 'b', other: 'x' } },
      spec: { nodeName: 'old', containers: [] },
      status: { phase: 'Running' },
    } as unknown as Pod;
    expect(restoredPod(pod, 'new')).toMatchObject({
      metadata: { annotations: { 'node.kf.dev/boot-id': 'before-restore', other: 'x' } },
      spec: { nodeName: 'new' },
    });
    const finished = { ...pod, status: { phase: 'Succeeded' } } as Pod;
    expect(restoredPod(finished, 'new')).toBe(finished);
    const unclaimed = { ...pod, metadata: { name: 'p' } } as Pod;
    expect(restoredPod(unclaimed, 'new').spec.nodeName).toBe('new');
  });

  test('Tasks that had not begun are terminated: they may have run since', () => {
    const task = { metadata: { name: 't' }, spec: { appRef: { name: 'a' } } } as Task;
    expect(restoredTask(task).spec.terminated).toBe(true);
    const running = { ...task, status: { startTime: '2026-03-01T00:00:00Z' } } as Task;
    expect(restoredTask(running)).toEqual(running);
    expect(restoredTask({ ...running, spec: { ...running.spec, retries: 3 } })).toEqual(running);
  });

  test('runs that nobody’s Task made do not go on: without a Pod they are cancelled', () => {
    const run = { metadata: { name: 'r' }, spec: {} } as TaskRun;
    expect(restoredTaskRun(run, 'why').spec).toEqual({ status: 'TaskRunCancelled', statusMessage: 'why' });
    const begun = { ...run, status: { podName: 'r-pod' } } as TaskRun;
    expect(restoredTaskRun(begun, 'why')).toBe(begun);
    const ended = { ...begun, status: { conditions: [{ type: 'Succeeded', status: 'True' }] } } as TaskRun;
    expect(restoredTaskRun(ended, 'why')).toBe(ended);
    const pipeline = { metadata: { name: 'p' }, spec: {}, status: { childReferences: [] } } as unknown as PipelineRun;
    expect(restoredPipelineRun(pipeline).spec.status).toBe('Cancelled');
    const owner = { kind: 'Task', name: 't', uid: 'u', apiVersion: 'kf.dev/v1alpha1', controller: true };
    const ofTask = { ...pipeline, metadata: { name: 'p', ownerReferences: [owner] } };
    expect(restoredPipelineRun(ofTask)).toBe(ofTask);
    expect(restoredPipelineRun({ ...ofTask, status: {} }).spec.status).toBe('Cancelled');
  });

  test('Jobs do not run again what was due since; the next slot is on time, and the history says it', () => {
    const job = {
      metadata: { name: 'j', namespace: 'dev', generation: 1 },
      spec: { schedule: '0 * * * *', timeZone: 'UTC', missed: 'all', taskTemplate: { appRef: { name: 'a' } } },
      status: {
        countedFrom: [{ schedule: '0 * * * *', timeZone: 'UTC', since: '2026-02-01T00:00:00Z' }],
        countedUntil: '2026-03-01T01:00:00Z',
        starting: ['2026-03-01T02:00:00Z'],
        backlog: ['2026-02-28T22:00:00Z'],
      },
    } as unknown as TaskSchedule;
    const time = now.toISOString();
    const restored = restoredJob(job, time, '2026-03-01T02:30:00Z');
    expect(restored.status).toMatchObject({ countedUntil: time });
    expect(restored.status?.history?.[0]?.message).toContain('restored from a backup of 2026-03-01T02:30:00Z');
    const at = now.getTime() + 1000;
    const plan = (one: TaskSchedule) =>
      planJob({ job: one, now: at, awakeSince: at, pending: [], active: [] } as never);
    expect(plan(job).status.starting?.length).toBeGreaterThan(0);
    expect(plan(restored).status.starting ?? []).toEqual([]);
    expect(plan(restored).status.backlog ?? []).toEqual([]);
    expect(plan(restored).status.nextScheduleTime).toBe('2026-03-01T10:00:00Z');
  });
});
