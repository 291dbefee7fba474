/** How much of the revision log is kept: at most so many revisions, none older than so long. */

import { settings } from '../resources/server-config/settings.ts';

export interface RetentionOptions {
  /** Revisions that can be watched from. Default 10,000. */
  readonly logRevisions?: number;
  /** Milliseconds after which a revision can no longer be watched from. Default 5 minutes. */
  readonly logMilliseconds?: number;
  /** Wall time in milliseconds since the epoch. Default Date.now. */
  readonly now?: () => number;
}

interface Compactable {
  revision(): number;
  compacted(): number;
  compact(revision: number): Promise<void>;
}

/** Compacting little by little keeps each transaction short: at least this share of the log at once. */
const step = 0.1;

export class Retention {
  readonly #revisions: number;
  readonly #milliseconds: number;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  /** Where the log stood at which time, oldest first. */
  #marks: { readonly time: number; readonly revision: number }[] = [];

  constructor(
    options: RetentionOptions,
    readonly log: Compactable,
  ) {
    this.#revisions = options.logRevisions ?? settings['store.watchRevisions'].default;
    this.#milliseconds = options.logMilliseconds ?? settings['store.watchDuration'].default;
    this.#now = options.now ?? Date.now;
    this.#timer = setInterval(() => this.tick(), Math.max(1000, this.#milliseconds / 10)).unref();
  }

  /** After each flush. */
  written(): void {
    const target = this.log.revision() - this.#revisions;
    if (target - this.log.compacted() >= this.#revisions * step) void this.log.compact(target);
  }

  /** Now and then: what is too old goes. */
  tick(): void {
    const time = this.#now();
    this.#marks.push({ time, revision: this.log.revision() });
    const old = this.#marks.filter((mark) => mark.time <= time - this.#milliseconds).at(-1);
    if (old === undefined) return;
    this.#marks = this.#marks.filter((mark) => mark.time >= old.time);
    if (old.revision > this.log.compacted()) void this.log.compact(old.revision);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
