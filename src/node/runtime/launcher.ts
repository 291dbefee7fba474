/**
 * Starts monitors, outside of the server's own cgroups, so that what ends the server does not end a monitor. One shell
 * starts them all: it entered those cgroups once, which takes the kernel 8 ms, and forks in a fraction of the time.
 */

import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type HelperOptions, openHelper } from './helper.ts';
import { mountRoot, type RootMount } from './root-mount.ts';

const inNamespace = `unshare --mount --propagation slave sh -c '${mountRoot.replaceAll("'", `'\\''`)}' kf-root`;

/**
 * Reads a token, a file for complaints, a mount of the root (options and path, or two empty lines) and the arguments that
 * follow the common ones, up to an empty line; answers with the token and the first line that the program writes to its
 * descriptor 3. A shell's background jobs ignore SIGINT and SIGQUIT, which tasks would inherit; only bash can undo that.
 */
const script = `
disks=$1; shift
while IFS= read -r token && IFS= read -r complaints && IFS= read -r options && IFS= read -r root; do
  arguments=() namespace=()
  [ -z "$root" ] || namespace=(${inNamespace} "$options" "$root" "$disks")
  while IFS= read -r argument && [ -n "$argument" ]; do arguments+=("$argument"); done
  { trap - INT QUIT; exec "\${namespace[@]}" "$@" "\${arguments[@]}"; } 3>&1 >/dev/null 2>"$complaints" </dev/null |
    { IFS= read -r answer; printf '%s %s\\n' "$token" "$answer" >&3; } &
done`;

export interface Launch {
  /** Added to the common arguments; non-empty and without newlines. */
  readonly args: readonly string[];
  /** Takes the program's standard error. */
  readonly complaints: string;
  /** Mounted for it alone, in a namespace of its own. */
  readonly rootMount?: RootMount;
}

export class Launcher {
  readonly #options: HelperOptions;
  readonly #command: readonly string[];
  readonly #disks: string;
  readonly #waiting = new Map<string, (answer: string) => void>();
  #shell: ChildProcess | undefined;
  #serial = 0;

  /**
   * @param command the program and the arguments that all launches share
   * @param disks the folder below which all Pods' disks are mounted
   */
  constructor(options: HelperOptions, command: readonly string[], disks: string) {
    this.#options = options;
    this.#disks = disks;
    this.#command = command;
  }

  /** Starts the shell, so that the first launch need not wait for it. */
  open(): void {
    this.#shell ??= this.#open();
  }

  /** The first line that the program answers; empty when it ended without one. */
  launch({ args, complaints, rootMount }: Launch): Promise<string> {
    const token = String(this.#serial++);
    this.open();
    const answer = new Promise<string>((resolve) => this.#waiting.set(token, resolve));
    this.#shell!.stdin!.write(
      `${[token, complaints, rootMount?.options ?? '', rootMount?.path ?? '', ...args].join('\n')}\n\n`,
    );
    return answer;
  }

  /** What was launched goes on. */
  close(): void {
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #open(): ChildProcess {
    const shell = openHelper(this.#options, 'bash', script, [this.#disks, ...this.#command]);
    createInterface({ input: shell.stdio[3] as Readable }).on('line', (line) => {
      const at = line.indexOf(' ');
      this.#answer(line.slice(0, at), line.slice(at + 1));
    });
    const over = (): void => {
      if (this.#shell === shell) this.#shell = undefined;
      for (const token of [...this.#waiting.keys()]) this.#answer(token, '');
    };
    // Its answers are read to their end first.
    shell.once('close', over).once('error', over);
    return shell;
  }

  #answer(token: string, answer: string): void {
    this.#waiting.get(token)?.(answer);
    this.#waiting.delete(token);
  }
}
