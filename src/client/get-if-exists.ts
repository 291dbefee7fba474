/** Reading an object that may not be there. */

import type { ObjectOf } from '../resources/kind.ts';
import { isControlledBy, type KubeObject, type ObjectRef } from '../resources/meta.ts';
import { isNotFound } from '../resources/status.ts';
import type { AnyKind, Client } from './client.ts';

export async function getIfExists<K extends AnyKind>(
  client: Client,
  kind: K,
  ref: ObjectRef,
): Promise<ObjectOf<K> | undefined> {
  try {
    return await client.get(kind, ref);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * As getIfExists, but never answers from a cache: an empty patch is a write, so the server itself says what exists.
 * For the rare decision that a lagging read would get wrong.
 */
export async function getFromServer<K extends AnyKind>(
  client: Client,
  kind: K,
  ref: ObjectRef,
): Promise<ObjectOf<K> | undefined> {
  try {
    return await client.patch(kind, ref, { type: 'merge', body: {} });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * The child of `owner` at `ref`; or what stands there in its place, as the server itself says: that one decides
 * whether the child can be made, so a lagging read is not enough.
 */
export async function getChild<K extends AnyKind>(
  client: Client,
  kind: K,
  ref: ObjectRef,
  owner: KubeObject,
): Promise<ObjectOf<K> | undefined> {
  const child = await getIfExists(client, kind, ref);
  return child === undefined || isControlledBy(child, owner) ? child : getFromServer(client, kind, ref);
}
