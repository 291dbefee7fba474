/**
 * What happened, in order, for watches. The newest events of each kind are in memory, all not yet compacted ones in the
 * database. A watcher is a position: it asks for what came after, and when there is nothing, waits to be woken. So a slow
 * watcher costs no memory, and one that falls behind the compaction is told so.
 */

import { deepFreeze } from '../resources/json.ts';
import type { KubeObject } from '../resources/meta.ts';
import { expired } from '../resources/status.ts';
import type { EventType } from './commit-queue.ts';
import type { StoreDatabase } from './database.ts';

/** What selectors see of an object. */
export interface Selectable {
  readonly labels: Readonly<Record<string, string>> | undefined;
  /** The kind's own selectable fields. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface StoreEvent {
  readonly revision: number;
  readonly type: EventType;
  /** The object after the change; for DELETED its last state with the revision of the deletion. */
  readonly object: KubeObject;
  /** How selectors saw the object before; undefined for ADDED. */
  readonly before: Selectable | undefined;
}

export interface EventPage {
  readonly events: readonly StoreEvent[];
  /** Everything up to here has been seen. */
  readonly position: number;
}

/** Flushed events of a kind that stay in memory, unless their objects are larger than so many bytes together. */
const kept = 100;
const keptBytes = 4 * 2 ** 20;

/** Events handed out at once. */
const pageSize = 100;

interface Ring {
  events: StoreEvent[];
  /** Bytes of each event's object, and their sum. */
  sizes: number[];
  bytes: number;
  /** The ring holds every event of its kind after this revision. */
  completeAfter: number;
}

export class EventLog {
  readonly #rings = new Map<string, Ring>();
  readonly #parked = new Map<string, Set<() => void>>();
  readonly #parkedForFlush = new Set<() => void>();
  #compacted: number;
  #closed = false;

  constructor(
    readonly database: StoreDatabase,
    /** Where this start began: earlier events are in the database only. */
    readonly startRevision: number,
    compactedRevision: number,
    readonly revisions: () => { readonly current: number; readonly flushed: number },
  ) {
    this.#compacted = compactedRevision;
  }

  get compactedRevision(): number {
    return this.#compacted;
  }

  /** @param bytes of the event's object */
  publish(kind: string, event: StoreEvent, bytes: number): void {
    const ring = this.#ring(kind);
    ring.events.push(event);
    ring.sizes.push(bytes);
    ring.bytes += bytes;
    if (ring.events.length >= 2 * kept || ring.bytes >= 2 * keptBytes) this.#trim(ring);
    wake(this.#parked.get(kind));
  }

  flushed(): void {
    // Large ones could not go before they were on disk.
    for (const ring of this.#rings.values()) if (ring.bytes >= 2 * keptBytes) this.#trim(ring);
    wake(this.#parkedForFlush);
  }

  compacted(revision: number): void {
    this.#compacted = Math.max(this.#compacted, revision);
  }

  /**
   * The next events of a kind after a position; none means that there are none yet.
   * @throws StatusError Expired
   */
  after(kind: string, position: number, flushedOnly = false): EventPage {
    const { current, flushed } = this.revisions();
    const until = flushedOnly ? flushed : current;
    const ring = this.#ring(kind);
    const events: StoreEvent[] = [];
    // A position within the ring is served even when the log on disk is compacted beyond it.
    if (position < ring.completeAfter) {
      if (position < this.#compacted) throw expired(position, this.#compacted);
      events.push(...this.#read(kind, position, ring.completeAfter));
    }
    for (let index = firstAfter(ring.events, position); index < ring.events.length; index++) {
      const event = ring.events[index] as StoreEvent;
      if (events.length >= pageSize || event.revision > until) break;
      events.push(event);
    }
    const seen = events.length < pageSize ? until : events.at(-1)?.revision;
    return { events, position: Math.max(position, seen ?? position) };
  }

  /** Resolves when there may be something new, or when the store closes. Returns a way to give up waiting. */
  wait(kind: string, flushedOnly = false): { readonly woken: Promise<void>; readonly cancel: () => void } {
    const parked = flushedOnly ? this.#parkedForFlush : this.#parkedOf(kind);
    let cancel = (): void => {};
    const woken = new Promise<void>((resolve) => {
      if (this.#closed) return resolve();
      parked.add(resolve);
      cancel = () => {
        parked.delete(resolve);
        resolve();
      };
    });
    return { woken, cancel };
  }

  get closed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
    for (const parked of this.#parked.values()) wake(parked);
    wake(this.#parkedForFlush);
  }

  #read(kind: string, since: number, until: number): StoreEvent[] {
    return this.database.logRows(kind, since, until, pageSize).map(([revision, type, before, body]) => ({
      revision,
      type: type as EventType,
      object: deepFreeze(JSON.parse(body) as KubeObject),
      before: before === null ? undefined : (JSON.parse(before) as Selectable),
    }));
  }

  #ring(kind: string): Ring {
    let ring = this.#rings.get(kind);
    if (ring === undefined) {
      ring = { events: [], sizes: [], bytes: 0, completeAfter: this.startRevision };
      this.#rings.set(kind, ring);
    }
    return ring;
  }

  /** Events that are not on disk yet must stay. */
  #trim(ring: Ring): void {
    const onDisk = firstAfter(ring.events, this.revisions().flushed);
    let excess = 0;
    let bytes = ring.bytes;
    while (excess < onDisk && (ring.events.length - excess > kept || bytes > keptBytes)) {
      bytes -= ring.sizes[excess] ?? 0;
      excess++;
    }
    if (excess === 0) return;
    ring.completeAfter = ring.events[excess - 1]?.revision ?? ring.completeAfter;
    ring.events = ring.events.slice(excess);
    ring.sizes = ring.sizes.slice(excess);
    ring.bytes = bytes;
  }

  #parkedOf(kind: string): Set<() => void> {
    let parked = this.#parked.get(kind);
    if (parked === undefined) {
      parked = new Set();
      this.#parked.set(kind, parked);
    }
    return parked;
  }
}

function wake(parked: Set<() => void> | undefined): void {
  if (parked === undefined || parked.size === 0) return;
  const all = [...parked];
  parked.clear();
  for (const resolve of all) resolve();
}

/** Index of the first event after a revision. */
function firstAfter(events: readonly StoreEvent[], revision: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle] as StoreEvent).revision > revision) high = middle;
    else low = middle + 1;
  }
  return low;
}
