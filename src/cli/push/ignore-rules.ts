/** What of a source is left out: Kf's built-in list, `.env`, then `.kfignore` or else `.cfignore`. Pure. */

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

/** @param own the text of the source's `.kfignore` or `.cfignore` */
export function ignoreRules(own: string | undefined): IgnoreRule {
  const rules = ignore().add(builtIn);
  if (own !== undefined) rules.add(own);
  return (path) => rules.ignores(path);
}
