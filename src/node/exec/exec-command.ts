/** The command line by which the runtime runs something in a container. Pure. */

import type { OciProcess, OciSpec } from '../runtime/oci.ts';

export interface RuntimeExec {
  readonly runtime: { readonly path: string; readonly root: string };
  readonly id: string;
  readonly processFile: string;
  readonly pidFile: string;
  /** The file that tells of the terminal's path; absent: there is none. */
  readonly terminalFile?: string;
}

const terminalType = 'TERM=xterm';

/** As the container's own process: its user, rights, folder, environment and limits. */
export function processOf({ process }: Pick<OciSpec, 'process'>, args: readonly string[], tty: boolean): OciProcess {
  const hasTerminalType = process.env.some((line) => line.startsWith('TERM='));
  const env = tty && !hasTerminalType ? [...process.env, terminalType] : process.env;
  return { ...process, args, env, terminal: tty };
}

/** Program and arguments. */
export function commandLineOf(exec: RuntimeExec): readonly [string, ...string[]] {
  const { runtime, id, processFile, pidFile, terminalFile } = exec;
  const words = [runtime.path, '--root', runtime.root, 'exec', '--process', processFile, '--pid-file', pidFile, id];
  if (terminalFile === undefined) return words as [string, ...string[]];
  // The runtime copies between the terminal that it makes in the container and its own, which has to be there: script
  // makes one. Only the inner one may look at what goes through.
  const inTerminal = `tty >${quote(terminalFile)} && stty raw -echo && exec ${words.map(quote).join(' ')}`;
  return ['script', '-qefc', inTerminal, '/dev/null'];
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
