/** Makes the ServiceAccount `default` of every Namespace, as Kubernetes does: what people give secrets to. */

import type { Client } from '../../client/client.ts';
import {
  type ControllerContext,
  itself,
  mapped,
  type RunningController,
  startController,
} from '../../client/controller.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { Namespace, ServiceAccount } from '../../resources/core/kinds.ts';
import type { ObjectRef } from '../../resources/meta.ts';
import { isAlreadyExists } from '../../resources/status.ts';

const accountName = 'default';

export function startDefaultServiceAccountController(options: ControllerContext): RunningController {
  return startController({
    ...options,
    name: 'default-service-account',
    watches: [
      itself(Namespace),
      // One that somebody deletes is made again.
      mapped(ServiceAccount, ({ metadata: { name, namespace } }, gone) =>
        gone && name === accountName && namespace !== undefined ? [{ name: namespace }] : [],
      ),
    ],
    reconcile: (request) => reconcileNamespace(options.client, request),
  });
}

async function reconcileNamespace(client: Client, { name }: ObjectRef): Promise<void> {
  const namespace = await getIfExists(client, Namespace, { name });
  if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return;
  const ref = { namespace: name, name: accountName };
  if ((await getIfExists(client, ServiceAccount, ref)) !== undefined) return;
  try {
    await client.create(ServiceAccount, { metadata: ref });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
