/** What of a source is left out: Kf's built-in list, `.env`, then `.kfignore` or else `.cfignore`. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ignore from 'ignore';

/** Kf's list, and `.env`, which holds secrets; a `!.env` in the ignore file brings it back. */
const builtIn = [
  '.cfignore',
  '.kfignore',
  '/manifest.yml',
  '/manifest.yaml',
  '.gitignore',
  '.git',
  '.hg',
  '.svn',
  '_darcs',
  '.DS_Store',
  '.env',
];

/** Whether a path, relative to the root and with `/` at the end of a directory, is left out. */
export type IgnoreRule = (path: string) => boolean;

export function ignoreRules(root: string): IgnoreRule {
  const rules = ignore().add(builtIn);
  const own = readIfExists(join(root, '.kfignore')) ?? readIfExists(join(root, '.cfignore'));
  if (own !== undefined) rules.add(own);
  return (path) => rules.ignores(path);
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR') return undefined;
    throw error;
  }
}
