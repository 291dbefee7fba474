/** One bash for all commands of a page, so that folders and variables last. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Ran {
  readonly code: number;
  /** Both streams, as they came. */
  readonly output: string;
}

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
    this.#bash = spawn('bash', ['--norc'], { cwd, env, stdio: ['pipe', 'inherit', 'inherit', 'pipe'] });
    const answers = this.#bash.stdio[3] as NodeJS.ReadableStream;
    this.#answers = createInterface({ input: answers })[Symbol.asyncIterator]();
  }

  async run(command: string): Promise<Ran> {
    this.#bash.stdin!.write(`{ ${command}\n} >'${this.#log}' 2>&1 </dev/null; echo $? >&3\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the shell ended after: ${command}`);
    return { code: Number(value), output: readFileSync(this.#log, 'utf8') };
  }

  close(): void {
    rmSync(this.#log, { force: true });
    this.#bash.stdin!.end();
  }
}
