/** Tells whoever reads stderr without a terminal that a silent command is still at work. */

import type { Clock } from '../../client/clock.ts';
import { humanDuration } from '../../resources/duration.ts';
import type { Io } from '../io.ts';

/** Milliseconds between signs of life. */
const interval = 30_000;

export class Heartbeat {
  readonly #io: Io;
  readonly #clock: Clock;
  readonly #text: string;
  #heardAt: number;
  #stopped = false;

  /** @param text what goes on: `following the log of Task x` */
  constructor({ io, clock }: { readonly io: Io; readonly clock: Clock }, text: string) {
    this.#io = io;
    this.#clock = clock;
    this.#text = text;
    this.#heardAt = clock.now();
    // A person sees that the prompt has not come back.
    if (!io.errIsTerminal) this.#wait(interval);
  }

  /** Something was printed. */
  heard(): void {
    this.#heardAt = this.#clock.now();
  }

  stop(): void {
    this.#stopped = true;
  }

  #wait(milliseconds: number): void {
    this.#clock.after(milliseconds, () => {
      if (this.#stopped) return;
      const silent = Math.max(0, this.#clock.now() - this.#heardAt);
      if (silent >= interval) this.#io.note(`Still ${this.#text}; nothing new for ${humanDuration(silent)}.`);
      this.#wait(silent >= interval ? interval : interval - silent);
    });
  }
}
