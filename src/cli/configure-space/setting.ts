/** How the subcommands of `kf configure-space` are declared; what they share is here and in `change-space.ts`. */

import { type Command, Option } from 'commander';
import type { Space } from '../../resources/kf/space.ts';
import type { SpaceSpec } from '../../resources/kf/space-spec.ts';
import { type CommandFile, defineCommand } from '../command.ts';
import type { Context, Session } from '../context.ts';
import { CliError } from '../errors.ts';

interface Declaration {
  /** `set-env`. */
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly details?: string;
  readonly examples: readonly string[];
}

export interface Setting<F> extends Declaration {
  /** Arguments behind the Space's name, as the usage shows them. */
  readonly values: readonly string[];
  flags?(command: Command): void;
  /**
   * The settings afterwards. Pure; called again when someone else has changed the Space meanwhile.
   * @throws Error naming what is wrong with a value
   */
  change(spec: SpaceSpec, values: readonly string[], flags: F): SpaceSpec;
  /** What must be there before the Space names it, like a Secret. Default: nothing. */
  before?(session: Session, values: readonly string[], flags: F, context: Context): Promise<void>;
}

export interface Accessor<F> extends Declaration {
  flags?(command: Command): void;
  /** What is printed, as YAML. */
  read(space: Space, flags: F): unknown;
}

export const shared = {
  group: 'Spaces:',
  parent: {
    summary: 'Show and change the settings of a Space',
    details: 'Without SPACE_NAME they are those of the targeted Space. kf space shows them all.',
    aliases: ['config-space'],
    examples: [
      'kf configure-space set-task-limits --memory 8G --tasks 4',
      'kf configure-space set-time-zone dev Europe/Berlin',
      'kf configure-space set-notify https://example.org/kf',
    ],
  },
} as const;

/** A subcommand that changes the Space: `SUB [SPACE_NAME] VALUES…`. */
export const setting = <F>({ name, values, ...rest }: Setting<F>): CommandFile =>
  defineCommand<F & { readonly async?: boolean }>({
    ...shared,
    ...rest,
    usage: ['configure-space', name, '[SPACE_NAME]', ...values].join(' '),
    args: [values.length, values.length + 1],
    flags: (command) => {
      rest.flags?.(command);
      command.option('--async', 'do not wait until the Space is ready');
    },
    async run(context, args, { async: isAsync, ...flags }) {
      const { changeSpace } = await import('./change-space.ts');
      const given = args.slice(args.length - values.length);
      const own = flags as F;
      await changeSpace(context, chosenSpace(args, values.length, context.flags.space), {
        isAsync: isAsync === true,
        change: (spec) => rest.change(spec, given, own),
        before: async (session) => rest.before?.(session, given, own, context),
      });
    },
  });

/** A subcommand that prints a part of the Space: `SUB [SPACE_NAME]`. */
export const accessor = <F>({ name, read, ...rest }: Accessor<F>): CommandFile =>
  defineCommand<F & { readonly output?: 'json' | 'yaml' }>({
    ...shared,
    ...rest,
    usage: `configure-space ${name} [SPACE_NAME]`,
    args: [0, 1],
    flags: (command) => {
      rest.flags?.(command);
      command.addOption(new Option('-o, --output <FORMAT>', 'print for programs to read').choices(['json', 'yaml']));
    },
    async run(context, args, flags) {
      const { printSetting } = await import('./change-space.ts');
      context.dataOnly = true;
      const space = chosenSpace(args, 0, context.flags.space);
      await printSetting(context, space, (found) => read(found, flags), flags.output ?? 'yaml');
    },
  });

/** A subcommand of Kf's that has no meaning here. */
export const notApplicable = (name: string, reason: string): CommandFile =>
  defineCommand({
    ...shared,
    usage: `configure-space ${name} [ARGS...]`,
    hidden: true,
    summary: `Not needed: ${reason}`,
    examples: ['kf space'],
    args: [0, 100],
    async run() {
      throw new CliError(`kf configure-space ${name} has no effect here: ${reason}`);
    },
  });

/** The Space among the arguments; undefined: the targeted one. */
export function chosenSpace(args: readonly string[], values: number, flag: string | undefined): string | undefined {
  const space = args.length > values ? args[0]! : undefined;
  if (space !== undefined && flag !== undefined && flag !== space)
    throw new CliError(`two Spaces are given: "${space}" as an argument and "${flag}" by --space`);
  return space;
}
