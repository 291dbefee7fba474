/** Runs a helper program of the machine (ip, iptables, mkfs.ext4 …) and gives its standard output. */

import type { ChildProcess } from 'node:child_process';
import { errorMessage } from '../../resources/errors.ts';
import { killGroup } from './kill-group.ts';
import { spawnProgram } from './spawn-program.ts';

/** @throws CommandError when the program is missing, ends with another code than 0, or by a signal */
export type RunCommand = (command: string, args: readonly string[], options?: RunOptions) => Promise<string>;

export interface RunOptions {
  readonly input?: string;
  /** Fires to kill the program, with all that it has started. */
  readonly signal?: AbortSignal;
  /** Milliseconds after which the program is taken for stuck and killed. Default: as who runs it has it, or never. */
  readonly timeout?: number;
  /** What it prints is thrown away, however much that is; of its complaints no more than the end is kept. */
  readonly quiet?: boolean;
}

/** Characters of the complaints of a program whose output nobody wants. */
const mostComplaints = 4096;

/** For what takes the longer the more there is, like a file system of terabytes: an hour, in milliseconds. */
export const longWork = 3_600_000;

export class CommandError extends Error {
  override readonly name = 'CommandError';
  /** The program's own words, or how it ended. */
  readonly reason: string;
  /** Undefined when the program did not start or ended by a signal. */
  readonly exitCode: number | undefined;

  constructor(command: string, args: readonly string[], reason: string, exitCode?: number) {
    super(`${[command, ...args].join(' ')}: ${reason}`);
    this.reason = reason;
    this.exitCode = exitCode;
  }
}

/** Helpers live in sbin, which a user's PATH may lack; LC_ALL keeps their messages readable for programs. */
export const helperEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${process.env.PATH ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`,
  LC_ALL: 'C',
});

export const runCommand: RunCommand = (command, args, options = {}) =>
  new Promise((resolve, reject) => {
    const { signal, quiet = false } = options;
    if (signal?.aborted) return reject(new CommandError(command, args, 'not started'));
    let child: ChildProcess;
    try {
      child = spawnProgram(command, args, {
        env: helperEnvironment(),
        stdio: ['pipe', quiet ? 'ignore' : 'pipe', 'pipe'],
        detached: signal !== undefined,
      });
    } catch (error) {
      return reject(new CommandError(command, args, errorMessage(error)));
    }
    const stop = (): void => {
      if (child.pid !== undefined) killGroup(child.pid);
      reject(new CommandError(command, args, 'cut short'));
    };
    signal?.addEventListener('abort', stop, { once: true });
    const out: Buffer[] = [];
    let err = '';
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      err = quiet ? (err + text).slice(-mostComplaints) : err + text;
    });
    // The program may end without reading its input; its exit code tells more than EPIPE.
    child.stdin!.on('error', () => {});
    child.stdin!.end(options.input ?? '');
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(new CommandError(command, args, error.code === 'ENOENT' ? 'not installed' : error.message)),
    );
    child.on('close', (code, by) => {
      signal?.removeEventListener('abort', stop);
      if (code === 0) return resolve(Buffer.concat(out).toString());
      reject(failureOf(command, args, code ?? by!, err));
    });
  });

/** @param how its exit code, or the signal that ended it */
export function failureOf(
  command: string,
  args: readonly string[],
  how: number | string,
  stderr: string,
): CommandError {
  const text = stderr.trim();
  const end = typeof how === 'number' ? `exit code ${how}` : `ended by ${how}`;
  const reason = text === '' ? end : `${end}: ${text}`;
  return new CommandError(command, args, reason, typeof how === 'number' ? how : undefined);
}
