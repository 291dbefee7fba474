/** Commands in the tables of the documentation: `kf` takes every one of them. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { refusalOf } from '../support/parse-command.ts';

const folder = fileURLToPath(new URL('../../docs', import.meta.url));

/** Of the right-hand column. */
function commandsOf(page: string): readonly string[] {
  const rows = page.split('\n').filter((line) => /^\| .* \|$/.test(line));
  const cells = rows.map((row) => row.replaceAll('\\|', '\0').split('|').at(-2)!.replaceAll('\0', '|'));
  return cells.flatMap((cell) => [...cell.matchAll(/`((?:sudo )?kf [^`]+)`/g)].map(([, command]) => command!));
}

test('every table of coming-from.md has commands', () => {
  const sections = readFileSync(join(folder, 'coming-from.md'), 'utf8').split('\n## ').slice(1);
  expect(sections.length).toBe(6);
  for (const section of sections) expect(commandsOf(section).length).toBeGreaterThan(7);
});

/** What stands for words of one's own. */
const concrete = (command: string): string =>
  command.replace('…', 'x').replace(/\b(APP ID|ID)\b/g, (words) => (words === 'ID' ? '1' : 'app 1'));

const pages = readdirSync(folder).filter(
  (name) => !['commands.md', 'configuration.md', 'differences.md'].includes(name),
);

test.each(pages)('%s: kf takes the commands in its tables', async (name) => {
  const refused = [];
  for (const command of commandsOf(readFileSync(join(folder, name), 'utf8'))) {
    const refusal = await refusalOf(concrete(command));
    // Elsewhere a command may be named without what it needs.
    const isName = name !== 'coming-from.md' && refusal?.endsWith('received 0') === true;
    if (refusal !== undefined && !isName) refused.push(`${command}: ${refusal}`);
  }
  expect(refused).toEqual([]);
});
