/** The output of a program that writes a tar. */

import type { ChildProcess } from 'node:child_process';
import { spawnProgram } from '../host/spawn-program.ts';

export interface TarOptions {
  readonly program: string;
  readonly args: readonly string[];
  /** Given to the program as descriptor 3. */
  readonly descriptor?: number;
  readonly signal?: AbortSignal;
}

/** The program ended with this code; the message is its own last words. */
export class TarError extends Error {
  override readonly name = 'TarError';
  constructor(
    message: string,
    readonly code: number | null,
  ) {
    super(message);
  }
}

/** Files that change while they are read are no failure (GNU tar: 1). */
const changed = 1;
const longestWords = 4096;
/** Milliseconds until a program that was told to end is killed. */
const patience = 2000;

/** @throws TarError after the last byte, or before the first */
export async function* tarOutput({ program, args, descriptor, signal }: TarOptions): AsyncIterable<Buffer> {
  const child: ChildProcess = spawnProgram(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...(descriptor === undefined ? [] : [descriptor])],
    env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C' },
  });
  let words = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-longestWords);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      words = error.message;
      resolve(null);
    });
    child.on('close', resolve);
  });
  const stop = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', stop, { once: true });
  let isWhole = false;
  try {
    let isEmpty = true;
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
      isEmpty = false;
      yield chunk;
    }
    isWhole = true;
    const code = await ended;
    // An OCI runtime that cannot run anything in the container ends with 1, too.
    if (code !== 0 && (code !== changed || isEmpty))
      throw new TarError(lastWords(words) || `tar ended with code ${code}`, code);
  } finally {
    signal?.removeEventListener('abort', stop);
    if (!isWhole) await endOf(child, ended);
  }
}

/** Ends tar when nobody reads its output. Resolves when it has ended and holds no files open. */
async function endOf(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM');
  // What it writes next ends it, also behind a runtime that passes no signal on.
  child.stdout?.destroy();
  const late = setTimeout(() => child.kill('SIGKILL'), patience);
  await ended;
  clearTimeout(late);
}

const lastWords = (text: string): string =>
  text
    .trim()
    .split('\n')
    .filter((line) => !line.endsWith('due to previous errors'))
    .at(-1) ?? '';
