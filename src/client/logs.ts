/** Reading containers' logs: what the API server asks of the node's log store; wired by embedded.ts. */

export type LogStream = 'stdout' | 'stderr';

export interface LogSource {
  /**
   * Text as `pods/log` answers it: lines joined, partial lines put together, nothing dropped.
   * Waits for the log to appear while `follow`; ends at the end of the log once `ended` has fired.
   */
  read(query: LogQuery): AsyncIterable<Buffer>;
  /** When the log of an owner that is still there was removed, for want of room; RFC 3339. Absent: none ever is. */
  discardedAt?(owner: string): Promise<string | undefined>;
}

export interface LogQuery {
  /** UID of the object that owns the log (label kf.dev/log-owner): a Task, a Build, or the Pod itself. */
  readonly owner: string;
  /** Default: every Pod of the owner, in the order in which they started. */
  readonly pod?: string;
  /** Default: every container, in order. */
  readonly container?: string;
  readonly follow?: boolean;
  /** Fires when nothing will be added any more. */
  readonly ended?: AbortSignal;
  /** The reader has gone. */
  readonly signal?: AbortSignal;
  /** Begin every line with its time and a space. */
  readonly timestamps?: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  /** RFC 3339: what is older is left out. */
  readonly sinceTime?: string;
  /** Default: both. */
  readonly stream?: LogStream;
}
