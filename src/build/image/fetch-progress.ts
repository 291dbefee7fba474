/** The progress of fetching an image, in words, and a call now and then when they have changed. */

import type { Clock } from '../../client/clock.ts';
import { formatBytes } from '../../resources/quantity.ts';

/** Called by the code that fetches. */
export interface FetchListener {
  /** Called about once a second, with the bytes that have come. */
  readonly onProgress: (bytes: number) => void;
  /** Why nobody has answered; it is tried again. */
  readonly onTrouble: (why: string) => void;
}

/** Milliseconds between two signs that more has come. */
const interval = 5000;

export class FetchProgress implements FetchListener {
  readonly #clock: Clock;
  readonly #changed: () => void;
  #bytes = 0;
  #trouble = '';
  #said: number;

  /** @param changed called when there is something new to say */
  constructor(clock: Clock, changed: () => void) {
    this.#clock = clock;
    this.#changed = changed;
    this.#said = clock.now();
  }

  readonly onProgress = (bytes: number): void => {
    if (bytes === this.#bytes || this.#clock.now() - this.#said < interval) return;
    this.#bytes = bytes;
    this.#trouble = '';
    this.#say();
  };

  readonly onTrouble = (why: string): void => {
    this.#trouble = why;
    this.#say();
  };

  #say(): void {
    this.#said = this.#clock.now();
    this.#changed();
  }

  /** @param what is being fetched */
  words(what: string): string {
    if (this.#trouble !== '') return `${what}, asked for again: ${this.#trouble}`;
    return this.#bytes === 0 ? what : `${what} (${formatBytes(this.#bytes)})`;
  }
}
