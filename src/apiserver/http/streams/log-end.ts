/** Tells when nothing more can be added to an object's log. */

import type { AnyKind } from '../../../client/client.ts';
import type { KubeObject } from '../../../resources/meta.ts';
import { isExpired } from '../../../resources/status.ts';
import type { ReadApi } from '../read-api.ts';

/**
 * Fires once the object `isOver`, has gone, or was replaced by another of its name.
 * `stop` ends the watching; `clientGone` does, too.
 */
export function endOf(
  reads: ReadApi,
  kind: AnyKind,
  object: KubeObject,
  isOver: (latest: KubeObject) => boolean,
  clientGone: AbortSignal,
): { readonly signal: AbortSignal; stop(): void } {
  const ended = new AbortController();
  const stopped = new AbortController();
  const stop = (): void => {
    clientGone.removeEventListener('abort', stop);
    stopped.abort();
  };
  clientGone.addEventListener('abort', stop, { once: true });
  if (isOver(object)) ended.abort();
  else
    void watchToEnd(reads, kind, object, isOver, stopped.signal)
      .then(() => ended.abort())
      // Better to end the log than to hang for ever.
      .catch(() => ended.abort());
  return { signal: ended.signal, stop };
}

async function watchToEnd(
  reads: ReadApi,
  kind: AnyKind,
  { metadata: { namespace, name, uid } }: KubeObject,
  isOver: (latest: KubeObject) => boolean,
  signal: AbortSignal,
): Promise<void> {
  const fieldSelector = `metadata.name=${name}`;
  while (!signal.aborted) {
    const { items, resourceVersion } = await reads.list(kind, { namespace, fieldSelector });
    const [current] = items;
    if (current === undefined || current.metadata.uid !== uid || isOver(current)) return;
    try {
      for await (const event of reads.watch(kind, { namespace, fieldSelector, resourceVersion, signal })) {
        if (event.type === 'BOOKMARK') continue;
        if (event.type === 'DELETED' || event.object.metadata.uid !== uid || isOver(event.object)) return;
      }
    } catch (error) {
      if (!isExpired(error)) throw error;
    }
  }
}
