/**
 * Runs helper programs by way of small shells that are kept: forking a server of a hundred megabytes costs several
 * times what `ip` or `runc delete` take. A shell runs one program at a time; it ends when the server does.
 */

import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { errorMessage } from '../../resources/errors.ts';
import { killGroup } from './kill-group.ts';
import { CommandError, failureOf, helperEnvironment, type RunCommand } from './run-command.ts';
import { spawnProgram } from './spawn-program.ts';

export interface CommandShellsOptions {
  /** Programs at a time. Default 3. */
  readonly size?: number;
  /** Milliseconds after which a program is taken for stuck and killed. Default 60,000. */
  readonly timeout?: number;
}

interface Request {
  readonly command: string;
  readonly args: readonly string[];
  readonly input: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly timeout: number;
  readonly quiet: boolean;
  resolve(stdout: string): void;
  reject(error: Error): void;
}

export class CommandShells {
  readonly #size: number;
  readonly #timeout: number;
  readonly #queue: Request[] = [];
  readonly #shells = new Set<CommandShell>();
  #closed = false;

  constructor({ size = 3, timeout = 60_000 }: CommandShellsOptions = {}) {
    this.#size = size;
    this.#timeout = timeout;
  }

  readonly run: RunCommand = async (command, args, { input, signal, timeout = this.#timeout, quiet = false } = {}) =>
    new Promise((resolve, reject) => {
      this.#queue.push({ command, args, input, signal, timeout, quiet, resolve, reject });
      this.#next();
    });

  /** Whether a command would have to wait for others now. */
  get isFull(): boolean {
    return this.#shells.size >= this.#size && [...this.#shells].every((shell) => shell.busy && shell.alive);
  }

  /** What runs or is asked for later still comes to its end; then no shell is left. */
  close(): void {
    this.#closed = true;
    for (const shell of this.#shells) if (!shell.busy) this.#end(shell);
    this.#next();
  }

  #next(): void {
    if (this.#queue.length === 0) return;
    const shell = this.#shell();
    if (shell === undefined) return;
    const request = this.#queue.shift()!;
    const { command, args, signal, resolve, reject } = request;
    if (signal?.aborted) {
      reject(new CommandError(command, args, 'not started'));
      this.#next();
      return;
    }
    const kill = (): void => shell.kill();
    signal?.addEventListener('abort', kill, { once: true });
    shell
      .run(request)
      .finally(() => signal?.removeEventListener('abort', kill))
      .then(resolve, (error: Error) => {
        if (!shell.alive) this.#shells.delete(shell);
        reject(error);
      })
      .finally(() => {
        this.#next();
        if (this.#closed && !shell.busy) this.#end(shell);
      });
  }

  /** An idle shell; undefined where one has to be waited for. */
  #shell(): CommandShell | undefined {
    try {
      return this.#idle() ?? this.#open();
    } catch (error) {
      // Busy shells serve those that wait; where there is none, nothing would.
      if (this.#shells.size > 0) return undefined;
      const refused = this.#queue.splice(0);
      for (const { command, args, reject } of refused) reject(new CommandError(command, args, errorMessage(error)));
      return undefined;
    }
  }

  /** A shell that was killed while it was idle is not used again. */
  #idle(): CommandShell | undefined {
    for (const shell of this.#shells) {
      if (!shell.alive) this.#shells.delete(shell);
      else if (!shell.busy) return shell;
    }
    return undefined;
  }

  #open(): CommandShell | undefined {
    if (this.#shells.size >= this.#size) return undefined;
    const shell = new CommandShell();
    this.#shells.add(shell);
    return shell;
  }

  #end(shell: CommandShell): void {
    this.#shells.delete(shell);
    shell.end();
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

interface Pending {
  readonly command: string;
  readonly args: readonly string[];
  readonly timer: NodeJS.Timeout;
  out: string;
  err: string;
  resolve(stdout: string): void;
  reject(error: Error): void;
}

class CommandShell {
  readonly #child: ChildProcess;
  /** Ends what a program printed; nobody else knows it. */
  readonly #mark = randomBytes(12).toString('hex');
  #pending: Pending | undefined;
  alive = true;

  constructor() {
    this.#child = spawnProgram('/bin/sh', ['-s'], {
      env: helperEnvironment(),
      cwd: '/',
      // A group of its own: what is stuck goes with its shell, and a Ctrl-C meant for the server spares both.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.unref();
    this.#child.stdin!.on('error', () => {});
    this.#read('out');
    this.#read('err');
    this.#child.once('exit', () => {
      this.alive = false;
    });
    this.#child.once('error', (error) => this.#fail(error.message));
    this.#child.once('close', (_, signal) => this.#fail(signal === null ? 'its shell ended' : `ended by ${signal}`));
    this.#hold(false);
  }

  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** @throws CommandError */
  run(request: Omit<Request, 'resolve' | 'reject'>): Promise<string> {
    const { command, args, timeout } = request;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.kill(), timeout);
      this.#pending = { command, args, timer, out: '', err: '', resolve, reject };
      this.#hold(true);
      this.#child.stdin!.write(this.#script(request));
    });
  }

  end(): void {
    this.#child.stdin!.end();
  }

  #script({ command, args, input, quiet }: Omit<Request, 'resolve' | 'reject'>): string {
    const line = [command, ...args].map(quote).join(' ');
    // A here-document ends with a newline, which none of our programs minds.
    const from = input === undefined ? '</dev/null' : `<<'${this.#mark}'\n${input.replace(/\n$/, '')}\n${this.#mark}`;
    return `${line}${quiet ? ' >/dev/null 2>&1' : ''} ${from}\nprintf '%s %s\\n' ${this.#mark} $?; printf %s ${this.#mark} >&2\n`;
  }

  #read(which: 'out' | 'err'): void {
    const stream = which === 'out' ? this.#child.stdout! : this.#child.stderr!;
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (this.#pending === undefined) return;
      this.#pending[which] += text;
      this.#settle();
    });
  }

  #settle(): void {
    const { command, args, out, err, resolve, reject } = this.#pending!;
    if (!out.endsWith('\n') || !err.endsWith(this.#mark)) return;
    const end = out.lastIndexOf(this.#mark);
    if (end < 0) return;
    const code = Number(out.slice(end + this.#mark.length));
    this.#done();
    if (code === 0) resolve(out.slice(0, end));
    else if (code === 127) reject(new CommandError(command, args, 'not installed', code));
    else reject(failureOf(command, args, code, err.slice(0, -this.#mark.length)));
  }

  #fail(reason: string): void {
    this.alive = false;
    const pending = this.#pending;
    if (pending === undefined) return;
    this.#done();
    pending.reject(new CommandError(pending.command, pending.args, reason));
  }

  #done(): void {
    clearTimeout(this.#pending!.timer);
    this.#pending = undefined;
    this.#hold(false);
  }

  /** Ends the program that it runs, and itself. */
  kill(): void {
    killGroup(this.#child.pid!);
  }

  /** An idle shell keeps nobody from ending. */
  #hold(busy: boolean): void {
    for (const stream of this.#child.stdio) {
      const handle = stream as unknown as { ref?: () => void; unref?: () => void } | null;
      if (busy) handle?.ref?.();
      else handle?.unref?.();
    }
  }
}
