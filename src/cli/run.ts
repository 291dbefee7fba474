/** One run of `kf`: parse, act, report errors as Kf does, give the exit code. */

import { type Command, CommanderError } from 'commander';
import { errorMessage } from '../resources/errors.ts';
import { StatusError } from '../resources/status.ts';
import { commandsFor } from './commands-for.ts';
import { type CommandEnvironment, Context } from './context.ts';
import { CliError, Exit, isUnreachable, type Tip } from './errors.ts';
import { exitCodes } from './exit-codes.ts';
import { paint } from './io.ts';
import { outputFormats } from './output/objects.ts';
import { formatTips } from './output/tips.ts';
import { buildProgram } from './program.ts';
import { serverFlags } from './tip-flags.ts';
import { longerFlag } from './unknown-option.ts';

/** @param argv without node and the program's file */
export async function run(typed: readonly string[], environment: CommandEnvironment): Promise<number> {
  const argv = expandShorthand(typed);
  const { io } = environment;
  const written: string[] = [];
  let context: Context | undefined;
  const program = buildProgram({
    commands: await commandsFor(argv),
    makeContext: (flags) => {
      context = new Context({ argv, ...environment }, flags);
      return context;
    },
    write: (text) => void written.push(text),
  });
  try {
    if (argv.length === 0) {
      await io.out(program.helpInformation());
      return exitCodes.ok;
    }
    await program.parseAsync(withoutHelpForNothing(program, argv), { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof Exit) return error.exitCode;
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    const text =
      textOf(error, argv) + (error instanceof CommanderError ? longerFlag(program, argv, error.message) : '');
    return await report(error, text, argv, environment, context);
  } finally {
    if (written.length > 0) await io.out(written.join(''));
    context?.close();
  }
}

/** `help a b` is `a b --help`, since commander's own `help` takes one word; `--version` is `version`. */
function expandShorthand(argv: readonly string[]): readonly string[] {
  const [first, ...rest] = argv;
  if (first === '--version' || first === '-v') return ['version', ...rest];
  if (first === 'help' && rest[0] === 'help') return ['--help'];
  return first === 'help' && rest.length > 0 && !rest[0]!.startsWith('-') ? [...rest, '--help'] : argv;
}

/** Without `--help` after an unknown command: commander would show the help of all instead of the mistake. */
function withoutHelpForNothing(program: Command, argv: readonly string[]): readonly string[] {
  let command = program;
  for (const word of argv) {
    if (word.startsWith('-') || command.commands.length === 0) return argv;
    const found = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (found === undefined && word !== 'help') return argv.filter((one) => one !== '--help' && one !== '-h');
    command = found ?? command;
  }
  return argv;
}

async function report(
  error: unknown,
  text: string,
  argv: readonly string[],
  { io, env }: CommandEnvironment,
  context: Context | undefined,
): Promise<number> {
  const guess = guessFlags(argv);
  io.note(`Error: ${text}`);
  if (!isExpected(error) && env.KF_DEBUG) io.note(error instanceof Error ? (error.stack ?? '') : '');
  if (error instanceof CliError) for (const line of formatTips(tipsOf(error, context))) io.note(line);
  const failure = context?.failureCode ?? exitCodes.error;
  const code = failure === exitCodes.error && guess.waits ? exitCodes.notStarted : failure;
  // With --wait the last line says what the code means.
  if (code === exitCodes.notStarted) io.note('Nothing was started.');
  if (!(context?.dataOnly ?? guess.dataOnly)) await io.out(`${paint(io, 'red', 'FAIL')}\n`);
  return error instanceof CliError && error.exitCode !== undefined ? error.exitCode : code;
}

/** A command that is to be typed next must mean the same server. */
function tipsOf({ tips }: CliError, context: Context | undefined): readonly Tip[] {
  const flags = serverFlags(context?.flags ?? {});
  if (flags === '') return tips;
  return tips.map(({ description, command }) => ({
    description,
    command: /^kf (?!server|target|help|push)/.test(command) && !command.includes(flags) ? command + flags : command,
  }));
}

/** What the flags would have said, had they been valid. */
function guessFlags(argv: readonly string[]): { readonly waits: boolean; readonly dataOnly: boolean } {
  const follows = argv.includes('--follow');
  const runs = argv.includes('run-task') || argv.includes('run-job');
  const waits = runs && (follows || argv.includes('--wait') || argv.includes('-w'));
  const output = argv.some((word, index) => {
    const [, format] = /^(?:-o|--output=?)(.*)$/.exec(word) ?? [];
    return (outputFormats as readonly (string | undefined)[]).includes(format === '' ? argv[index + 1] : format);
  });
  return { waits, dataOnly: output || follows };
}

const isExpected = (error: unknown): boolean =>
  error instanceof CliError || error instanceof CommanderError || error instanceof StatusError || isUnreachable(error);

/** The help about what was typed: of a command that has commands of its own, its own. */
function helpFor(error: unknown, argv: readonly string[]): string {
  const parent = argv.find((word) => !word.startsWith('-'));
  const isUnknown = parent === undefined || errorMessage(error).includes(`'${parent}'`);
  return isUnknown ? 'kf help' : `kf help ${parent}`;
}

function textOf(error: unknown, argv: readonly string[]): string {
  const help = helpFor(error, argv);
  if (error instanceof CommanderError && error.code === 'commander.help') return `a command is missing; see: ${help}`;
  if (error instanceof CommanderError && error.code === 'commander.unknownCommand' && !error.message.includes('\n'))
    return `${error.message.replace(/^error: /, '')}; see: ${help}`;
  if (error instanceof CommanderError) return error.message.replace(/^error: /, '');
  if (error instanceof StatusError && error.reason === 'Unauthorized')
    return `the server does not accept our credentials: ${error.message}`;
  return errorMessage(error);
}
