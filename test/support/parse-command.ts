/** Whether `kf` would take a command line, without doing what it says. */

import type { Command } from 'commander';
import { commands } from '../../src/cli/commands.ts';
import { wordsOf } from '../../src/cli/completion/line.ts';
import { buildProgram } from '../../src/cli/program.ts';

const inert = commands.map((file) => ({ ...file, run: async () => {} }));

/** The words behind `kf` of a line of a shell: what is piped into it, or redirected from it, does not count. */
function wordsBehindKf(line: string): readonly string[] | undefined {
  const [, behind] = /(?:^|[\s(])kf( .*)?$/s.exec(line) ?? [];
  if (behind === undefined) return undefined;
  const end = line.includes('<(kf ') ? behind.replace(/\)$/, '') : behind;
  return wordsOf(
    end
      .replace(/ (?:\||>|&&) .*$/s, '')
      .replace(/\s+#.*$/s, '')
      .trim(),
  );
}

/** @return why kf refuses it; undefined when it does not */
export async function refusalOf(line: string): Promise<string | undefined> {
  const words = wordsBehindKf(line);
  if (words === undefined) return `it does not call kf: ${line}`;
  const program = buildProgram({
    commands: inert,
    makeContext: () => undefined as never,
    write: () => {},
  });
  quiet(program);
  try {
    // Files that a text is read from are not there.
    await program.parseAsync(
      words.map((word) => (word.startsWith('@') ? 'a text that lies in a file' : word)),
      { from: 'user' },
    );
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code === 'commander.helpDisplayed' ? undefined : (error as Error).message;
  }
}

function quiet(command: Command): void {
  command.configureOutput({ writeErr: () => {} });
  for (const own of command.commands) quiet(own);
}
