import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wipe } from '../../../src/node/disk/wipe.ts';
import { runCommand } from '../../../src/node/host/run-command.ts';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kf wipe '));
  folder = join(root, '-rf *');
  await mkdir(folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('wipe', () => {
  it('removes everything below and follows no link', async () => {
    const outside = join(root, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'precious'), 'x');
    await symlink(outside, join(folder, 'link'));
    await symlink('/', join(folder, ' '));
    await symlink('nowhere', join(folder, '..broken'));
    await mkdir(join(folder, 'a/b/-delete'), { recursive: true });
    await symlink(join(outside, 'precious'), join(folder, 'a/b/-delete/precious'));
    await writeFile(join(folder, 'a/\n'), '');
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    await wipe(runCommand, folder);
    expect(await readdir(folder)).toEqual([]);
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('x');
  });

  it('hands over what is more than a few hundred entries', async () => {
    await Promise.all(Array.from({ length: 300 }, (_, index) => writeFile(join(folder, `${index}`), '')));
    const commands: string[] = [];
    await wipe((command, args, options) => {
      commands.push(command);
      return runCommand(command, args, options);
    }, folder);
    expect(await readdir(folder)).toEqual([]);
    expect(commands).toEqual(['find']);
  });

  it('removes a tree deeper than any path may be long', async () => {
    // A shell would do, but changes folders by their whole path.
    execFileSync('perl', [
      '-e',
      'chdir $ARGV[0]; for (1..150) { mkdir "d" x 100; chdir "d" x 100 } open F, ">f"',
      folder,
    ]);
    await wipe(runCommand, folder);
    expect(await readdir(folder)).toEqual([]);
  });
});
