import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  statfs,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDisks, type DiskOptions } from '../../src/node/disk/create-disks.ts';
import { type DiskProvider, DiskReserveError, DiskTooSmallError, type PodDisk } from '../../src/node/disk/disk.ts';
import { loopImage, makeLoopImage } from '../../src/node/disk/loop-image.ts';
import { runCommand as run } from '../../src/node/host/run-command.ts';

const MiB = 2 ** 20;
let dataDir: string;
let disks: DiskProvider;

const create = async (options: Partial<DiskOptions> = {}): Promise<DiskProvider> => {
  disks = await createDisks({ dataDir, poolSize: 1, limits: [32 * MiB], ...options });
  return disks;
};

/** Mounts and loop devices that belong to this file's data directories. */
async function traces(): Promise<string[]> {
  const [mounts, loops] = await Promise.all([readFile('/proc/self/mountinfo', 'utf8'), run('losetup', ['--list'])]);
  return [...mounts.split('\n'), ...loops.split('\n')].filter(
    (line) => line.includes('kf disk') || line.includes('kf\\040disk'),
  );
}

beforeEach(async () => {
  dataDir = await realpath(await mkdtemp(join(tmpdir(), 'kf disk ')));
});
afterEach(async () => {
  await disks.close();
  await disks.sweep(new Set());
  expect(await readdir(join(dataDir, 'disks'))).toEqual([]);
  await rm(dataDir, { recursive: true });
});
afterAll(async () => expect(await traces()).toEqual([]));

/** Writes until it fails; the bytes that went in and the error's code. */
async function fill(path: string): Promise<{ written: number; code: string | undefined }> {
  const file = await open(path, 'w');
  const chunk = Buffer.alloc(MiB / 16, 1);
  let written = 0;
  try {
    for (;;) written += (await file.write(chunk)).bytesWritten;
  } catch (error) {
    return { written, code: (error as NodeJS.ErrnoException).code };
  } finally {
    await file.close();
  }
}

/** Mounted where, on what, with which options. */
const mountOf = async (path: string): Promise<string> =>
  (await readFile('/proc/self/mountinfo', 'utf8'))
    .split('\n')
    .find((line) => line.includes(path.replaceAll(' ', '\\040'))) ?? '';

describe('a disk', () => {
  it('is an empty folder on a file system of its own, by its real limit', async () => {
    await create();
    expect(disks.kind).toBe('loop-pool');
    for (const limit of [1 * MiB, 32 * MiB, 100 * MiB]) {
      const disk = await disks.acquire(limit);
      expect(disk.limitBytes).toBe(limit);
      const found = await stat(disk.path);
      expect([found.mode & 0o7777, found.uid, found.gid]).toEqual([0o755, 0, 0]);
      expect(await readdir(disk.path)).toEqual([]);
      expect(await mountOf(disk.path)).toMatch(/nosuid,nodev,noatime.* ext4 /);
      const before = await disk.usage();
      expect(before.usedBytes / before.totalBytes).toBeLessThan(limit === MiB ? 0.1 : 0.01);
      const { written, code } = await fill(join(disk.path, 'big'));
      expect(code).toBe('ENOSPC');
      // At least what was promised, and hardly more.
      expect(written).toBeGreaterThanOrEqual(limit);
      expect(written).toBeLessThan(limit * 1.03 + MiB);
      const { usedBytes, totalBytes } = await disk.usage();
      expect(usedBytes / totalBytes).toBeGreaterThanOrEqual(limit === MiB ? 0.95 : 0.99);
      await disk.release();
    }
  });

  it('is wiped and used again, under a new id', async () => {
    await create();
    const first = await disks.acquire(32 * MiB);
    await mkdir(join(first.path, 'a/b'), { recursive: true });
    await symlink('/etc', join(first.path, 'a/etc'));
    await fill(join(first.path, 'big'));
    const file = `${first.path}.img`;
    await first.release();
    await first.release();
    expect((await stat(file)).blocks * 512).toBeLessThan(4 * MiB);
    expect(await stat('/etc/passwd')).toBeDefined();
    const again: PodDisk[] = [];
    // It comes back within as many takes as are held ready.
    for (let take = 0; take < 4 && !again.some(({ path }) => path === first.path); take++) {
      again.push(await disks.acquire(32 * MiB));
    }
    const reused = again.find(({ path }) => path === first.path)!;
    expect(await readdir(reused.path)).toEqual([]);
    expect(reused.id).not.toBe(first.id);
    expect(await disks.adopt(first.id)).toBeUndefined();
    for (const disk of again) await disk.release();
  });

  it('is made anew when something holds on to it: a mount below, an open file, an immutable one', async () => {
    await create({ poolSize: 0 });
    const precious = join(dataDir, 'precious');
    await mkdir(precious);
    await writeFile(join(precious, 'file'), 'x');
    const obstacles: readonly ((path: string) => Promise<() => unknown>)[] = [
      async (path) => {
        await mkdir(join(path, 'mnt'));
        await run('mount', ['--bind', precious, join(path, 'mnt')]);
        return () => {};
      },
      async (path) => {
        const file = await open(join(path, 'open'), 'w');
        return () => file.close();
      },
      async (path) => {
        await writeFile(join(path, 'fixed'), '');
        await run('chattr', ['+i', join(path, 'fixed')]);
        return () => {};
      },
    ];
    for (const obstruct of obstacles) {
      const disk = await disks.acquire(32 * MiB);
      const free = await obstruct(disk.path);
      const { path } = disk;
      await disk.release();
      expect((await readdir(join(dataDir, 'disks'))).filter((name) => path.endsWith(name))).toEqual([]);
      await free();
      const next = await disks.acquire(32 * MiB);
      expect(next.path).not.toBe(disk.path);
      expect(await readdir(next.path)).toEqual([]);
      await next.release();
    }
    expect(await readFile(join(precious, 'file'), 'utf8')).toBe('x');
  });
});

describe('the reserve', () => {
  it('refuses what does not fit beside what is promised, until it is given back', async () => {
    await create();
    const { bavail, bsize } = await statfs(dataDir);
    // All but 100 MiB of what is free now is kept; other programs' writes only make it less.
    await disks.close();
    await create({ reserveBytes: bavail * bsize - 100 * MiB });
    await expect(disks.acquire(10 * 2 ** 40)).rejects.toThrow(DiskTooSmallError);
    const answers = await Promise.allSettled(Array.from({ length: 4 }, () => disks.acquire(32 * MiB)));
    const given = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const refused = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []));
    expect(refused.length).toBeGreaterThan(0);
    for (const error of refused) expect(error).toBeInstanceOf(DiskReserveError);
    for (const disk of given) await disk.release();
  });
});

describe('after a restart', () => {
  it('disks in use are adopted by id with their content, all others swept', async () => {
    const first = await create();
    const [kept, lost] = await Promise.all([first.acquire(32 * MiB), first.acquire(32 * MiB)]);
    await writeFile(join(kept.path, 'result'), 'x');
    // The first server is gone without a word.
    const second = await create();
    const adopted = (await second.adopt(kept.id))!;
    expect(adopted).toMatchObject({ id: kept.id, path: kept.path, limitBytes: kept.limitBytes });
    expect(await readFile(join(adopted.path, 'result'), 'utf8')).toBe('x');
    await second.sweep(new Set([kept.id]));
    expect(await second.adopt(lost.id)).toBeUndefined();
    expect(await second.adopt('d-nope.00')).toBeUndefined();
    expect(await second.adopt('../x.00')).toBeUndefined();
    expect(await readFile(join(adopted.path, 'result'), 'utf8')).toBe('x');
    const fresh = await second.acquire(32 * MiB);
    expect(await readdir(fresh.path)).toEqual([]);
    await Promise.all([adopted.release(), fresh.release()]);
    expect(await second.adopt(kept.id)).toBeUndefined();
  });

  it('whatever a crash left is cleared: a loop device without a mount, an image, an empty folder, a busy mount', async () => {
    const folder = join(dataDir, 'disks');
    await mkdir(folder);
    await writeFile(join(folder, 'd-image.img'), '');
    await mkdir(join(folder, 'd-folder'));
    await writeFile(join(folder, 'd-cut.lease'), '{"id":"d-c');
    const attached = join(folder, 'd-attached.img');
    await run('truncate', ['--size', '8M', attached]);
    await run('losetup', ['--find', attached]);
    const deleted = join(folder, 'd-deleted.img');
    await run('truncate', ['--size', '8M', deleted]);
    await run('losetup', ['--find', deleted]);
    await rm(deleted);
    const busy = loopImage(folder, 'd-busy', 8 * MiB);
    await makeLoopImage(run, busy);
    const holder: ChildProcess = spawn('sleep', ['1000'], { cwd: busy.path });
    await once(holder, 'spawn');
    try {
      await create({ poolSize: 0 });
      expect(await disks.adopt('d-cut.00')).toBeUndefined();
      await disks.sweep(new Set());
      const left = await traces();
      expect(left.filter((line) => /d-(attached|deleted|image|folder)/.test(line))).toEqual([]);
      expect((await readdir(folder)).filter((name) => /busy|attached|image|folder|cut/.test(name))).toEqual([]);
    } finally {
      const exit = once(holder, 'exit');
      holder.kill('SIGKILL');
      await exit;
    }
  });
});

describe('without loop devices', () => {
  it('disks are plain folders, and it says so', async () => {
    const warnings: string[] = [];
    await create({
      onWarning: (text) => warnings.push(text),
      run: (command, args, options) =>
        command === 'mount' ? Promise.reject(new Error('mount: permission denied')) : run(command, args, options),
    });
    expect(disks.kind).toBe('not-enforced');
    expect(warnings).toEqual(['disk limits are not enforced: mount: permission denied']);
    const disk = await disks.acquire(8 * MiB);
    await writeFile(join(disk.path, 'x'), Buffer.alloc(MiB));
    const { usedBytes, totalBytes } = await disk.usage();
    expect(usedBytes).toBeGreaterThanOrEqual(MiB);
    expect(totalBytes).toBe(8 * MiB);
    expect((await disks.adopt(disk.id))?.path).toBe(disk.path);
    await disks.sweep(new Set([disk.id]));
    expect(await readdir(disk.path)).toEqual(['x']);
    await disk.release();
    await expect(disks.acquire(10 * 2 ** 40)).rejects.toThrow(DiskTooSmallError);
  });
});
