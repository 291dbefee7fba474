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

/** A heap for each of ten threads would keep what each needed at its busiest moment: 5 MB, measured. */
export const serverEnvironment = { MALLOC_ARENA_MAX: '2' };

export function serverProgram(): ServerProgram {
  const bundled = fileURLToPath(new URL('./server.js', import.meta.url));
  if (existsSync(bundled)) return { file: bundled, argv: [...serverNodeFlags, bundled] };
  const source = fileURLToPath(new URL('../../embedded.ts', import.meta.url));
  return { file: source, argv: [...serverNodeFlags, '--import', import.meta.resolve('tsx'), source] };
}
