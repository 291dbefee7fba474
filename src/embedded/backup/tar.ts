/** The machine's tar, which keeps owners, extended attributes, hard links and holes. */

import { spawnProgram } from '../../node/host/spawn-program.ts';

const everything = ['--numeric-owner', '--xattrs', '--xattrs-include=*', '--sparse'];

export interface Part {
  readonly folder: string;
  readonly names: readonly string[];
}

/** Of files that grow or go meanwhile, like logs, it holds what there was. @throws Error in tar's words */
export function packTar(
  file: string,
  parts: readonly Part[],
  { compress, signal }: { readonly compress: boolean; readonly signal?: AbortSignal },
): Promise<void> {
  const args = parts.flatMap(({ folder, names }) => (names.length === 0 ? [] : ['-C', folder, ...names]));
  const lenient = ['--ignore-failed-read', '--warning=no-file-changed', '--warning=no-file-removed'];
  // 1: some files changed while they were read.
  const all = ['--create', ...(compress ? ['--gzip'] : []), '--file', file, ...everything, ...lenient, ...args];
  return tar(all, [0, 1], signal);
}

/** @throws Error in tar's words */
export function unpackTar(file: string, folder: string, signal?: AbortSignal): Promise<void> {
  return tar(
    ['--extract', '--file', file, '--same-owner', '--preserve-permissions', ...everything, '-C', folder],
    [0],
    signal,
  );
}

function tar(args: readonly string[], accepted: readonly number[], signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: 'C' };
    const child = spawnProgram('tar', args, { stdio: ['ignore', 'ignore', 'pipe'], env, ...(signal && { signal }) });
    let failure: Error | undefined;
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-4096);
    });
    // Once it has ended: what it writes can be removed then.
    child.on('error', (error) => {
      failure = error;
      if (child.pid === undefined) reject(error);
    });
    child.on('close', (code) => {
      if (failure !== undefined) return reject(failure);
      if (code !== null && accepted.includes(code)) return resolve();
      // What ails gzip comes first, and tar only knows that it has ended.
      const reason = words.split('\n').find((line) => /^(tar|gzip): /.test(line));
      reject(new Error(reason?.replace(/^(tar|gzip: \w+): /, '') ?? `tar ended with ${code}`));
    });
  });
}
