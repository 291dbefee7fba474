/** A claim that was made a moment ago gets its volume a moment later: who needs it waits for that. */

import type { Client } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { classOf, PersistentVolumeClaim } from '../../resources/core/volumes.ts';
import type { ObjectRef } from '../../resources/meta.ts';

/** Milliseconds. Making a file system takes a part of a second. */
const longest = 60_000;

/** Whether nothing will come of waiting: it has its volume, or goes, or is of no class of ours, or was refused one. */
export const isSettled = (claim: PersistentVolumeClaim): boolean =>
  claim.spec.volumeName !== undefined ||
  claim.metadata.deletionTimestamp !== undefined ||
  classOf(claim) === undefined ||
  claim.status?.conditions?.some((condition) => condition.type === 'Provisioning' && condition.status === 'False') ===
    true;

/** The claim once it is settled, or as it is after a minute; undefined when there is none. */
export async function boundClaim(
  client: Client,
  clock: Clock,
  ref: ObjectRef,
): Promise<PersistentVolumeClaim | undefined> {
  const claim = await getIfExists(client, PersistentVolumeClaim, ref);
  if (claim === undefined || isSettled(claim)) return claim;
  const abort = new AbortController();
  const timer = clock.after(longest, () => abort.abort());
  const { namespace, name } = ref;
  try {
    const events = client.watch(PersistentVolumeClaim, {
      ...(namespace === undefined ? {} : { namespace }),
      fieldSelector: `metadata.name=${name}`,
      signal: abort.signal,
    });
    for await (const { type, object } of events) {
      if (type === 'DELETED') return undefined;
      if (isSettled(object)) return object;
    }
  } finally {
    timer.cancel();
    abort.abort();
  }
  return getIfExists(client, PersistentVolumeClaim, ref);
}
