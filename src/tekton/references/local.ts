/** What lies in the run's own namespace. */

import type { AnyKind, Client } from '../../client/client.ts';
import { getFromServer, getIfExists } from '../../client/get-if-exists.ts';
import type { KubeObject, ObjectRef } from '../../resources/meta.ts';
import { notFound } from '../../resources/status.ts';
import type { Found } from './reference.ts';

/** @throws StatusError NotFound, as the server itself says: a run fails for good where a Task is missing */
export async function findLocal(client: Client, kind: AnyKind, ref: ObjectRef): Promise<Found<unknown>> {
  const read = (await getIfExists(client, kind, ref)) ?? (await getFromServer(client, kind, ref));
  if (read === undefined) throw notFound(kind, ref.name);
  const { metadata, spec } = read as KubeObject & { readonly spec: unknown };
  const { name, labels = {}, annotations = {} } = metadata;
  return { state: 'found', spec, name, labels, annotations };
}
