/**
 * Starts created containers without running the runtime once more. `runc start` does nothing but open the FIFO
 * `exec.fifo` in the container's state, read from it, which lets the waiting process go on, and remove it; doing the
 * same saves a program's start (5 ms of 40). `runc start` stays the way out wherever that FIFO is not as expected.
 *
 * A shell of its own does it, one after another: were it the server itself, and were that killed between the opening
 * and the reading, the waiting process would find nobody to write to and end, its command never begun; killed before
 * the removing, it would leave a running container that the runtime calls created.
 */

import type { ChildProcess } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type HelperOptions, openHelper } from './helper.ts';

/**
 * Reads paths of FIFOs, answers `0 PATH` when it has let go, else `x PATH`. It ends when the server does. The server
 * removes a FIFO when it hears the answer; if it was killed meanwhile the shell does. A program each would cost 1 ms.
 */
const script = [
  // The reader of the answer may be gone.
  'trap "" PIPE;',
  'set --;',
  'while IFS= read -r fifo; do',
  'byte=x; IFS= read -r byte <"$fifo";',
  'printf "%s %s\\n" "${byte:-x}" "$fifo" >&3;',
  'set -- "$@" "$fifo";',
  'if [ $# -gt 64 ]; then rm -f "$@" & set --; fi;',
  'done 2>/dev/null;',
  'rm -f "$@"',
].join(' ');

const fifoOf = (state: string): string => join(state, 'exec.fifo');

/** Milliseconds between two tries to wake the shell. */
const nudgeInterval = 10;

export class Starter {
  readonly #options: HelperOptions;
  readonly #waiting = new Map<string, (released: boolean) => void>();
  #shell: ChildProcess | undefined;

  constructor(options: HelperOptions) {
    this.#options = options;
  }

  /**
   * Whether the container was let go. False: nothing happened, another way may be tried.
   * @param state the container's folder below the runtime's root
   * @param gone resolves when the container's monitor has ended, so that nobody waits for ever
   */
  async start(state: string, gone: Promise<void>): Promise<boolean> {
    const fifo = fifoOf(state);
    if (!existsSync(fifo)) return false;
    this.open();
    const answer = new Promise<boolean>((resolve) => this.#waiting.set(fifo, resolve));
    this.#shell!.stdin!.write(`${fifo}\n`);
    void gone.then(() => this.#wake(fifo));
    return answer;
  }

  /** Starts the shell, so that the first start need not wait for it. */
  open(): void {
    this.#shell ??= this.#open();
  }

  /** What it was told it still does. */
  close(): void {
    this.#shell?.stdin?.end();
    this.#shell = undefined;
  }

  #open(): ChildProcess {
    const shell = openHelper(this.#options, '/bin/sh', script);
    createInterface({ input: shell.stdio[3] as Readable }).on('line', (line) => {
      const at = line.indexOf(' ');
      this.#answer(line.slice(at + 1), line.slice(0, at) === '0');
    });
    shell.once('exit', () => {
      if (this.#shell === shell) this.#shell = undefined;
      for (const fifo of [...this.#waiting.keys()]) this.#answer(fifo, false);
    });
    return shell;
  }

  #answer(fifo: string, released: boolean): void {
    if (released) rmSync(fifo, { force: true });
    this.#waiting.get(fifo)?.(released);
    this.#waiting.delete(fifo);
  }

  /** The shell waits for a process that will never open its end. */
  #wake(fifo: string): void {
    if (!this.#waiting.has(fifo)) return;
    wakeReaders(fifo);
    setTimeout(() => this.#wake(fifo), nudgeInterval);
  }
}

/** Whoever waits in the opening of the FIFO of a container that has ended goes on, and reads nothing. */
export const wakeStarter = (state: string): void => wakeReaders(fifoOf(state));

function wakeReaders(fifo: string): void {
  try {
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch {
    // It is not there, or nobody waits.
  }
}
