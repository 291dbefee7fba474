/** How lines reach a sink. One file per protocol below `transports`. */

import type { LogRecord } from './log-record.ts';

export interface Transport {
  /** Whether the sink can be reached. @throws Error saying why not */
  probe(): Promise<void>;
  /**
   * Resolves once the sink has taken every record, as far as its protocol can tell.
   * @throws RefusedError for what the sink will never take; any other Error: it is to be tried again
   */
  send(records: readonly LogRecord[]): Promise<SendResult | void>;
  close(): void;
}

export interface SendResult {
  /** Records that the sink says it has thrown away. */
  readonly refused: number;
}

/** The sink is there and does not want these records, whenever they are sent. */
export class RefusedError extends Error {}

/** What the Secret holds, decoded; values by key. */
export type SinkSecret = Readonly<Record<string, string>>;
