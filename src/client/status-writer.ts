/** Writes a status only when it says something new, so that reconciling a settled object writes nothing. */

import { jsonEqual } from '../resources/json.ts';
import type { ObjectOf } from '../resources/kind.ts';
import type { AnyKind, Client } from './client.ts';

/** The object as stored, with the new status or unchanged. @throws StatusError Conflict when it was read too early */
export async function writeStatus<K extends AnyKind>(
  client: Client,
  kind: K,
  object: ObjectOf<K>,
  status: NonNullable<ObjectOf<K>['status']>,
): Promise<ObjectOf<K>> {
  if (jsonEqual(status, object.status)) return object;
  return client.updateStatus(kind, { ...object, status });
}
