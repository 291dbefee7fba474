/** Bears with a server that is away for a moment, for a stated time, then says so in one clear line. */

import type { Clock } from '../../client/clock.ts';
import { errorMessage } from '../../resources/errors.ts';
import { isUnreachable, UnreachableError } from '../errors.ts';
import type { Io } from '../io.ts';
import type { KfClient } from '../kf-client.ts';
import { pause } from './pause.ts';

/** Milliseconds between attempts. */
const interval = 200;
/** Milliseconds of silence after which the user is told. */
const quiet = 1000;

/** What of a command's context it takes to lose a server and find it again. */
export interface Reconnecting {
  readonly io: Pick<Io, 'note'>;
  readonly clock: Clock;
  connection(options?: { readonly mayStart?: boolean }): Promise<KfClient>;
  /** The server has answered. */
  answered(): void;
  /** Whether a server that is out of reach may be thought to come back. */
  isKnown(): Promise<boolean>;
  /** Ends the connection; the next one is a new one. */
  close(): void;
}

export class Patience {
  readonly #context: Reconnecting;
  readonly #limit: number;
  #lostAt: number | undefined;
  #told = false;

  /** @param limit milliseconds */
  constructor(context: Reconnecting, limit: number) {
    this.#context = context;
    this.#limit = limit;
  }

  /** The server has answered. */
  restored(): void {
    this.#context.answered();
    if (this.#told) this.#context.io.note('The server is back.');
    this.#lostAt = undefined;
    this.#told = false;
  }

  /**
   * After a failure: waits a little, so that the caller may try again with a new client.
   * @throws the error itself when it is an answer of the server; UnreachableError when the time is up
   */
  async bear(error: unknown, signal?: AbortSignal): Promise<void> {
    if (!isUnreachable(error)) throw error;
    const now = this.#context.clock.now();
    this.#lostAt ??= now;
    const away = now - this.#lostAt;
    if (away >= this.#limit)
      throw new UnreachableError(
        `the server was out of reach for ${Math.round(this.#limit / 1000)} s: ${errorMessage(error)}`,
      );
    if (away >= quiet && !this.#told) {
      this.#told = true;
      this.#context.io.note(`The server is out of reach; trying again for ${Math.round(this.#limit / 1000)} s...`);
    }
    await pause(this.#context.clock, interval, signal);
    this.#context.close();
  }
}

/** Milliseconds that a read waits for a server that went away. */
const longestAbsence = 10_000;

/**
 * Runs a read again while a known server is away, e.g. restarting; up to 10 s.
 * @throws at once what the first connection says: it has waited already where there was something to wait for
 */
export async function patiently<T>(context: Reconnecting, read: (client: KfClient) => Promise<T>): Promise<T> {
  const patience = new Patience(context, longestAbsence);
  let connected: KfClient | undefined = await context.connection();
  for (;;) {
    try {
      // Only the first connection may start a server: one that goes away later was stopped on purpose.
      const result = await read(connected ?? (await context.connection({ mayStart: false })));
      patience.restored();
      return result;
    } catch (error) {
      connected = undefined;
      if (!(await context.isKnown())) throw error;
      await patience.bear(error);
    }
  }
}
