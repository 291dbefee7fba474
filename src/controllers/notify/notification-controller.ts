/**
 * Delivers Notifications: posts each until it is taken, or 24 hours have passed. At least once: after a crash between
 * a post and the writing of its outcome it is posted again, under the same id.
 */

import type { Client } from '../../client/client.ts';
import { type Clock, rfc3339 } from '../../client/clock.ts';
import { itself, type Result, type RunningController, startController } from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { isFinal, mergeConditions } from '../../resources/condition.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { Notification } from '../../resources/kf/notification.ts';
import type { Notify } from '../../resources/kf/notify.ts';
import { type ObjectRef, refOf } from '../../resources/meta.ts';
import { isNotFound } from '../../resources/status.ts';
import { longestDelay, longestTrial, type Outcome, outcomeOf } from './delivery.ts';
import { excess } from './excess.ts';
import { endOfLog, type LogEnd, quotedLines } from './log-end.ts';
import { payloadOf } from './payload.ts';
import { type Answer, type Poster, post } from './post.ts';
import { RateLimiter } from './rate-limiter.ts';
import { webhookHeaders } from './signature.ts';
import { targetOf } from './target.ts';

/** The last lines of a Task's log: the log store's here, a cluster's own elsewhere. */
export type ReadLogEnd = (
  task: ObjectRef & { readonly uid: string },
  options: { readonly tailLines: number; readonly signal: AbortSignal },
) => AsyncIterable<Uint8Array>;

export interface NotificationOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly readLog: ReadLogEnd;
  /** Default: over the network. */
  readonly post?: Poster;
  readonly userAgent?: string;
  readonly onError?: (message: string, error: unknown) => void;
}

/** Milliseconds for reading the end of a log. */
const logPatience = 3_000;
/** Milliseconds between two looks at how many Notifications a namespace has. */
const trimInterval = 10_000;
const writeAttempts = 5;

export function startNotificationController(options: NotificationOptions): RunningController {
  const controller = new NotificationController(options);
  const running = startController({
    ...options,
    name: 'notification',
    watches: [itself(Notification, { unfinishedOnly: true })],
    reconcile: (request) => controller.reconcile(request),
  });
  return {
    ...running,
    async stop() {
      controller.stop();
      await running.stop();
    },
  };
}

type Status = NonNullable<Notification['status']>;
type End = Outcome | { readonly reason: 'NotConfigured' | 'Dropped'; readonly message: string };

class NotificationController {
  readonly #options: NotificationOptions;
  readonly #rateLimiter: RateLimiter;
  readonly #stopping = new AbortController();
  readonly #lastTrim = new Map<string, number>();

  constructor(options: NotificationOptions) {
    this.#options = options;
    this.#rateLimiter = new RateLimiter(options.clock);
  }

  /** Breaks off posts that are under way; they are tried again after the next start. */
  stop(): void {
    this.#stopping.abort();
  }

  async reconcile(request: ObjectRef): Promise<Result | void> {
    const { client, clock } = this.#options;
    await this.#trim(request.namespace ?? '');
    const notification = await getIfExists(client, Notification, request);
    if (notification === undefined || isFinal(notification)) return;
    const { spec, status = {} } = notification;
    const now = clock.now();
    const wait = Date.parse(status.nextAttemptTime ?? '') - now;
    // A time further ahead than any delay was written before the clock was set back.
    if (wait > 0 && wait <= longestDelay) return { requeueAfter: wait };
    const target = await targetOf(client, request.namespace ?? '', spec.job);
    if (target === undefined)
      return this.#write(notification, { reason: 'NotConfigured', message: 'nothing is notified any more' });
    if (now - madeAt(notification) > longestTrial && status.attempts !== undefined)
      return this.#write(notification, { reason: 'GaveUp', message: 'not delivered within 24 hours' });
    const leave = this.#rateLimiter.enter(target.url);
    if (typeof leave === 'number') return { requeueAfter: leave };
    try {
      return await this.#attempt(notification, target);
    } finally {
      leave();
    }
  }

  async #attempt(notification: Notification, target: Notify): Promise<Result | void> {
    const { clock } = this.#options;
    const result = await this.#post(notification, target).catch((error: Error) => error);
    // Broken off by ourselves.
    if (this.#stopping.signal.aborted) return;
    const attempts = (notification.status?.attempts ?? 0) + 1;
    const age = Math.max(0, clock.now() - madeAt(notification));
    const outcome = outcomeOf({ result, attempts, age });
    await this.#write(notification, outcome, attempts);
    return outcome.reason === 'Pending' ? { requeueAfter: outcome.wait } : undefined;
  }

  async #post(notification: Notification, target: Notify): Promise<Answer> {
    const { clock, userAgent = 'kf-tasks' } = this.#options;
    const secret = await this.#secret(notification, target);
    const body = payloadOf(notification, await this.#log(notification));
    const { id } = notification.spec;
    const timestamp = Math.floor(clock.now() / 1000);
    const headers = { ...webhookHeaders({ id, timestamp, body }, secret), 'User-Agent': userAgent };
    return (this.#options.post ?? post)({
      url: target.url,
      headers,
      body,
      signal: this.#stopping.signal,
      now: () => clock.now(),
    });
  }

  /** @throws Error when it is not there: what should be signed is never sent unsigned */
  async #secret(notification: Notification, { secretName }: Notify): Promise<string | undefined> {
    if (secretName === undefined) return undefined;
    const ref = { ...refOf(notification), name: secretName };
    const secret = (await getIfExists(this.#options.client, Secret, ref))?.data?.secret;
    if (secret === undefined) throw new Error(`Secret "${secretName}" with the key "secret" is missing`);
    return Buffer.from(secret, 'base64').toString();
  }

  /** A log that cannot be read keeps nobody from hearing of the failure. */
  async #log({ metadata, spec }: Notification): Promise<LogEnd | undefined> {
    if (spec.task === undefined) return undefined;
    const { name, uid } = spec.task;
    const task = metadata.namespace === undefined ? { name, uid } : { namespace: metadata.namespace, name, uid };
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(logPatience)]);
    try {
      return await endOfLog(this.#options.readLog(task, { tailLines: quotedLines, signal }));
    } catch (error) {
      this.#options.onError?.(`notification ${metadata.name}: reading the log`, error);
      return undefined;
    }
  }

  /** Only this controller writes this status, so it needs no precondition; a write that fails would repeat the post. */
  async #write(notification: Notification, end: End, attempts = notification.status?.attempts): Promise<void> {
    const { client, clock } = this.#options;
    const now = clock.now();
    const status = {
      conditions: mergeConditions(notification.status?.conditions, [conditionOf(end)], rfc3339(now)),
      ...(attempts === undefined ? {} : { attempts, lastAttemptTime: rfc3339(now) }),
      nextAttemptTime: end.reason === 'Pending' ? new Date(now + end.wait).toISOString() : null,
    };
    for (let attempt = 1; ; attempt++)
      try {
        await client.patch(
          Notification,
          refOf(notification),
          { type: 'merge', body: { status } },
          { subresource: 'status' },
        );
        return;
      } catch (error) {
        if (isNotFound(error)) return;
        if (attempt >= writeAttempts) throw error;
      }
  }

  /** Keeps the newest of those that are done, and lets go of the oldest when too many wait. */
  async #trim(namespace: string): Promise<void> {
    const { client, clock } = this.#options;
    const now = clock.now();
    for (const [other, look] of this.#lastTrim)
      if (look + trimInterval <= now || look > now) this.#lastTrim.delete(other);
    if (this.#lastTrim.has(namespace)) return;
    this.#lastTrim.set(namespace, now);
    const { items } = await client.list(Notification, { namespace });
    const { done, waiting } = excess(items);
    for (const old of done)
      await client.delete(Notification, refOf(old)).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
    for (const old of waiting)
      await this.#write(old, { reason: 'Dropped', message: 'too many notifications of the Space were waiting' });
  }
}

/** Milliseconds since the epoch. */
const madeAt = ({ metadata, spec }: Notification): number => Date.parse(metadata.creationTimestamp ?? spec.time);

function conditionOf({ reason, message }: End): NonNullable<Status['conditions']>[number] {
  const status = reason === 'Delivered' ? 'True' : reason === 'Pending' ? 'Unknown' : 'False';
  return { type: 'Succeeded', status, reason, message };
}
