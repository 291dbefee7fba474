/**
 * Writes Events, one after the other and not faster than a person reads, so that what they tell of never waits for them.
 * Kept in memory only: what was not written when the process ends is found again in the objects, or lost, as in Kubernetes.
 */

import { createHash } from 'node:crypto';
import type { Draft } from '../../client/client.ts';
import { rfc3339, type Timer } from '../../client/clock.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { Event } from '../../resources/core/kinds.ts';
import type { KubeObject } from '../../resources/meta.ts';
import { isAlreadyExists, isNotFound } from '../../resources/status.ts';
import type { Occurrence } from './occurrence.ts';

/** Milliseconds between two writes. */
const pace = 50;
/** Events that wait; above it the oldest are left out. */
const most = 500;

export class EventWriter {
  readonly #options: ControllerContext;
  readonly #queue: Draft<Event>[] = [];
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #stopped = false;

  constructor(options: ControllerContext) {
    this.#options = options;
  }

  /** To be written some time soon. */
  add(object: KubeObject, occurrence: Occurrence): void {
    this.#queue.push(eventOf(object, occurrence, this.#options.clock.now()));
    if (this.#queue.length > most) this.#queue.shift();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#writing;
  }

  #schedule(): void {
    if (this.#stopped || this.#timer !== undefined || this.#writing !== undefined || this.#queue.length === 0) return;
    this.#timer = this.#options.clock.after(pace, () => {
      this.#timer = undefined;
      this.#writing = this.#write().finally(() => {
        this.#writing = undefined;
        this.#schedule();
      });
    });
  }

  async #write(): Promise<void> {
    const { client, onError } = this.#options;
    const event = this.#queue.shift();
    if (event === undefined) return;
    try {
      await client.create(Event, event);
    } catch (error) {
      // Told before, or of something that went with its Space.
      if (!isAlreadyExists(error) && !isNotFound(error)) onError?.(`events: ${event.metadata.name}`, error);
    }
  }
}

const component = 'kf';

/** Its name follows from what has happened, so that it is told once. Cluster-scoped objects have theirs in `default`. */
function eventOf(object: KubeObject, occurrence: Occurrence, now: number): Draft<Event> {
  const { apiVersion, kind, metadata } = object;
  const { name, namespace, uid = '', resourceVersion = '' } = metadata;
  const { type, reason, message, key, fieldPath } = occurrence;
  const hash = createHash('sha1')
    .update(`${uid} ${reason} ${fieldPath ?? ''} ${key}`)
    .digest('hex')
    .slice(0, 16);
  const time = rfc3339(now);
  return {
    metadata: { name: `${name.slice(0, 230)}.${hash}`, namespace: namespace ?? 'default' },
    involvedObject: {
      apiVersion,
      kind,
      name,
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      ...(fieldPath === undefined ? {} : { fieldPath }),
    },
    type,
    reason,
    message,
    source: { component },
    reportingComponent: component,
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  };
}
