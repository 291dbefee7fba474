/** Work on the data directory is the server's program's: it knows what lies there. */

import { spawn } from 'node:child_process';
import { CliError } from '../../errors.ts';
import { serverProgram } from '../program.ts';

/** What it answers with. @throws CliError in its words */
export function askProgram<T>(env: NodeJS.ProcessEnv, args: readonly string[], failure = ''): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...serverProgram().argv, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let words = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words += text;
    });
    child.on('error', (error) => reject(new CliError(failure + error.message)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(JSON.parse(out) as T);
      // How far it has come, it cannot say.
      if (code === null) return reject(new CliError(`the server's program was ended by ${signal}`));
      const reason = words.split('\n').findLast((line) => line.startsWith('Error: ')) ?? `it ended with ${code}`;
      reject(new CliError(failure + reason.replace(/^Error: /, '')));
    });
  });
}
