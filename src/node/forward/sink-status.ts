/** What a LogSink's status says of its worker; written now and then, and only when it says something new. */

import type { Client } from '../../client/client.ts';
import type { Clock, Timer } from '../../client/clock.ts';
import { writeStatus } from '../../client/status-writer.ts';
import { type ConditionDraft, mergeConditions } from '../../resources/condition.ts';
import { LogSink } from '../../resources/kf/log-sink.ts';
import { isConflict, isNotFound } from '../../resources/status.ts';
import type { PendingLogs } from './pending-logs.ts';
import type { SinkReport } from './sink-worker.ts';

export interface SinkStatusOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly name: string;
  readonly uid: string;
  readonly pending: PendingLogs;
  /** Bytes that have not been delivered. */
  readonly backlog: () => Promise<number>;
  readonly onError: (message: string, error: unknown) => void;
}

/** Milliseconds between two writes. */
const interval = 2000;

type Status = NonNullable<LogSink['status']>;

export class SinkStatus {
  readonly #options: SinkStatusOptions;
  #ready: ConditionDraft = { type: 'Ready', status: 'Unknown', reason: 'Connecting', message: '' };
  #times: Pick<Status, 'lastDeliveryTime' | 'lastError' | 'lastErrorTime'> = {};
  #timer: Timer | undefined;
  #writtenAt = 0;
  #stopped = false;

  constructor(options: SinkStatusOptions) {
    this.#options = options;
  }

  report(report: SinkReport): void {
    const now = new Date(this.#options.clock.now()).toISOString();
    const before = this.#ready.status;
    if (report.kind === 'failed') {
      this.#ready = {
        type: 'Ready',
        status: 'False',
        reason: 'Unreachable',
        message: `${report.message}; it is tried again, lines are kept meanwhile`,
      };
    } else this.#ready = { type: 'Ready', status: 'True', reason: 'Delivering' };
    if (report.kind === 'failed' || report.kind === 'refused')
      this.#times = { ...this.#times, lastError: report.message, lastErrorTime: now };
    if (report.kind === 'delivered') this.#times = { ...this.#times, lastDeliveryTime: now };
    this.publish(before !== this.#ready.status);
  }

  /** Writes soon. @param atOnce without waiting for the interval to pass */
  publish(atOnce = false): void {
    if (this.#stopped) return;
    if (atOnce) this.#timer?.cancel();
    else if (this.#timer !== undefined) return;
    const { clock, onError, name } = this.#options;
    const wait = atOnce ? 0 : Math.max(0, Math.min(interval, this.#writtenAt + interval - clock.now()));
    this.#timer = clock.after(wait, () => {
      this.#timer = undefined;
      this.#writtenAt = clock.now();
      this.#write().catch((error) => onError(`status of log sink ${name}`, error));
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopped = true;
    await this.#write().catch(() => undefined);
  }

  async #write(): Promise<void> {
    const { client, clock, name, uid, pending, backlog } = this.#options;
    const backlogBytes = await backlog();
    for (;;)
      try {
        const sink = await client.get(LogSink, { name });
        if (sink.metadata.uid !== uid) return;
        const now = new Date(clock.now()).toISOString();
        await writeStatus(client, LogSink, sink, {
          ...sink.status,
          ...pending.counters,
          ...this.#times,
          conditions: mergeConditions(sink.status?.conditions, [this.#ready], now),
          observedGeneration: sink.metadata.generation ?? 0,
          backlogBytes,
          backlogTasks: backlogBytes === 0 ? 0 : pending.size,
        });
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (!isConflict(error)) throw error;
      }
  }
}
