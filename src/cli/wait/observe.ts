/** Follows one object through its changes, over broken connections and restarts of the server. */

import type { AnyKind } from '../../client/client.ts';
import type { ObjectOf } from '../../resources/kind.ts';
import type { ObjectRef } from '../../resources/meta.ts';
import { isExpired, isNotFound } from '../../resources/status.ts';
import type { Context } from '../context.ts';
import { Patience } from './patience.ts';
import { pause } from './pause.ts';

export interface ObserveOptions<K extends AnyKind> {
  /** The object as it is known already: only later states are given. */
  readonly from?: ObjectOf<K>;
  /** Milliseconds for which the server may be away. Default 60,000. */
  readonly patience?: number;
  readonly signal?: AbortSignal;
}

/**
 * Every state that can be seen, the latest always; undefined, and the end, when the object is gone or another one has
 * taken its name. Ends without it when the signal fires.
 * @throws UnreachableError
 */
export async function* observe<K extends AnyKind>(
  context: Context,
  kind: K,
  ref: ObjectRef,
  { from, patience: limit = 60_000, signal }: ObserveOptions<K> = {},
): AsyncIterable<ObjectOf<K> | undefined> {
  const patience = new Patience(context, limit);
  let known: ObjectOf<K> | undefined = from;
  let uid: string | undefined = from?.metadata.uid;
  while (!signal?.aborted) {
    try {
      const client = await context.connection({ mayStart: false });
      if (known === undefined) {
        const found: ObjectOf<K> = await client.get(kind, ref);
        patience.restored();
        if (uid !== undefined && found.metadata.uid !== uid) return yield undefined;
        uid = found.metadata.uid;
        yield found;
        known = found;
      }
      const { resourceVersion } = (known as ObjectOf<K>).metadata;
      const fieldSelector = `metadata.name=${ref.name}`;
      const { namespace } = ref;
      for await (const event of client.watch(kind, { namespace, fieldSelector, resourceVersion, signal })) {
        patience.restored();
        if (event.type === 'DELETED' || event.object.metadata.uid !== uid) return yield undefined;
        known = event.object;
        yield event.object;
      }
      // The watch was ended by the other side: what happened meanwhile is read, not guessed.
      known = undefined;
      await pause(context.clock, 50, signal);
    } catch (error) {
      if (signal?.aborted) return;
      known = undefined;
      if (isNotFound(error)) return yield undefined;
      if (!isExpired(error)) await patience.bear(error, signal);
    }
  }
}

/** The first state for which `wanted` holds; undefined when the object went or the signal fired. */
export async function waitFor<K extends AnyKind>(
  context: Context,
  kind: K,
  ref: ObjectRef,
  wanted: (object: ObjectOf<K>) => boolean,
  options: ObserveOptions<K> = {},
): Promise<ObjectOf<K> | undefined> {
  if (options.from !== undefined && wanted(options.from)) return options.from;
  for await (const object of observe(context, kind, ref, options)) {
    if (object === undefined || wanted(object)) return object;
  }
  return undefined;
}
