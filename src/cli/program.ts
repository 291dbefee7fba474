/** The commander program out of the list of commands. */

import { Command } from 'commander';
import type { CommandFile } from './command.ts';
import type { Context } from './context.ts';
import { CliError } from './errors.ts';
import type { GlobalFlags } from './global-flags.ts';
import { addGlobalFlags, helpOfParent, helpOfProgram } from './help.ts';

export interface ProgramOptions {
  readonly commands: readonly CommandFile[];
  readonly makeContext: (flags: GlobalFlags) => Context;
  readonly write: (text: string) => void;
}

const globalFlagNames = ['space', 'kubeconfig', 'context', 'config'] as const;

export function buildProgram(options: ProgramOptions): Command {
  const program = new Command('kf')
    .description('Runs one-off tasks of apps, in containers, on this machine or a cluster.')
    .usage('COMMAND [flags]')
    // Global flags after the command's name belong to the command, so that `--args --config` can mean the task's.
    .enablePositionalOptions()
    .optionsGroup('Flags:')
    .commandsGroup('Other commands:')
    .exitOverride()
    .configureOutput({ writeOut: options.write, writeErr: () => undefined });
  addGlobalFlags(program);
  helpOfProgram(program);
  for (const file of options.commands) declare(program, file, options);
  return program;
}

/** `server start [flags]` → the words that name the command, and the rest. */
function splitUsage(usage: string): { readonly names: readonly string[]; readonly rest: string } {
  const words = usage.split(' ');
  const firstArgument = words.findIndex((word) => !/^[a-z][a-z-]*$/.test(word));
  const count = firstArgument < 0 ? words.length : firstArgument;
  return { names: words.slice(0, count), rest: words.slice(count).join(' ') };
}

function declare(program: Command, file: CommandFile, options: ProgramOptions): void {
  const { names, rest } = splitUsage(file.usage);
  const parent = names.slice(0, -1).reduce((command, name) => subcommand(command, name, file), program);
  const command = parent
    .command(names.at(-1)!, { hidden: file.hidden === true })
    .aliases(file.aliases ?? [])
    .summary(file.summary)
    .description(file.details === undefined ? file.summary : `${file.summary}\n\n${file.details}`)
    .helpGroup(file.group)
    .usage(`${rest === '' ? '' : `${rest} `}[flags]`)
    .argument('[args...]')
    .optionsGroup('Flags:')
    .configureHelp({ visibleArguments: () => [] })
    .addHelpText('after', examplesText(file.examples));
  file.flags?.(command);
  addGlobalFlags(command);
  command.action(async (args: readonly string[], own: Record<string, unknown>) => {
    const flags: Record<string, unknown> = { ...own };
    const global: Record<string, unknown> = {};
    for (const name of globalFlagNames) {
      global[name] = own[name] ?? parent.opts()[name] ?? program.opts()[name];
      delete flags[name];
    }
    checkCount(file, args);
    const context = options.makeContext(global as GlobalFlags);
    await file.run(context, args, flags);
  });
}

function subcommand(parent: Command, name: string, file: CommandFile): Command {
  const existing = parent.commands.find((command) => command.name() === name);
  if (existing !== undefined) return existing;
  const { summary = '', details, aliases = [], examples = [] } = file.parent ?? {};
  const command = parent
    .command(name)
    .aliases(aliases)
    .helpGroup(file.group)
    .summary(summary)
    .description(details === undefined ? summary : `${summary}\n\n${details}`)
    .usage('COMMAND [flags]');
  addGlobalFlags(command);
  helpOfParent(command, examplesText(examples));
  return command;
}

const examplesText = (examples: readonly string[]): string =>
  `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`;

/** Kf's (cobra's) words. */
function checkCount({ args = 0, usage, tooMany }: CommandFile, given: readonly string[]): void {
  const [least, most] = typeof args === 'number' ? [args, args] : args;
  if (given.length >= least && given.length <= most) return;
  const range =
    least === 0
      ? `at most ${most}`
      : most === Number.POSITIVE_INFINITY
        ? `at least ${least}`
        : `between ${least} and ${most}`;
  const wanted = `${least === most ? least : range} arg(s)`;
  const problem = `accepts ${wanted}, received ${given.length}`;
  const extra = given.length > most ? `: ${given.slice(most).join(' ')}` : '';
  const tips = [{ description: 'Usage', command: `kf ${usage} [flags]` }];
  if (given.length > most && tooMany !== undefined) tips.push(tooMany(given));
  throw new CliError(`${problem}${extra}`, { tips });
}
