/** Claims that are made of a workspace's volumeClaimTemplate: named as Tekton names them, owned by the run. */

import { createHash } from 'node:crypto';
import type { Client, Draft } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { PersistentVolumeClaim } from '../../resources/core/volumes.ts';
import { controllerRef, type KubeObject, refOf } from '../../resources/meta.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import type { WorkspaceBinding } from '../../resources/tekton/workspace.ts';

/** `NAME-HASH`, of the template's name (default `pvc`), the workspace and the run. */
export function claimName({ name, volumeClaimTemplate }: WorkspaceBinding, ownerUid: string): string {
  const hash = createHash('sha256').update(`${name}${ownerUid}`).digest('hex').slice(0, 10);
  return `${volumeClaimTemplate?.metadata?.name || 'pvc'}-${hash}`;
}

/** The binding with the claim that its template stands for; any other binding as it is. */
export function boundToClaim(binding: WorkspaceBinding, ownerUid: string): WorkspaceBinding {
  if (binding.volumeClaimTemplate === undefined) return binding;
  const { volumeClaimTemplate: _, ...rest } = binding;
  return { ...rest, persistentVolumeClaim: { claimName: claimName(binding, ownerUid) } };
}

function claimOf(binding: WorkspaceBinding, owner: KubeObject): Draft<PersistentVolumeClaim> {
  const { metadata = {}, spec = {} } = binding.volumeClaimTemplate ?? {};
  return {
    metadata: {
      name: claimName(binding, owner.metadata.uid ?? ''),
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ownerReferences: [controllerRef(owner)],
    },
    spec: spec as PersistentVolumeClaim['spec'],
  };
}

/** Makes the claims of all templates that are not there yet. @throws StatusError, Invalid where a template is wrong */
export async function makeClaims(
  client: Client,
  bindings: readonly WorkspaceBinding[] | undefined,
  owner: KubeObject,
): Promise<void> {
  for (const binding of bindings ?? []) {
    if (binding.volumeClaimTemplate === undefined) continue;
    const ref = { ...refOf(owner), name: claimName(binding, owner.metadata.uid ?? '') };
    if ((await getIfExists(client, PersistentVolumeClaim, ref)) !== undefined) continue;
    try {
      await client.create(PersistentVolumeClaim, claimOf(binding, owner));
    } catch (error) {
      // The name has the run's uid in it: it is ours.
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
