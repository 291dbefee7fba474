/** Where the server's program is: `server.js` beside the bundled CLI, or the source while developing. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface ServerProgram {
  readonly file: string;
  /** Arguments of node, the file included. */
  readonly argv: readonly string[];
}

/**
 * Less room for new objects than V8's 3 × 16 MiB: it is collected twice as often, which costs nothing that can be
 * measured, and an idle server keeps within its budget of memory.
 */
export const serverNodeFlags = ['--max-semi-space-size=8'];

/**
 * glibc's memory. A heap for each of ten threads would keep what each needed at its busiest moment; and what is freed
 * below something that stays is never given back: 24 MB after 300 connections at once. Blocks of 16 KiB and more, as TLS
 * has them, are mapped each for itself, up to a number that leaves enough mappings to V8.
 */
export const serverEnvironment = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '16384',
  MALLOC_MMAP_MAX_: '8192',
};

export function serverProgram(): ServerProgram {
  const bundled = fileURLToPath(new URL('./server.js', import.meta.url));
  if (existsSync(bundled)) return { file: bundled, argv: [...serverNodeFlags, bundled] };
  const source = fileURLToPath(new URL('../../embedded.ts', import.meta.url));
  return { file: source, argv: [...serverNodeFlags, '--import', import.meta.resolve('tsx'), source] };
}
