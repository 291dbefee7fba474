/** Asks whoever sits at the terminal. */

import { createInterface } from 'node:readline/promises';
import type { Io } from '../io.ts';

/** False for anything but yes, and where nobody can be asked. */
export async function confirm(io: Pick<Io, 'note'>, question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } catch {
    io.note('');
    return false;
  } finally {
    terminal.close();
  }
}
