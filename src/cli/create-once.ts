/** Creates an object once, also when the answer to the first attempt got lost. */

import { randomUUID } from 'node:crypto';
import type { AnyKind, Draft } from '../client/client.ts';
import type { ObjectOf } from '../resources/kind.ts';
import type { KubeObject } from '../resources/meta.ts';
import { isAlreadyExists } from '../resources/status.ts';
import type { Context } from './context.ts';
import { Patience, patiently } from './wait/patience.ts';

/** Marks whose create it was, so that a repeated one finds its own object. */
const requestAnnotation = 'kf.dev/request';
/** Milliseconds for which a create is tried while the server is away. */
const createPatience = 10_000;

export interface Created<T> {
  readonly object: T;
  /** False when somebody else had taken the name before. */
  readonly isOurs: boolean;
}

/** @throws StatusError, UnreachableError */
export async function createOnce<K extends AnyKind>(
  context: Context,
  kind: K,
  draft: Draft<ObjectOf<K>> & { readonly metadata: { readonly namespace: string; readonly name: string } },
): Promise<Created<ObjectOf<K>>> {
  const { namespace, name, annotations } = draft.metadata;
  const requestId = randomUUID();
  const marked = {
    ...draft,
    metadata: { ...draft.metadata, annotations: { ...annotations, [requestAnnotation]: requestId } },
  };
  const patience = new Patience(context, createPatience);
  for (;;) {
    try {
      const client = await context.connection({ mayStart: false });
      return { object: await client.create(kind, marked), isOurs: true };
    } catch (error) {
      if (!isAlreadyExists(error)) {
        await patience.bear(error);
        continue;
      }
      const object: ObjectOf<K> = await patiently(context, (client) => client.get(kind, { namespace, name }));
      return { object, isOurs: (object as KubeObject).metadata.annotations?.[requestAnnotation] === requestId };
    }
  }
}
