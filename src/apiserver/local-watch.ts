/** Watches over the store: a position that follows the log, seen through a selector. */

import type { AnyKind, WatchEvent } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import type { KubeObject } from '../resources/meta.ts';
import { expired } from '../resources/status.ts';
import type { StoreEvent } from '../store/event-log.ts';
import { kindKeyOf, type ObjectStore } from '../store/object-store.ts';
import type { ApiWatchEvent, ApiWatchOptions } from './api.ts';
import { parseRevision, readEntries, selectEntries, tooLarge } from './local-list.ts';
import { Selection } from './selection.ts';

/** Milliseconds between bookmarks. */
const bookmarkInterval = 60_000;

/** @throws StatusError Expired, before or during the watch */
export async function* watchStore(
  store: ObjectStore,
  kind: AnyKind,
  options: ApiWatchOptions,
  clock: Clock,
): AsyncGenerator<ApiWatchEvent> {
  const key = kindKeyOf(kind);
  const selection = new Selection(kind, options);
  const { signal, flushedOnly = false } = options;
  const since = parseRevision(options.resourceVersion);
  if (since !== undefined && since > store.revision) throw tooLarge(since, store.revision);
  const { compactedRevision } = store;
  if (since !== undefined && since < compactedRevision) throw expired(since, compactedRevision);
  let position = since ?? store.revision;
  if (since === undefined || options.sendInitialEvents === true) {
    position = store.revision;
    const objects = await readEntries(store, selectEntries(store, kind, selection, options));
    if (flushedOnly) await store.whenFlushed(position);
    for (const object of objects) {
      if (signal?.aborted) return;
      yield { type: 'ADDED', object };
    }
    if (options.sendInitialEvents === true)
      yield { type: 'BOOKMARK', resourceVersion: String(position), initialEventsEnd: true };
  }
  const alarm = new Alarm(options.allowBookmarks === true ? clock : undefined, signal);
  try {
    while (!signal?.aborted && !store.closed) {
      const page = store.eventsAfter(key, position, flushedOnly);
      for (const event of page.events) {
        const seen = through(selection, event);
        if (seen !== undefined) yield seen;
        if (signal?.aborted) return;
      }
      position = page.position;
      if (page.events.length > 0) continue;
      if (alarm.takeBookmark()) yield { type: 'BOOKMARK', resourceVersion: String(position) };
      else await alarm.wait(store.wait(key, flushedOnly));
    }
  } finally {
    alarm.stop();
  }
}

/** An event as a selector shows it: what enters the selection is added, what leaves it is deleted. */
function through(selection: Selection, event: StoreEvent): WatchEvent<KubeObject> | undefined {
  const { object, before } = event;
  const { name, namespace = '', labels } = object.metadata;
  const place = { name, namespace };
  const was =
    before !== undefined &&
    selection.matchesIndexed(place, () => before.labels) &&
    selection.matchesFieldValues(before.fields);
  const is =
    event.type !== 'DELETED' && selection.matchesIndexed(place, () => labels) && selection.matchesFields(object);
  if (is) return { type: was ? 'MODIFIED' : 'ADDED', object };
  return was ? { type: 'DELETED', object } : undefined;
}

/** Ends a wait when the signal fires or a bookmark is due. */
class Alarm {
  #due = false;
  #cancel: () => void = () => {};
  #timer: { cancel(): void } | undefined;
  readonly #wake = (): void => this.#cancel();

  constructor(
    readonly clock: Clock | undefined,
    readonly signal: AbortSignal | undefined,
  ) {
    signal?.addEventListener('abort', this.#wake, { once: true });
    this.#arm();
  }

  takeBookmark(): boolean {
    const due = this.#due;
    if (due) this.#arm();
    return due;
  }

  async wait({ woken, cancel }: { readonly woken: Promise<void>; readonly cancel: () => void }): Promise<void> {
    this.#cancel = cancel;
    if (this.signal?.aborted) cancel();
    await woken;
  }

  stop(): void {
    this.signal?.removeEventListener('abort', this.#wake);
    this.#timer?.cancel();
    this.#cancel();
  }

  #arm(): void {
    this.#due = false;
    this.#timer = this.clock?.after(bookmarkInterval, () => {
      this.#due = true;
      this.#cancel();
    });
  }
}
