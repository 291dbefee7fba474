/** Where the server's program is: `server.js` beside the bundled CLI, or the source while developing. */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface ServerProgram {
  readonly file: string;
  /** Arguments of node, the file included. */
  readonly argv: readonly string[];
}

export function serverProgram(): ServerProgram {
  const bundled = fileURLToPath(new URL('./server.js', import.meta.url));
  if (existsSync(bundled)) return { file: bundled, argv: [bundled] };
  const source = fileURLToPath(new URL('../../embedded.ts', import.meta.url));
  return { file: source, argv: ['--import', import.meta.resolve('tsx'), source] };
}
