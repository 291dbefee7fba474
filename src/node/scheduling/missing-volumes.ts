/** What a Pod's volumes lack at this moment, and whose coming or changing to wait for. */

import type { Client } from '../../client/client.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { ConfigMap, Secret } from '../../resources/core/kinds.ts';
import type { Pod } from '../../resources/core/pod.ts';
import { PersistentVolumeClaim } from '../../resources/core/volumes.ts';
import { isKfsOwnPod } from '../../resources/tekton/kfs-own.ts';
import { readVolumeReferences } from '../pods/plan/references.ts';
import { claimsOf } from '../volumes/pod-claims.ts';
import type { FollowedObject } from './followed-objects.ts';
import { sourcesOf, unbound, unmountable, unusable } from './mountable.ts';

export interface MissingVolumes {
  /** Lacks of claims, in the scheduler's words, or else of secrets and config maps, in the kubelet's. */
  readonly kind: 'claims' | 'sources';
  readonly message: string;
  /** Nothing is amiss: a volume is being made. */
  readonly passing: boolean;
  readonly objects: readonly FollowedObject[];
}

/** The Pod's volumes cannot be mounted yet: nothing of it was started. */
export class VolumesMissing extends Error {
  override readonly name = 'VolumesMissing';
}

/** Whether the Pod has volumes that it would wait for. Kf's own controllers make such objects first: what is missing never comes. */
export const hasAwaitable = (pod: Pod): boolean =>
  pod.spec.volumes !== undefined &&
  !isKfsOwnPod(pod) &&
  pod.spec.volumes.some((volume) => volume.persistentVolumeClaim !== undefined || sourcesOf(volume).length > 0);

/** Undefined where nothing is missing. */
export async function missingVolumes(client: Client, pod: Pod): Promise<MissingVolumes | undefined> {
  const { namespace = '' } = pod.metadata;
  const [claims, references] = await Promise.all([
    Promise.all(
      claimsOf(pod).map(
        async (name) => [name, await getIfExists(client, PersistentVolumeClaim, { namespace, name })] as const,
      ),
    ),
    readVolumeReferences(client, pod),
  ]);
  const bad = claims.flatMap(([name, claim]) => {
    const problem = unusable(name, claim);
    return problem === undefined ? [] : [{ name, problem }];
  });
  const { volumes = [] } = pod.spec;
  const unmounted = volumes.flatMap((volume) => {
    const problem = unmountable(volume, references);
    return problem === undefined ? [] : [{ volume, problem }];
  });
  const objects = [
    ...bad.map(({ name }): FollowedObject => ({ kind: PersistentVolumeClaim, namespace, name })),
    ...unmounted.flatMap(({ volume }) =>
      sourcesOf(volume).map(
        ({ what, name }): FollowedObject => ({ kind: what === 'secret' ? Secret : ConfigMap, namespace, name }),
      ),
    ),
  ];
  if (bad.length > 0) {
    const problems = [...new Set(bad.map(({ problem }) => problem))];
    const message = `0/1 nodes are available: ${problems.join(', ')}.`;
    return { kind: 'claims', message, passing: problems.every((problem) => problem === unbound), objects };
  }
  if (unmounted.length === 0) return undefined;
  const message = unmounted.map(({ problem }) => problem).join('; ');
  return { kind: 'sources', message, passing: false, objects };
}
