/**
 * A command that the OCI runtime runs in a container, in the container's control groups and namespaces. It is a child of
 * this server and lasts no longer than whoever asked for it.
 */

import type { ChildProcess } from 'node:child_process';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ExecProcess, ExecRequest, TerminalSize } from '../../client/containers.ts';
import type { NodeContext } from '../context.ts';
import { deferred } from '../deferred.ts';
import { killGroup } from '../host/kill-group.ts';
import { spawnProgram } from '../host/spawn-program.ts';
import type { RunningContainer } from '../pods/containers/running-container.ts';
import { lastLine } from '../runtime/oci-runtime.ts';
import { commandLineOf, processOf } from './exec-command.ts';
import { ExecFolder } from './exec-folder.ts';
import { sessionOf, signalSession } from './exec-session.ts';

export type ExecContext = Pick<NodeContext, 'runtime' | 'cgroups' | 'probing' | 'clock' | 'onError'>;
type Streams = Pick<ExecRequest, 'command' | 'stdin' | 'stdout' | 'stderr' | 'tty'>;

/** Milliseconds from SIGHUP to SIGKILL, and from there until the runtime itself is given up. */
const patience = 2000;
/** The exit code of a process that SIGKILL ended. */
const killed = 137;

export class RuntimeExecProcess implements ExecProcess {
  readonly stdin: Writable | undefined;
  readonly stdout: PassThrough | undefined;
  readonly stderr: PassThrough | undefined;
  readonly exitCode: Promise<number>;
  readonly #context: ExecContext;
  readonly #id: string;
  readonly #hasTerminal: boolean;
  readonly #folder: ExecFolder;
  readonly #child: ChildProcess;
  readonly #begun = deferred<boolean>();
  readonly #watch: FSWatcher;
  /** PID of the command's first process. */
  #pid: number | undefined;
  #session: number | undefined;
  #size: TerminalSize | undefined;
  #resizing: Promise<void> | undefined;
  #over = false;
  #ending = false;

  constructor(context: ExecContext, container: RunningContainer, request: Streams) {
    const { command, tty } = request;
    this.#context = context;
    this.#id = container.id;
    this.#hasTerminal = tty;
    this.#folder = new ExecFolder(container.bundle);
    const { pidFile, terminalFile, path } = this.#folder;
    const processFile = this.#folder.write(processOf(container.spec, command, tty));
    this.#watch = this.#watched(path);
    const [program, ...args] = commandLineOf({
      runtime: context.runtime,
      id: container.id,
      processFile,
      pidFile,
      stdin: request.stdin,
      ...(tty ? { terminalFile } : {}),
    });
    this.#child = this.#spawn(program, args, request.stdin);
    if (this.#child.pid !== undefined) this.#folder.keepSession(this.#child.pid);
    this.stdin = request.stdin ? this.#input() : undefined;
    this.stdout = request.stdout ? new PassThrough() : undefined;
    this.stderr = request.stderr && !tty ? new PassThrough() : undefined;
    this.exitCode = this.#run(tty);
    // A later listener still gets it.
    this.exitCode.catch(() => {});
    this.#look();
  }

  #watched(path: string): FSWatcher {
    try {
      return watch(path, () => this.#look()).on('error', () => {});
    } catch (error) {
      this.#folder.remove();
      throw error;
    }
  }

  #spawn(program: string, args: readonly string[], stdin: boolean): ChildProcess {
    try {
      return spawnProgram(program, args, {
        stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
        cwd: '/',
        // A session of its own, by which to find what belongs to it.
        detached: true,
        env: { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', SHELL: '/bin/sh' },
      });
    } catch (error) {
      this.#watch.close();
      this.#folder.remove();
      throw error;
    }
  }

  resize(size: TerminalSize): void {
    if (!this.#hasTerminal) return;
    this.#size = size;
    this.#resizing ??= this.#applySize()
      .catch((error: unknown) => this.#context.onError("setting the size of a command's terminal", error))
      .finally(() => {
        this.#resizing = undefined;
      });
  }

  end(): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#end().catch((error: unknown) => this.#context.onError('ending a command in a container', error));
  }

  /** At once, with all of its session. */
  async kill(): Promise<void> {
    if (await this.#begun.promise) await this.#signal(['SIGKILL']);
  }

  async #run(tty: boolean): Promise<number> {
    // At once: Node throws away what nobody has asked for when the program ends.
    const [out, err] = [this.#child.stdout!.pipe(new PassThrough()), this.#child.stderr!.pipe(new PassThrough())];
    const ended = deferred<number>();
    this.#child.once('error', ended.reject);
    this.#child.once('exit', (code) => ended.resolve(code ?? killed));
    const over = ended.promise.catch(() => {}).then(() => this.#look(false));
    try {
      if (!(await this.#begun.promise)) {
        await ended.promise;
        // Then the output is the runtime's.
        throw refusal(await text(tty ? out : err));
      }
      join(out, this.stdout);
      join(err, this.stderr);
      return await ended.promise;
    } catch (error) {
      this.stdout?.end();
      this.stderr?.end();
      throw error;
    } finally {
      await over;
      this.#over = true;
      this.#watch.close();
      this.#folder.remove();
    }
  }

  /** Input is held back until the command has begun: the terminal between would echo what is typed before that. */
  #input(): Writable {
    const input = new PassThrough();
    const stdin = this.#child.stdin!;
    stdin.on('error', () => {}).once('close', () => input.destroy());
    void this.#begun.promise.then((begun) => {
      if (begun) input.pipe(stdin);
      else input.destroy();
    });
    return input;
  }

  /** @param otherwise what it means that there is no number yet. Default: that it may still come */
  #look(otherwise?: false): void {
    if (this.#pid === undefined) this.#setPid(this.#folder.pid);
    if (this.#pid !== undefined) this.#begun.resolve(true);
    else if (otherwise !== undefined) this.#begun.resolve(otherwise);
  }

  /** Its session is asked for as long as it is there; what it has started may outlive it. */
  #setPid(pid: number | undefined): void {
    if (pid === undefined) return;
    this.#pid = pid;
    this.#session = sessionOf(pid);
    if (this.#session !== undefined) this.#folder.keepSession(this.#session);
  }

  /** Applies the sizes one at a time; only the newest of those that wait counts. */
  async #applySize(): Promise<void> {
    if (!(await this.#begun.promise)) return;
    for (let size = this.#size; size !== undefined && !this.#over; size = this.#size) {
      this.#size = undefined;
      const { width, height } = size;
      for (const terminal of this.#terminals())
        await this.#context
          .probing('stty', ['-F', terminal, 'cols', String(width), 'rows', String(height)])
          .catch(() => {});
    }
  }

  /** The runtime's own, whose size it hands on, and the one inside, for runtimes that do not: crun before 1.8.7. */
  #terminals(): readonly string[] {
    return [readFileSync(this.#folder.terminalFile, 'utf8').trim(), `/proc/${this.#pid}/fd/0`];
  }

  async #end(): Promise<void> {
    const { clock } = this.#context;
    if (!(await this.#begun.promise)) return;
    // A stopped process takes no other signal.
    await this.#signal(['SIGHUP', 'SIGCONT']);
    clock.after(
      patience,
      () => void this.#signal(['SIGKILL']).finally(() => clock.after(patience, () => this.#giveUp())),
    );
  }

  async #signal(signals: readonly NodeJS.Signals[]): Promise<void> {
    const sessions = [this.#pid, this.#session, this.#child.pid].filter((session) => session !== undefined);
    await signalSession(this.#context.cgroups, this.#id, sessions, signals);
  }

  /** A daemon that the command has left may hold its output open. */
  #giveUp(): void {
    if (!this.#over) killGroup(this.#child.pid!);
    for (const stream of [this.#child.stdout, this.#child.stderr, this.stdout, this.stderr]) stream?.destroy();
  }
}

/** The runtime's own words, as container engines hand them on. */
const refusal = (words: string): Error =>
  new Error(
    `error executing command in container: ${lastLine(words.replaceAll('\r', '')) || 'the runtime gave no reason'}`,
  );

function join(from: Readable, to: PassThrough | undefined): void {
  if (to === undefined) from.resume();
  else from.pipe(to);
}
