/** Writes the pages of `docs` that come from declarations in the code. `npm run docs` */

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { commandsPage } from './docs/commands.ts';
import { configurationPage } from './docs/configuration.ts';

/** Path below the project's folder and content of every generated page. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/configuration.md', configurationPage()],
    ['docs/commands.md', commandsPage()],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [path, content] of generatedPages()) await writeFile(new URL(`../${path}`, import.meta.url), content);
