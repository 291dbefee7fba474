/** What of the machine starting at boot touches, so that tests can bring their own. */

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { errorCode } from '../../../resources/errors.ts';
import { CliError } from '../../errors.ts';

export interface BootMachine {
  readonly hasSystemd: boolean;
  /** Where an administrator's units are. */
  readonly unitFolder: string;
  /** Standard output. @throws ProgramError */
  run(command: string, args: readonly string[], input?: string): Promise<string>;
}

/** A program of the machine is missing or has failed. */
export class ProgramError extends CliError {
  /** It is not there. */
  readonly isMissing: boolean;

  constructor(command: string, args: readonly string[], reason: string, isMissing: boolean) {
    super(`${[command, ...args].join(' ')}: ${reason}`);
    this.isMissing = isMissing;
  }
}

export const bootMachine: BootMachine = {
  // The folder is what tells that systemd is the first process, and not only installed.
  hasSystemd: existsSync('/run/systemd/system'),
  unitFolder: '/etc/systemd/system',
  run: runProgram,
};

export function runProgram(command: string, args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, { env: { ...process.env, LC_ALL: 'C' } }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const isMissing = errorCode(error) === 'ENOENT';
      reject(new ProgramError(command, args, isMissing ? 'not found' : stderr.trim() || error.message, isMissing));
    });
    // It may end without reading.
    child.stdin?.on('error', () => undefined).end(input);
  });
}
