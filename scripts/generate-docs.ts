/**
 * Writes what comes from declarations in the code: pages of `docs`, and which pages the manual has, so that npm installs
 * them. `npm run docs`
 */

import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { commandsPage } from './docs/commands.ts';
import { configurationPage } from './docs/configuration.ts';
import { manPages } from './docs/man-pages.ts';

const packageFile = new URL('../package.json', import.meta.url);

/** Path below the project's folder and content of every generated page. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/configuration.md', configurationPage()],
    ['docs/commands.md', commandsPage()],
    ['package.json', packageWithManual()],
  ]);
}

/** npm links the pages that stand there by name, with `npm install -g` alone; of a folder it knows nothing. */
function packageWithManual(): string {
  const fields = JSON.parse(readFileSync(packageFile, 'utf8')) as Record<string, unknown>;
  const man = [...manPages('').keys()].sort().map((path) => `dist/man/${path}`);
  return `${JSON.stringify({ ...fields, man }, undefined, 2)}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  for (const [path, content] of generatedPages()) await writeFile(new URL(`../${path}`, import.meta.url), content);
