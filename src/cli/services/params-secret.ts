/** The Secret that holds the parameters of a service or a binding, and goes with it. */

import type { Draft } from '../../client/client.ts';
import { Secret } from '../../resources/core/kinds.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, isControlledBy, type KubeObject, refOf } from '../../resources/meta.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import type { Context } from '../context.ts';
import { patiently } from '../wait/patience.ts';
import { pause } from '../wait/pause.ts';
import type { Params } from './params.ts';

/** How often, and after how many milliseconds, it is tried again while that of an earlier owner is being collected. */
const attempts = 100;
const interval = 100;

export async function createParamsSecret(
  context: Context,
  owner: KubeObject,
  name: string,
  params: Params,
): Promise<Secret> {
  const ref = { ...refOf(owner), name };
  const draft: Draft<Secret> = {
    metadata: { ...ref, labels: { [labels.managedBy]: 'kf' }, ownerReferences: [controllerRef(owner)] },
    type: 'Opaque',
    stringData: { params: JSON.stringify(params) },
  };
  for (let attempt = 1; ; attempt++) {
    try {
      return await patiently(context, (client) => client.create(Secret, draft));
    } catch (error) {
      if (!isAlreadyExists(error) || attempt >= attempts) throw error;
      // Ours, when the answer to an earlier attempt got lost.
      const existing = await patiently(context, (client) => client.get(Secret, ref)).catch(() => undefined);
      if (existing !== undefined && isControlledBy(existing, owner)) return existing;
      await pause(context.clock, interval);
    }
  }
}
