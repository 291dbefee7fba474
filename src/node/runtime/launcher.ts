/**
 * Small shells that are ready to become a monitor. They are started ahead and put themselves outside of the server's
 * own cgroups, so that what ends the server does not end a monitor: entering a cgroup waits for the kernel (8 ms),
 * which a Pod's start must not. A shell whose server goes away ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';

/** Writes itself into each cgroup, then reads an argv, one argument per line up to an empty one, and becomes it. */
const script = `
for file; do echo 0 >"$file" || exit 70; done
set --
while IFS= read -r argument && [ -n "$argument" ]; do set -- "$@" "$argument"; done
[ $# -gt 0 ] && exec "$@"
`;

export interface LauncherOptions {
  /** `cgroup.procs` files. */
  readonly procsFiles: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Shells held ready. */
  readonly size: number;
}

/** Pipes of a launched program: 2 is its standard error, 3 its answers. */
export type Launched = ChildProcess;

export class Launcher {
  readonly #options: LauncherOptions;
  readonly #ready: ChildProcess[] = [];
  #refilling = false;
  #closed = false;

  constructor(options: LauncherOptions) {
    this.#options = options;
  }

  /** Starts the shells. */
  fill(): void {
    while (!this.#closed && this.#ready.length < this.#options.size) this.#ready.push(this.#shell());
  }

  /**
   * Runs a program in a session of its own. Arguments must be non-empty and without newlines.
   * @param keepInput its standard input stays open, for a program that serves as long as the server lives
   */
  launch(argv: readonly string[], { keepInput = false }: { readonly keepInput?: boolean } = {}): Launched {
    const child = this.#ready.shift() ?? this.#shell();
    child.stdin!.write(`${argv.join('\n')}\n\n`);
    if (!keepInput) {
      // Now somebody waits for its answer.
      (child.stdio[3] as unknown as { ref?: () => void }).ref?.();
      child.stdin!.end();
    }
    this.#refillSoon();
    return child;
  }

  close(): void {
    this.#closed = true;
    for (const child of this.#ready.splice(0)) child.stdin!.end();
  }

  /** Not now: whoever launches is in a hurry. */
  #refillSoon(): void {
    if (this.#refilling) return;
    this.#refilling = true;
    setTimeout(() => {
      this.#refilling = false;
      this.fill();
    }, refillDelay).unref();
  }

  #shell(): ChildProcess {
    const { procsFiles, environment } = this.#options;
    const child = spawn('/bin/sh', ['-c', script, 'kf-launcher', ...procsFiles], {
      stdio: ['pipe', 'ignore', 'pipe', 'pipe'],
      // Its own session: a Ctrl-C meant for the server is not meant for tasks.
      detached: true,
      cwd: '/',
      env: environment,
    });
    child.unref();
    for (const stream of child.stdio) {
      stream?.on('error', () => {});
      // An idle shell must not keep the server from ending.
      (stream as unknown as { unref?: () => void } | null)?.unref?.();
    }
    child.once('error', () => {});
    child.once('exit', () => {
      const index = this.#ready.indexOf(child);
      if (index >= 0) this.#ready.splice(index, 1);
    });
    return child;
  }
}

/** Milliseconds from a launch to the next shell's start. */
const refillDelay = 5;
