/**
 * Writes Events, one after the other and not faster than a person reads, so that what they tell of never waits for them.
 * Kept in memory only: what was not written when the process ends is found again in the objects, or lost, as in Kubernetes.
 */

import type { Draft } from '../../client/client.ts';
import type { Timer } from '../../client/clock.ts';
import type { ControllerContext } from '../../client/controller.ts';
import { eventOf } from '../../resources/core/event-of.ts';
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
      // Written before; or its Space is gone.
      if (!isAlreadyExists(error) && !isNotFound(error)) onError?.(`events: ${event.metadata.name}`, error);
    }
  }
}
