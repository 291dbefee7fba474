/** Waits for an object to be as expected, by watching. */

import type { AnyKind, Client } from '../../src/client/client.ts';
import type { ObjectOf } from '../../src/resources/kind.ts';
import type { ObjectRef } from '../../src/resources/meta.ts';

export async function untilObject<K extends AnyKind>(
  client: Client,
  kind: K,
  { namespace, name }: ObjectRef,
  accepts: (object: ObjectOf<K>) => boolean,
): Promise<ObjectOf<K>> {
  const abort = new AbortController();
  const options = {
    ...(namespace === undefined ? {} : { namespace }),
    fieldSelector: `metadata.name=${name}`,
    signal: abort.signal,
  };
  for await (const { type, object } of client.watch(kind, options))
    if (type !== 'DELETED' && accepts(object)) {
      abort.abort();
      return object;
    }
  throw new Error(`the watch of ${kind.kind} ${name} ended before it was as expected`);
}
