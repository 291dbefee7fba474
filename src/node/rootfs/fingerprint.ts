/** Names the state of the machine that a host-stack build depends on: distribution and interpreters. */

import { readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../host/run-command.ts';

export interface StackFingerprint {
  /** `debian 12` */
  readonly distribution: string;
  /** First line of `PROGRAM --version` by program; absent programs are absent. */
  readonly interpreters: Readonly<Record<string, string>>;
}

const programs: Readonly<Record<string, readonly string[]>> = {
  node: ['--version'],
  python3: ['--version'],
  ruby: ['--version'],
  perl: ['-e', 'print $^V'],
  java: ['-version'],
  php: ['--version'],
};

/** Where the stack's PATH finds programs. */
const folders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin'];

/** Versions by path, time and size of the program, so that each is asked once per process. */
const known = new Map<string, Promise<string>>();

export async function stackFingerprint(): Promise<StackFingerprint> {
  // A Node.js outside of /usr is the one that tasks get.
  const { execPath } = process;
  const entries = Object.entries(programs).map(async ([name, args]) => {
    const path = name === 'node' && !execPath.startsWith('/usr/') ? execPath : find(name);
    return path === undefined ? undefined : ([name, await version(path, args)] as const);
  });
  const found = (await Promise.all(entries)).filter((entry) => entry !== undefined);
  return { distribution: distribution(), interpreters: Object.fromEntries(found) };
}

function find(name: string): string | undefined {
  for (const folder of folders) {
    try {
      return realpathSync(join(folder, name));
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

function version(path: string, args: readonly string[]): Promise<string> {
  const { mtimeMs, size } = statSync(path);
  const key = `${path}:${mtimeMs}:${size}`;
  let answer = known.get(key);
  if (answer === undefined) {
    // Java tells its version on standard error.
    answer = runCommand('/bin/sh', ['-c', '"$@" 2>&1', 'sh', path, ...args]).then(
      (text) => text.trim().split('\n')[0] ?? '',
      () => '',
    );
    known.set(key, answer);
  }
  return answer;
}

function distribution(): string {
  let text = '';
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    return 'unknown';
  }
  const value = (key: string): string => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return `${value('ID')} ${value('VERSION_ID')}`.trim();
}
