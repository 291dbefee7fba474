/** What may stand where the cursor is: commands, flags, and what their placeholders mean. */

import type { Command, Option } from 'commander';
import type { Context } from '../context.ts';
import type { GlobalFlags } from '../global-flags.ts';
import { placeholdersAt } from './usage.ts';
import type { Completions, Place, Value } from './values.ts';

export interface Completing {
  readonly program: Command;
  /** Without `kf`; the last one is being typed. */
  readonly words: readonly string[];
  /** A context that obeys the line's own flags. */
  readonly contextWith: (flags: GlobalFlags) => Context;
  readonly valuesFor: (place: Place, context: Context) => Promise<Completions>;
}

/** What the words before the cursor mean. */
interface Line {
  readonly command: Command;
  readonly names: readonly string[];
  readonly arguments: readonly string[];
  /** A flag whose value is being typed. */
  readonly open?: Option;
  readonly flags: GlobalFlags;
  /** After `--` there are no flags. */
  readonly plain: boolean;
}

/** Only what begins with the word being typed. */
export async function complete({ program, words, contextWith, valuesFor }: Completing): Promise<Completions> {
  const line = readLine(program, words.slice(0, -1));
  if (line === undefined) return [];
  const word = words.at(-1) ?? '';
  const find = (placeholder: string, flag?: Option): Promise<Completions> =>
    valuesFor(
      {
        command: line.names.join(' '),
        placeholder,
        before: line.arguments,
        ...(flag === undefined ? {} : { flag: flag.long?.slice(2) ?? '' }),
      },
      contextWith(line.flags),
    );
  const ofFlag = (flag: Option): Promise<Completions> | Completions =>
    flag.argChoices?.map((value) => ({ value })) ?? find(/[<[](.*)[>\]]$/.exec(flag.flags)?.[1] ?? '', flag);

  if (line.open !== undefined) return beginning(word, await ofFlag(line.open));
  const [, long, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  if (long !== undefined && !line.plain) {
    const flag = optionOf(line.command, long);
    const found = flag === undefined ? [] : beginning(value!, await ofFlag(flag));
    return typeof found === 'string' ? found : found.map((one) => ({ ...one, value: `${long}=${one.value}` }));
  }
  if (word.startsWith('-') && !line.plain) return beginning(word, flagsOf(line.command));
  if (line.command.commands.length > 0) return beginning(word, commandsOf(line.command));
  const found = await Promise.all(
    placeholdersAt(line.command.usage(), line.arguments.length).map((placeholder) => find(placeholder)),
  );
  const values = found.flatMap((one) => (typeof one === 'string' ? [] : one));
  if (values.length === 0) return found.find((one) => typeof one === 'string') ?? [];
  return beginning(word, values);
}

function readLine(program: Command, words: readonly string[]): Line | undefined {
  let command = program;
  const names: string[] = [];
  const given: string[] = [];
  const flags: Record<string, string> = {};
  let open: Option | undefined;
  let plain = false;
  for (const word of words) {
    if (open !== undefined) {
      flags[open.attributeName()] = word;
      open = undefined;
    } else if (word === '--' && !plain) plain = true;
    else if (word.startsWith('-') && word.length > 1 && !plain) {
      const [name, value] = word.split(/=(.*)/s);
      const option = optionOf(command, name!);
      if (option?.required && value === undefined) open = option;
      else if (option !== undefined && value !== undefined) flags[option.attributeName()] = value;
    } else if (command.commands.length > 0) {
      if (word === 'help' && command === program) continue;
      const found = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
      if (found === undefined) return undefined;
      command = found;
      names.push(found.name());
    } else given.push(word);
  }
  return { command, names, arguments: given, ...(open === undefined ? {} : { open }), flags, plain };
}

/** `-o` and `--output`; a flag of the command, or one for all. */
const optionOf = (command: Command, name: string): Option | undefined =>
  command.options.find(({ long, short }) => long === name || short === name);

const beginning = (word: string, found: Completions): Completions =>
  typeof found === 'string' ? found : found.filter(({ value }) => value.startsWith(word));

const flagsOf = (command: Command): readonly Value[] =>
  command
    .createHelp()
    .visibleOptions(command)
    .map(({ long, short, description }) => ({ value: long ?? short ?? '', description }));

const commandsOf = (command: Command): readonly Value[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ value: one.name(), description: one.summary() || one.description() }));
