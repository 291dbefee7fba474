/** docs/commands.md: every command, its flags and examples. */

import { type CommandPage, commandPages, type Flag, globalFlags } from './command-list.ts';

export function commandsPage(): string {
  const pages = commandPages();
  const groups = [...new Set(pages.map(({ group }) => group))];
  return `<!-- Generated from src/cli/commands by \`npm run docs\`; do not edit. -->

# Commands

What \`kf COMMAND --help\` shows, on one page. Every command also takes:

${flagTable(globalFlags)}
${groups
  .map(
    (group) =>
      `\n## ${group}\n${pages
        .filter((page) => page.group === group)
        .map(section)
        .join('')}`,
  )
  .join('')}`;
}

function section({ name, usage, aliases, summary, details, flags, examples, subcommands }: CommandPage): string {
  const parts = [
    `### ${name}`,
    `\`${name} ${usage}\`${aliases.length === 0 ? '' : `, also ${aliases.map((alias) => `\`${alias}\``).join(', ')}`}`,
    `${summary}.${details === '' ? '' : `\n\n${plainText(details)}`}`,
    flags.length === 0 ? '' : flagTable(flags),
    subcommands.length === 0 ? '' : `Commands: ${subcommands.map((one) => `\`${one}\``).join(', ')}.`,
    examples.map((example) => `- \`${example}\``).join('\n'),
  ];
  return `\n${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

const flagTable = (flags: readonly Flag[]): string =>
  `| flag | |\n|---|---|\n${flags.map((flag) => `| \`${cell(flag.flags)}\` | ${plainText(cell(flag.description))} |`).join('\n')}`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** Placeholders are no tags. */
const plainText = (text: string): string => text.replaceAll('<', '&lt;');
