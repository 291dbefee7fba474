/** How a command is declared, and what all commands share. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { errorMessage } from '../resources/errors.ts';
import type { Context } from './context.ts';
import type { Tip } from './errors.ts';
import { type OutputFormat, outputFormats } from './output/objects.ts';

export interface CommandFile {
  /** Without `kf`: `task {TASK_NAME | APP_NAME TASK_ID}`. The first words up to an upper-case one are the name. */
  readonly usage: string;
  readonly aliases?: readonly string[];
  readonly group: string;
  readonly summary: string;
  /** Paragraphs beyond the summary. */
  readonly details?: string;
  readonly examples: readonly string[];
  /** How many arguments there may be: exactly N, or from-to. Default: none. */
  readonly args?: number | readonly [least: number, most: number];
  /** What helps when there are more arguments than that. */
  tooMany?(args: readonly string[]): Tip;
  readonly hidden?: boolean;
  /** What is said of the word that subcommands share, like `configure-space`. */
  readonly parent?: Parent;
  /** Declares the command's own flags. */
  flags?(command: Command): void;
  // biome-ignore lint/suspicious/noExplicitAny: each command knows the flags that it declares
  run(context: Context, args: readonly string[], flags: any): Promise<void>;
}

interface Parent {
  readonly summary: string;
  /** Paragraphs beyond the summary. */
  readonly details?: string;
  readonly aliases?: readonly string[];
  readonly examples: readonly string[];
}

export interface OutputFlag {
  readonly output?: OutputFormat;
}

/** A command without its flags' types being lost. */
export const defineCommand = <F>(
  file: Omit<CommandFile, 'run'> & { run(context: Context, args: readonly string[], flags: F): Promise<void> },
): CommandFile => file;

export const outputFlag = (command: Command): Command =>
  command.addOption(new Option('-o, --output <FORMAT>', 'print for programs to read').choices(outputFormats));

/** Collects a flag that may be given several times. */
export const repeatable = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
];

/** Makes a flag's parser out of a check that returns the value or throws Error. */
export const checked =
  <T>(parse: (text: string) => T) =>
  (text: string): T => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(errorMessage(error));
    }
  };

/** As `checked`, for flags that may be repeated. */
export const checkedRepeatable = <T>(parse: (text: string) => T) => {
  const one = checked(parse);
  return (text: string, before: readonly T[] | undefined): readonly T[] => [...(before ?? []), one(text)];
};
