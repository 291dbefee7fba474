/** A small root file system out of programs of this machine: a base that is not the machine itself. */

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Fills `folder`: the programs, every library that they need, and a user database that knows root only. */
export function makeSmallBase(folder: string, programs: readonly string[]): void {
  for (const path of ['usr/bin', 'usr/lib', 'etc', 'proc', 'sys', 'dev', 'root'])
    mkdirSync(join(folder, path), { recursive: true });
  execFileSync('ln', ['-s', 'usr/bin', join(folder, 'bin')]);
  for (const program of programs) {
    const source = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
    copy(realpathSync(source), join(folder, 'usr/bin', program));
    for (const library of librariesOf(source)) copy(realpathSync(library), join(folder, library));
  }
  writeFileSync(join(folder, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  writeFileSync(join(folder, 'etc/group'), 'root:x:0:\n');
  writeFileSync(join(folder, 'etc/small-base'), 'not the host\n');
}

const librariesOf = (program: string): readonly string[] =>
  execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+/g)?.filter(existsSync) ?? [];

function copy(source: string, target: string): void {
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  cpSync(source, target);
}
