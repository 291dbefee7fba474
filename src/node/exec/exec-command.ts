/** The command line by which the runtime runs something in a container. Pure. */

import type { OciProcess, OciSpec } from '../runtime/oci.ts';

export interface RuntimeExec {
  readonly runtime: { readonly path: string; readonly root: string; readonly isRunc: boolean };
  readonly stdin: boolean;
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
  const { runtime, id, processFile, pidFile, terminalFile, stdin } = exec;
  const words = [runtime.path, '--root', runtime.root, 'exec', '--process', processFile, '--pid-file', pidFile, id];
  if (terminalFile === undefined) return runtime.isRunc ? (words as [string, ...string[]]) : overPipes(words, stdin);
  // The runtime copies between the terminal that it makes in the container and its own, which has to be there: script
  // makes one. Only the inner one may look at what goes through.
  const inTerminal = `tty >${quote(terminalFile)} && stty raw -echo && exec ${words.map(quote).join(' ')}`;
  return ['script', '-qefc', inTerminal, '/dev/null'];
}

/**
 * crun hands its own streams on, which are Node's: sockets, by which nobody can open /dev/stdin, /dev/stdout or /dev/stderr.
 * What copies is made by the shell and not by a child of it, which crun would become and wait for.
 */
const overPipes = (words: readonly string[], stdin: boolean): readonly [string, ...string[]] => [
  'bash',
  '-c',
  `exec ${stdin ? '< <(cat) ' : ''}> >(cat) 2> >(cat >&2); "$@"; exit $?`,
  'bash',
  ...words,
];

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
