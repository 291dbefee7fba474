/** Commands that the documentation names in its text and tables: `kf` has them, and takes those of coming-from.md whole. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { refusalOf } from '../support/parse-command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What is refused of the commands, and why. */
async function refusals(commands: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(commands.map(async (command) => [command, await refusalOf(command)] as const));
  return found.flatMap(([command, why]) => (why === undefined ? [] : [`${command}: ${why}`]));
}

describe('coming-from.md', () => {
  const sections = read('docs/coming-from.md').split('\n## ').slice(1);

  /** Of the right-hand column. */
  const commandsOf = (section: string): readonly string[] =>
    section
      .split('\n')
      .filter((line) => /^\| .* \|$/.test(line))
      .flatMap((row) => [
        ...row
          .split('|')
          .at(-2)!
          .matchAll(/`((?:sudo )?kf [^`]+)`/g),
      ])
      .map(([, command]) => command!.replace('…', 'x'));

  test('has seven tables', () => expect(sections.length).toBe(7));

  test.each(sections.map((section) => [section.split('\n')[0]!, section] as const))('%s', async (_, section) => {
    const commands = commandsOf(section);
    expect(commands.length).toBeGreaterThan(7);
    expect(await refusals(commands)).toEqual([]);
  });
});

/** Inline code that begins like a command; neither a choice of several nor a pattern. */
const inline = (page: string): readonly string[] =>
  [...page.replace(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`((?:sudo )?kf\s[^`]+)`/g)]
    .map(([, command]) => command!.replace(/\s+/g, ' ').replaceAll('\\|', '|'))
    .filter((command) => !/\w[|*]/.test(command));

const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];

test.each(pages.filter((path) => path !== 'docs/commands.md'))('%s names commands that there are', async (path) => {
  const found = await refusals(inline(read(path)));
  // A command may be named without all that it needs.
  expect(found.filter((why) => !/received \d$/.test(why))).toEqual([]);
});

test.each(pages)('%s: what it links to is there', (path) => {
  const links = [...read(path).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!);
  const broken = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(root, dirname(path), link)));
  expect(broken).toEqual([]);
});
