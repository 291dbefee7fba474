/**
 * Compresses the logs of Pods that have ended, some time later and one at a time, with at most a fifth of one processor:
 * nobody waits for it. After a start all logs are looked at once, for what a server that ended has left.
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, pause, type Timer } from '../../client/clock.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { errorCode } from '../../resources/errors.ts';
import { compressLog, unfinishedSuffix } from './compress-log.ts';
import { logSuffix, names } from './log-files.ts';
import { ownerOf } from './log-path.ts';

export interface LogCompressorOptions {
  readonly clock: Clock;
  /** Holds a folder per owner. */
  readonly directory: string;
  /** Whether a Pod of this owner and name may still write. */
  readonly isLive: (owner: string, pod: string) => boolean;
  /** Whether somebody still reads the log of this owner to its end, like a log sink. */
  readonly isNeeded: (owner: string) => Promise<boolean>;
  /** Whether a backup reads the logs at this moment: then none goes. Default: never. */
  readonly isHeld?: () => boolean;
  readonly signal: AbortSignal;
  readonly onError: (message: string, error: unknown) => void;
}

/** Milliseconds after a Pod's end: until then its log is read most. */
const delay = 30_000;
/** Milliseconds until a log that is still needed is looked at again. */
const laterDelay = 60_000;
/** Milliseconds after a start before all logs are looked at, and between two owners. */
const firstLook = 60_000;
const betweenOwners = 10;
/** Times as long as a block has taken. */
const restFactor = 4;

interface Due {
  readonly owner: string;
  readonly pod: string;
  readonly at: number;
}

export class LogCompressor {
  readonly #options: LogCompressorOptions;
  /** In the order in which they are due. */
  readonly #due = new Map<string, Due>();
  #timer: Timer | undefined;
  #firstTimer: Timer | undefined;
  #working: Promise<void> = Promise.resolve();

  constructor(options: LogCompressorOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#cancel(), { once: true });
  }

  start(): void {
    const { clock } = this.#options;
    this.#firstTimer = clock.after(firstLook, () => this.#enqueue(() => this.#lookAtAll()));
  }

  /** The Pod has ended: its logs are complete. */
  ended(pod: Pod): void {
    this.#later({ owner: ownerOf(pod), pod: pod.metadata.name, at: this.#options.clock.now() + delay });
  }

  /** Resolves when nothing is being compressed. */
  idle(): Promise<void> {
    return this.#working;
  }

  #later(due: Due): void {
    if (this.#options.signal.aborted) return;
    const key = `${due.owner}/${due.pod}`;
    // Reported twice: the first time counts.
    if (!this.#due.has(key)) this.#due.set(key, due);
    this.#schedule();
  }

  #schedule(): void {
    const [first] = this.#due.values();
    if (this.#timer !== undefined || first === undefined) return;
    const { clock } = this.#options;
    this.#timer = clock.after(Math.max(0, first.at - clock.now()), () => {
      this.#timer = undefined;
      this.#enqueue(() => this.#compressDue());
    });
  }

  #enqueue(work: () => Promise<void>): void {
    this.#working = this.#working.then(work).catch((error: unknown) => {
      if (!this.#options.signal.aborted) this.#options.onError('compressing logs', error);
    });
  }

  async #compressDue(): Promise<void> {
    const { clock, signal } = this.#options;
    for (const [key, due] of this.#due) {
      // A clock that was set back makes them due all the same.
      if (signal.aborted || (due.at > clock.now() && due.at - clock.now() <= laterDelay)) break;
      this.#due.delete(key);
      if (this.#options.isLive(due.owner, due.pod)) this.#later({ ...due, at: clock.now() + laterDelay });
      else await this.#compressPod(due.owner, due.pod);
    }
    if (!signal.aborted) this.#schedule();
  }

  async #lookAtAll(): Promise<void> {
    const { clock, directory, signal } = this.#options;
    for (const owner of await names(directory)) {
      for (const pod of await names(join(directory, owner))) {
        if (signal.aborted) return;
        await this.#removeUnfinished(join(directory, owner, pod));
        await this.#compressPod(owner, pod);
      }
      await pause(clock, betweenOwners, signal);
    }
  }

  /** What a crash has left: the log itself is there. */
  async #removeUnfinished(folder: string): Promise<void> {
    for (const name of await names(folder))
      if (name.endsWith(unfinishedSuffix)) await rm(join(folder, name), { force: true });
  }

  async #compressPod(owner: string, pod: string): Promise<void> {
    const { directory, clock, isLive, isNeeded } = this.#options;
    if (isLive(owner, pod)) return;
    const logs = (await names(join(directory, owner, pod))).filter((name) => name.endsWith(logSuffix));
    if (logs.length === 0) return;
    if (this.#isHeld() || (await isNeeded(owner))) return this.#later({ owner, pod, at: clock.now() + laterDelay });
    for (const name of logs) await this.#compress(join(directory, owner, pod, name), () => !isLive(owner, pod));
  }

  async #compress(path: string, isOver: () => boolean): Promise<void> {
    const { clock, signal, onError } = this.#options;
    let began = performance.now();
    try {
      await compressLog(path, {
        mayReplace: () => !signal.aborted && isOver() && !this.#isHeld(),
        rest: async () => {
          await pause(clock, (performance.now() - began) * restFactor, signal);
          began = performance.now();
          if (signal.aborted) throw new Error('the server stops');
        },
      });
    } catch (error) {
      // It went with its owner; or it is tried again after the next start, as on a full disk.
      if (errorCode(error) !== 'ENOENT' && !signal.aborted) onError(`compressing ${path}`, error);
    }
  }

  #isHeld(): boolean {
    return this.#options.isHeld?.() === true;
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#firstTimer?.cancel();
  }
}
