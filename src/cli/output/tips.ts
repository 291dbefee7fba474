/** Kf's block of commands that may help next. Pure. */

import type { Tip } from '../errors.ts';

export function formatTips(tips: readonly Tip[]): readonly string[] {
  if (tips.length === 0) return [];
  const width = Math.max(...tips.map(({ description }) => description.length + 1));
  return [
    '',
    'TIP: These other commands could be useful:',
    ...tips.map(({ description, command }) => `${`${description}:`.padEnd(width)} ${command}`),
  ];
}

/** One word of a command line, quoted only where a shell would take it apart. */
export const quote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
