/** An ext4 file system in a sparse file, mounted: makes one, removes one, finds what is left of one. */

import { mkdir, open, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ignoring } from '../../resources/errors.ts';
import { unescapeMountinfo } from '../cgroup/hierarchies.ts';
import { longWork, type RunCommand } from '../host/run-command.ts';

const mebibyte = 2 ** 20;

export interface LoopImage {
  readonly name: string;
  /** Where it is mounted. */
  readonly path: string;
  readonly file: string;
  readonly limitBytes: number;
  /** Size of the sparse file: the limit and what ext4 needs for itself. */
  readonly fileBytes: number;
}

export function loopImage(folder: string, name: string, limitBytes: number): LoopImage {
  return {
    name,
    path: join(folder, name),
    file: join(folder, `${name}.img`),
    limitBytes,
    fileBytes: imageBytes(limitBytes),
  };
}

/** ext4 takes 1/64 for inodes, up to 16 MiB (2 %) that it never gives away, and some for tables and bitmaps. */
function imageBytes(limitBytes: number): number {
  const withReserve = limitBytes + Math.min(limitBytes / 49, 16 * mebibyte);
  return Math.ceil((withReserve * 1.017 + mebibyte / 2) / 4096) * 4096;
}

/** @throws CommandError; what was made until then is removed */
export async function makeLoopImage(run: RunCommand, image: LoopImage): Promise<void> {
  try {
    await mkdir(image.path, { mode: 0o700 });
    const file = await open(image.file, 'wx', 0o600);
    await file.truncate(image.fileBytes).finally(() => file.close());
    const options = [
      ...['-q', '-F', '-m', '0', '-T', 'default', '-b', '4096', '-i', '16384', '-I', '256'],
      // The image never outlives a crash of the machine, so it needs no journal, nor room to grow.
      ...['-O', '^has_journal,^resize_inode', '-E', 'lazy_itable_init=1,nodiscard,root_owner=0:0'],
    ];
    await run('mkfs.ext4', [...options, image.file], { timeout: longWork });
    // Not with discard: each removal would wait for a hole in the file, 5 ms on a busy disk.
    await run('mount', ['-t', 'ext4', '-o', 'loop,nosuid,nodev,noatime', image.file, image.path]);
    await rmdir(join(image.path, 'lost+found'));
  } catch (error) {
    await removeLoopImage(run, image).catch(() => {});
    throw error;
  }
}

/** Unmounts it with everything below, frees its loop device and its space. Fine when parts of it are gone. */
export async function removeLoopImage(run: RunCommand, image: Pick<LoopImage, 'path' | 'file'>): Promise<void> {
  for (const mount of (await mountsBelow(image.path)).reverse()) {
    // Lazily: a process that still has a file open must not keep the rest from going.
    await run('umount', ['--lazy', mount]);
  }
  await detachLoops(run, (file) => file === image.file);
  await rm(image.file, { force: true });
  await rmdir(image.path).catch(ignoring('ENOENT'));
}

/** Mount points at `path` and below it, outer ones first. */
export async function mountsBelow(path: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  // Most lines need no closer look. The kernel writes spaces and the like as octal numbers.
  const [part = ''] = path.split(/[\s\\]/, 1);
  return lines
    .filter((line) => line.includes(part))
    .map((line) => unescapeMountinfo(line.split(' ')[4] ?? ''))
    .filter((mount) => mount === path || mount.startsWith(path.endsWith('/') ? path : `${path}/`));
}

/** The unmounting detaches them by itself, but for what a start that was cut short has left. */
export async function detachLoops(run: RunCommand, chosen: (file: string) => boolean): Promise<void> {
  for (const device of await loopDevices(chosen)) {
    await run('losetup', ['--detach', device]).catch(async (error: unknown) => {
      if ((await loopDevices(chosen)).includes(device)) throw error;
    });
  }
}

/** Loop devices whose backing file is chosen. */
async function loopDevices(chosen: (file: string) => boolean): Promise<string[]> {
  const names = (await readdir('/sys/block')).filter((name) => name.startsWith('loop'));
  const files = await Promise.all(
    names.map((name) => readFile(join('/sys/block', name, 'loop/backing_file'), 'utf8').catch(() => undefined)),
  );
  return names.flatMap((name, index) => {
    const file = files[index]?.replace(/\n$/, '').replace(/ \(deleted\)$/, '');
    return file !== undefined && chosen(file) ? [join('/dev', basename(name))] : [];
  });
}
