/** One bash for all commands of a page, so that folders and variables last. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { slowness } from '../slowness.ts';

export interface Ran {
  readonly code: number;
  /** Both streams, as they came. */
  readonly output: string;
}

/** Milliseconds after which a command of the documentation hangs. */
const patience = 40_000 * slowness;

export const isComplete = (command: string): boolean => {
  if (command.endsWith('\\')) return false;
  const { stderr } = spawnSync('bash', ['-n', '-c', command], { encoding: 'utf8' });
  return !/unexpected (EOF|end of file)|here-document/.test(stderr);
};

export class PageShell {
  readonly #bash: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #log: string;

  constructor({ cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }) {
    this.#log = join(cwd, '.output');
    // A group of its own: nothing that it runs outlives the page.
    this.#bash = spawn('bash', ['--norc'], { cwd, env, detached: true, stdio: ['pipe', 'inherit', 'inherit', 'pipe'] });
    this.#bash.stdin!.on('error', () => {});
    const answers = this.#bash.stdio[3] as NodeJS.ReadableStream;
    this.#answers = createInterface({ input: answers })[Symbol.asyncIterator]();
  }

  /** @throws Error with what came so far when it hangs, or ends the shell; there are no more commands then */
  async run(command: string): Promise<Ran> {
    this.#bash.stdin!.write(`{ ${command}\n} >'${this.#log}' 2>&1 </dev/null; echo $? >&3\n`);
    const timer = setTimeout(() => this.#kill(), patience);
    const { value, done } = await this.#answers.next().finally(() => clearTimeout(timer));
    const output = existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
    if (done) throw new Error(`it ended the shell, or took more than ${patience / 1000} s: ${command}\n${output}`);
    return { code: Number(value), output };
  }

  close(): void {
    this.#kill();
    rmSync(this.#log, { force: true });
  }

  #kill(): void {
    try {
      process.kill(-this.#bash.pid!, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}
