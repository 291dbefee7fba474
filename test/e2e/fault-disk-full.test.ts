/** The machine's disk is small, nearly full, full: of the logs, of the store, of both. */

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { conditionOf } from '../../src/resources/condition.ts';
import { Kf } from '../support/kf.ts';
import { finished, logged, logOf, outcome, startTask, until } from '../support/kf-tasks.ts';
import { containerPids, instanceOf, monitorPids } from '../support/machine-state.ts';
import { SmallDisk } from '../support/small-disk.ts';

const mebibyte = 2 ** 20;

let kf: Kf;
let disks: SmallDisk[];
beforeEach(async () => {
  kf = await Kf.create();
  disks = [];
});
afterEach(async () => {
  for (const disk of disks) disk.free();
  // Terminating tasks is refused until the store has seen that there is room again.
  await expect.poll(() => kf.run(['server', 'stop', '--kill']).then(({ code }) => code)).toBe(0);
  for (const disk of disks.reverse()) disk.remove();
  await kf.remove();
});

function smallDisk(path: string, megabytes: number): SmallDisk {
  const disk = new SmallDisk(path, join(kf.home, `${disks.length}.img`), megabytes * mebibyte);
  disks.push(disk);
  return disk;
}

/** Starts the server with so many MiB kept free; a quarter of that is where a task is stopped. */
async function start(reserve?: number): Promise<void> {
  const env: Record<string, string> = reserve === undefined ? {} : { KF_DISK_RESERVE: String(reserve * mebibyte) };
  const { code, stderr } = await kf.run(['server', 'start'], { env });
  expect(code, stderr).toBe(0);
}

const waits = (reason: string) => (task: Parameters<Parameters<typeof until>[2]>[0]) =>
  conditionOf(task, 'Succeeded')?.reason === reason || (task.status?.message ?? '').includes(reason);

test('below the reserve no task starts, and says so; what fits runs; the others follow when there is room', async () => {
  smallDisk(kf.dataDir, 1700);
  const ballast = join(kf.dataDir, 'ballast');
  execFileSync('fallocate', ['-l', '300M', ballast]);
  await start();
  await kf.push('job', { 'run.sh': 'exit 0\n' }, '-c', 'sh run.sh', '-k', '64M');
  const large = await startTask(kf, 'job', 'echo ran', '-k', '500M');
  const waiting = await until(kf, large, waits('DiskReserve'));
  expect(conditionOf(waiting, 'Succeeded')).toMatchObject({ status: 'Unknown' });
  const { stdout } = await kf.ok('task', large);
  expect(stdout).toMatch(/DiskReserve/);
  expect(stdout).toMatch(/needs .* of disk, .* available/);
  expect((await kf.run(['run-task', 'job', '--wait'])).code).toBe(0);
  await kf.ok('server', 'stop');
  rmSync(ballast);
  await start();
  expect(outcome(await finished(kf, large))).toMatchObject({ exitCode: 0 });
});

/** Prints a megabyte 20 times a second. */
const prints = "i=0; while :; do head -c 1000000 /dev/zero | tr '\\0' x; echo; sleep 0.05; done";
const untilTold = (rest: string): string => `echo begun; while [ ! -e /tmp/go ]; do sleep 0.02; done; ${rest}`;

test('logs: the task that writes most is stopped before the file system is full, the others go on', async () => {
  const disk = smallDisk(join(kf.dataDir, 'logs'), 200);
  await start(400);
  await kf.push('job', { 'run.sh': 'exit 0\n' }, '-c', 'sh run.sh', '-k', '64M');
  const quiet = await startTask(kf, 'job', `${untilTold('exit 3')}`);
  await logged(kf, quiet, 'begun');
  const quietPid = containerPids(instanceOf(kf.dataDir))[0]!.pid;
  const { code, stderr } = await kf.run(['run-task', 'job', '-c', prints, '--wait']);
  expect(code, stderr).toBe(122);
  expect(stderr).toMatch(/DiskPressure/);
  expect(disk.freeBytes).toBeGreaterThan(mebibyte);
  release(quietPid);
  expect(outcome(await finished(kf, quiet))).toMatchObject({ exitCode: 3 });
  expect(await logOf(kf, quiet)).toBe('begun\n');
});

test('logs: where the file system was full all the same, the log says so, and the exit code arrives', async () => {
  const disk = smallDisk(join(kf.dataDir, 'logs'), 64);
  await start(1);
  await kf.push('job', { 'run.sh': 'exit 0\n' }, '-c', 'sh run.sh', '-k', '64M');
  const name = await startTask(kf, 'job', untilTold("head -c 3000000 /dev/zero | tr '\\0' x; echo; exit 6"));
  await logged(kf, name, 'begun');
  disk.fill();
  release(containerPids(instanceOf(kf.dataDir))[0]!.pid);
  const { exitCode, reason } = outcome(await finished(kf, name));
  // Stopped for it, or ended by itself before that.
  expect(reason === 'DiskPressure' || exitCode === 6).toBe(true);
  disk.free();
  expect(await logOf(kf, name)).toMatch(/^begun\n[\s\S]*\[kf\] /);
  await runsAgain();
});

test('store: writes are refused in words, what runs goes on, and everything converges once there is room', async () => {
  const disk = smallDisk(kf.dataDir, 400);
  smallDisk(join(kf.dataDir, 'logs'), 64);
  await start(1);
  await kf.push('job', { 'run.sh': 'exit 0\n' }, '-c', 'sh run.sh', '-k', '16M');
  const name = await startTask(kf, 'job', untilTold('echo done; exit 7'));
  await logged(kf, name, 'begun');
  disk.fill();
  await refuses();
  expect((await kf.run(['tasks', 'job'])).code).toBe(0);
  release(containerPids(instanceOf(kf.dataDir))[0]!.pid);
  await expect.poll(() => monitorPids(instanceOf(kf.dataDir))).toEqual([]);
  disk.free();
  expect(outcome(await finished(kf, name))).toMatchObject({ exitCode: 7 });
  expect(await logOf(kf, name)).toBe('begun\ndone\n');
  await runsAgain();
});

test('both, and kill -9 on top: the exit code arrives, the log is whole or says that it is not', async () => {
  const disk = smallDisk(kf.dataDir, 400);
  await start(1);
  await kf.push('job', { 'run.sh': 'exit 0\n' }, '-c', 'sh run.sh', '-k', '16M');
  const name = await startTask(kf, 'job', untilTold('echo done; exit 8'));
  await logged(kf, name, 'begun');
  disk.fill();
  await refuses();
  await kf.killServer();
  release(containerPids(instanceOf(kf.dataDir))[0]!.pid);
  await expect.poll(() => monitorPids(instanceOf(kf.dataDir))).toEqual([]);
  const onFull = await kf.run(['server', 'start'], { env: { KF_DISK_RESERVE: String(mebibyte) } });
  if (onFull.code !== 0) expect(onFull.stderr).toMatch(/full|space/i);
  disk.free();
  if (onFull.code !== 0) await start(1);
  expect(outcome(await finished(kf, name))).toMatchObject({ exitCode: 8 });
  expect(await logOf(kf, name)).toMatch(/^begun\n(done\n|[\s\S]*\[kf\] )/);
  await runsAgain();
});

/** A new Task is refused, by its reason, and is not there afterwards. */
async function refuses(): Promise<void> {
  // What was free in the store's own files is used up first.
  await expect.poll(() => kf.run(['run-task', 'job', '-c', 'true']).then(({ code }) => code)).toBe(1);
  const before = (await kf.json<{ items: unknown[] }>('tasks', 'job')).items.length;
  const { code, stderr } = await kf.run(['run-task', 'job', '-c', 'true', '--wait']);
  expect(code, stderr).toBe(125);
  expect(stderr).toMatch(/full/);
  expect((await kf.json<{ items: unknown[] }>('tasks', 'job')).items).toHaveLength(before);
}

/** With room again, a task is a task again. */
async function runsAgain(): Promise<void> {
  // The store asks the disk again every 2 s at most.
  await expect.poll(() => kf.run(['run-task', 'job', '-c', 'true']).then(({ code }) => code)).toBe(0);
  const { code, stdout, stderr } = await kf.run(['run-task', 'job', '-c', 'echo fine', '--follow']);
  expect(code, stderr + (await kf.log())).toBe(0);
  expect(stdout).toBe('fine\n');
}

function release(pid: number): void {
  mkdirSync(`/proc/${pid}/root/tmp/go`);
}
