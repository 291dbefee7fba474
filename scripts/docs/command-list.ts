/** Every command of `kf` as its help describes it, for the pages that are made of them. */

import type { Command, Option } from 'commander';
import type { CommandFile } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands.ts';
import { buildProgram } from '../../src/cli/program.ts';

export interface Flag {
  /** `-o, --output <FORMAT>` */
  readonly flags: string;
  readonly description: string;
}

export interface CommandPage {
  /** `kf run-task` */
  readonly name: string;
  readonly aliases: readonly string[];
  /** What follows the name: `APP_NAME [flags]`. */
  readonly usage: string;
  readonly group: string;
  readonly summary: string;
  readonly details: string;
  readonly flags: readonly Flag[];
  readonly examples: readonly string[];
  /** Commands of its own: the last words of their names. */
  readonly subcommands: readonly string[];
}

const program: Command = buildProgram({
  commands,
  makeContext: () => {
    throw new Error('only looked at');
  },
  write: () => {},
});

const describe = ({ flags, description, argChoices }: Option): Flag => ({
  flags,
  description: argChoices === undefined ? description : `${description}: ${argChoices.join(', ')}`,
});

export const globalFlags: readonly Flag[] = program.options.map(describe);

const isGlobal = ({ flags }: Option): boolean => globalFlags.some((one) => one.flags === flags);

/** In the order of the help; without those that the help does not show. */
export function commandPages(): readonly CommandPage[] {
  return visible(program).flatMap((command) => [
    page([command.name()], command),
    ...visible(command).map((own) => page([command.name(), own.name()], own)),
  ]);
}

const visible = (command: Command): readonly Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');

function page(names: readonly string[], command: Command): CommandPage {
  const { summary, details = '', examples } = textsOf(names);
  return {
    name: ['kf', ...names].join(' '),
    aliases: command.aliases(),
    usage: command.usage(),
    group: (command.helpGroup() ?? 'Other commands:').replace(/:$/, ''),
    summary,
    details,
    flags: command.options.filter((one) => !one.hidden && !isGlobal(one)).map(describe),
    examples,
    subcommands: visible(command).map((one) => one.name()),
  };
}

/** A command's own, or what its first subcommand says of the word that they share. */
function textsOf(names: readonly string[]): Pick<CommandFile, 'summary' | 'details' | 'examples'> {
  const words = names.join(' ');
  const isOf = ({ usage }: CommandFile): boolean => usage === words || usage.startsWith(`${words} `);
  const own = commands.find((file) => isOf(file) && !/^ [a-z]/.test(file.usage.slice(words.length)));
  return own ?? commands.find(isOf)!.parent!;
}
