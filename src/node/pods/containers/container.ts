/** One container on this machine, from its bundle to its exit code. */

import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Timer } from '../../../client/clock.ts';
import type { NodeContext } from '../../context.ts';
import { createContainer, type MonitorWatch, watchMonitor } from '../../runtime/conmon.ts';
import { deleteContainer } from '../../runtime/delete-container.ts';
import type { OciSpec } from '../../runtime/oci.ts';
import { withPrivateBinds } from '../../runtime/private-binds.ts';
import { withoutRootMount } from '../../runtime/root-mount.ts';

export interface ContainerPlace {
  readonly id: string;
  readonly bundle: string;
  readonly logPath: string;
}

export interface Exit {
  /** Undefined: the monitor was killed, so nobody knows. */
  readonly code: number | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Milliseconds until a SIGKILL that could not be sent is sent again. */
const killAgain = 1000;

/** Milliseconds after its start in which an init may miss a signal. */
const settling = 250;

export class ContainerProcess {
  readonly #context: NodeContext;
  readonly place: ContainerPlace;
  #watch: MonitorWatch | undefined;
  #killTimer: Timer | undefined;
  #killAt = Infinity;
  /** SIGTERM once more, for a container that had just begun. */
  #again: Timer | undefined;
  #startedAt = 0;
  #over = false;
  /** Detached: this server must not end it any more. */
  #closed = false;
  #complained = false;

  constructor(context: NodeContext, place: ContainerPlace) {
    this.#context = context;
    this.place = place;
  }

  /** Writes the bundle, and has a monitor create the container; gives the pid of its first process. @throws CreateError */
  async create(spec: OciSpec): Promise<number> {
    const { id, bundle, logPath } = this.place;
    mkdirSync(bundle, { recursive: true, mode: 0o700 });
    mkdirSync(dirname(logPath), { recursive: true, mode: 0o750 });
    const { launcher, runtime } = this.#context;
    const written = runtime.isRunc ? { spec } : withoutRootMount(withPrivateBinds(spec));
    // The environment stands in this file and nowhere else.
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(written.spec), { mode: 0o600 });
    const pid = await createContainer(launcher, { id, bundle, logPath, rootMount: written.rootMount });
    this.watch();
    return pid;
  }

  /** Looks after a container that is there already. */
  watch(): MonitorWatch {
    this.#watch ??= watchMonitor(this.place.bundle);
    return this.#watch;
  }

  /** Lets the created container's process begin. @throws RuntimeError */
  async start(): Promise<void> {
    const { runtime, starter } = this.#context;
    const { id } = this.place;
    const state = join(runtime.root, id);
    this.#startedAt = this.#context.clock.now();
    if (runtime.isRunc && (await starter.start(state, this.watch().ended))) return;
    try {
      await runtime.start(id);
    } catch (error) {
      // Started all the same, by us or by the server before us: what it says is no failure.
      if (this.exit() === undefined && (await runtime.state(id))?.status !== 'running') throw error;
    }
  }

  /** Resolves when the monitor has ended. */
  async ended(): Promise<Exit> {
    await this.#watch?.ended;
    this.#over = true;
    this.#cancelTimers();
    return this.exit() ?? { code: undefined, at: this.#context.clock.now() };
  }

  /** The exit code, when the monitor has written it. */
  exit(): Exit | undefined {
    const path = join(this.#context.layout.exits, this.place.id);
    try {
      const text = readFileSync(path, 'utf8').trim();
      // Number('') is 0: an empty file, as a full disk leaves, must not count as success.
      return { code: /^-?\d+$/.test(text) ? Number(text) : undefined, at: Math.round(statSync(path).mtimeMs) };
    } catch {
      return undefined;
    }
  }

  /** SIGTERM now, SIGKILL after so many seconds; called again, the earlier SIGKILL counts. */
  stop(graceSeconds: number): void {
    if (this.#over) return;
    const { clock } = this.#context;
    const killAt = clock.now() + graceSeconds * 1000;
    const first = this.#killAt === Infinity;
    // At once is at once, also where the clock was put forward meanwhile.
    if (graceSeconds > 0 && killAt >= this.#killAt) return;
    this.#killAt = killAt;
    this.#killTimer?.cancel();
    if (graceSeconds <= 0) {
      this.#signal('KILL');
      return;
    }
    this.#killTimer = clock.after(graceSeconds * 1000, () => this.#signal('KILL'));
    if (!first) return;
    this.#signal('TERM');
    // An init that has only just begun may not have heard.
    if (clock.now() - this.#startedAt < settling) this.#again = clock.after(settling, () => this.#signal('TERM'));
  }

  #signal(signal: 'TERM' | 'KILL'): void {
    const { runtime, onError, clock } = this.#context;
    runtime.kill(this.place.id, signal).catch((error: unknown) => {
      if (this.#over || this.#closed) return;
      if (!this.#complained) onError(`cannot send SIG${signal} to container ${this.place.id}`, error);
      this.#complained = true;
      // Tried again: a machine that is short of something for a moment must not leave it running for ever.
      if (signal === 'KILL') this.#killTimer = clock.after(killAgain, () => this.#signal('KILL'));
    });
  }

  /** Removes everything of it but its log; kills what may still run. */
  async remove(): Promise<void> {
    this.detach();
    const { runtime, cgroups } = this.#context;
    const { id } = this.place;
    const hasEnded = this.exit()?.code !== undefined;
    // A container that was skipped has nothing to remove.
    if (!hasEnded && !existsSync(this.place.bundle)) return;
    if (!hasEnded || !(await deleteContainer(runtime, cgroups, id))) await runtime.delete(id);
    rmSync(join(this.#context.layout.exits, this.place.id), { force: true });
    rmSync(this.place.bundle, { recursive: true, force: true });
  }

  /** Stops watching; the container goes on running. */
  detach(): void {
    this.#closed = true;
    this.#cancelTimers();
    this.#watch?.close();
  }

  #cancelTimers(): void {
    this.#killTimer?.cancel();
    this.#again?.cancel();
  }
}
