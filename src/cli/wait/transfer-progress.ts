/** How far a long transfer is: on a terminal in a line that changes, elsewhere by a line every 30 s. */

import type { Clock } from '../../client/clock.ts';
import { formatBytes } from '../../resources/quantity.ts';
import type { Io } from '../io.ts';

/** Milliseconds without a word, between changes on a terminal, and between lines elsewhere. */
const times = { quiet: 1000, terminal: 200, elsewhere: 30_000 };

export class TransferProgress {
  readonly #io: Io;
  readonly #clock: Clock;
  readonly #text: string;
  readonly #total: number;
  readonly #timer: { cancel(): void } | undefined;
  #done = 0;
  #nextAt: number;

  /** @param text what begins each line; `total` in bytes */
  constructor({ io, clock }: { readonly io: Io; readonly clock: Clock }, text: string, total: number) {
    this.#io = io;
    this.#clock = clock;
    this.#text = text;
    this.#total = total;
    this.#nextAt = clock.now() + times.quiet;
    // By a timer, because a transfer that stalls is to be seen, too.
    this.#timer = io.errIsTerminal ? undefined : this.#startTimer();
  }

  /** The chunks, counted as they pass; from the beginning, when it is sent again. */
  async *count(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    this.#done = 0;
    for await (const chunk of chunks) {
      yield chunk;
      this.#done += chunk.length;
      if (this.#io.errIsTerminal) this.#show();
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#io.status(undefined);
  }

  #show(): void {
    const now = this.#clock.now();
    if (now < this.#nextAt) return;
    this.#nextAt = now + times.terminal;
    this.#io.status(this.#line());
  }

  #startTimer(): { cancel(): void } {
    let timer = this.#clock.after(times.elsewhere, () => next());
    const next = (): void => {
      this.#io.note(this.#line());
      timer = this.#clock.after(times.elsewhere, () => next());
    };
    return { cancel: () => timer.cancel() };
  }

  #line(): string {
    // Of a package the total may be that of the files alone.
    const percent = this.#done >= this.#total ? 100 : Math.floor((this.#done / this.#total) * 100);
    return `${this.#text} ${formatBytes(this.#done)} of ${formatBytes(this.#total)} (${percent} %)`;
  }
}
