/** Running a helper program to its end. */

import { execFile } from 'node:child_process';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds after which a helper program is taken for stuck and killed. */
const longestRun = 60_000;

/** Never rejects for an exit code; a program that cannot be run gives code 127. */
export function run(path: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      path,
      args,
      { timeout: longestRun, killSignal: 'SIGKILL', maxBuffer: 64 << 20 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
        resolve({ code, stdout, stderr: stderr === '' && error !== null ? error.message : stderr });
      },
    );
  });
}
