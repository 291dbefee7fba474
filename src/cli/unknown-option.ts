/** What may have been meant by a flag that does not exist, where commander has no idea. Pure. */

import type { Command } from 'commander';

/** `\n(Did you mean --disk-quota?)` for `--disk`, in commander's words; or nothing. */
export function longerFlag(program: Command, argv: readonly string[], message: string): string {
  const flag = /unknown option '(--[\w-]+)'$/.exec(message)?.[1];
  if (flag === undefined) return '';
  const flags = commandOf(program, argv).options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
  const [found, ...others] = flags.filter((long) => long.startsWith(`${flag}-`));
  return found === undefined || others.length > 0 ? '' : `\n(Did you mean ${found}?)`;
}

function commandOf(program: Command, argv: readonly string[]): Command {
  let command = program;
  for (const word of argv) {
    const found = command.commands.find((one) => one.name() === word || one.aliases().includes(word));
    if (found === undefined) break;
    command = found;
  }
  return command;
}
