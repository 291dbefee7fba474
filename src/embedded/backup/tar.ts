/** The machine's tar, which keeps owners, extended attributes, hard links and holes. */

import { spawn } from 'node:child_process';

const everything = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--sparse'];

export interface Part {
  readonly folder: string;
  readonly names: readonly string[];
}

/** Of files that grow or go meanwhile, like logs, it holds what there was. @throws Error in tar's words */
export function packTar(file: string, parts: readonly Part[], compress: boolean): Promise<void> {
  const args = parts.flatMap(({ folder, names }) => (names.length === 0 ? [] : ['-C', folder, ...names]));
  const lenient = ['--ignore-failed-read', '--warning=no-file-changed', '--warning=no-file-removed'];
  // 1: some files changed while they were read.
  return tar(['--create', ...(compress ? ['--gzip'] : []), '--file', file, ...everything, ...lenient, ...args], [0, 1]);
}

/** @throws Error in tar's words */
export function unpackTar(file: string, folder: string): Promise<void> {
  return tar(['--extract', '--file', file, '--same-owner', '--preserve-permissions', ...everything, '-C', folder], [0]);
}

function tar(args: readonly string[], accepted: readonly number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('tar', args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-4096);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== null && accepted.includes(code)) return resolve();
      const reason = words.split('\n').find((line) => line.startsWith('tar: '));
      reject(new Error(reason?.replace(/^tar: /, '') ?? `tar ended with ${code}`));
    });
  });
}
