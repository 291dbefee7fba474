/** Looks at processes from outside, through /proc. */

import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall time of the whole process in milliseconds. */
  readonly milliseconds: number;
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd = '/'): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr, milliseconds: performance.now() - began }));
  });
}

/** As run, for programs that must succeed. */
export async function succeed(...args: Parameters<typeof run>): Promise<Finished> {
  const finished = await run(...args);
  if (finished.code === 0) return finished;
  const [program, words] = args;
  throw new Error(`${program} ${words.join(' ')} ended with ${finished.code}: ${finished.stdout}${finished.stderr}`);
}

/** The program's output, or undefined when it cannot be run. */
export const outputOf = (program: string, args: readonly string[]): Promise<string | undefined> =>
  new Promise((resolve) =>
    execFile(program, [...args], (error, stdout) => resolve(error === null ? stdout.trim() : undefined)),
  );

/** The process, all its descendants, and whatever else `chosen` says of a command line. */
export function processTree(root: number, chosen: (commandLine: string) => boolean = () => false): number[] {
  const parents = new Map<number, number>();
  const others: number[] = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const pid = Number(entry);
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
      if (chosen(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '))) others.push(pid);
    } catch {
      // It has ended meanwhile.
    }
  }
  const within = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 0 && (pid === root || within(parents.get(pid)));
  return [...new Set([...[...parents.keys()].filter(within), ...others])];
}

/** Bytes of a process's memory. */
export interface Memory {
  /** Proportional set size: shared pages are divided among all who share them. */
  readonly pss: number;
  /** The same without strangers: pages of files count in full, as on a machine where no other program uses them. */
  readonly alone: number;
  readonly anonymous: number;
}

export async function memoryOf(pid: number): Promise<Memory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  const [pss, anonymous] = [bytes('Pss'), bytes('Anonymous')];
  return { pss, alone: pss + bytes('Rss') - anonymous - bytes('Pss_File'), anonymous };
}

/** Clock ticks (10 ms) that a process has used, and the children that it has waited for. */
export function ticksOf(pid: number, { children = true }: { readonly children?: boolean } = {}): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    return fields.slice(11, children ? 15 : 13).reduce((total, value) => total + value, 0);
  } catch {
    return 0;
  }
}
