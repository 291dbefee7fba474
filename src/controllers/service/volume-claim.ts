/** The PersistentVolumeClaim of a volume service, and what a binding makes of it. */

import type { Client, Draft } from '../../client/client.ts';
import { getChild } from '../../client/get-if-exists.ts';
import type { ConditionDraft } from '../../resources/condition.ts';
import { hostPathAnnotation, PersistentVolumeClaim, storageClasses } from '../../resources/core/volumes.ts';
import { errorMessage } from '../../resources/errors.ts';
import type { ServiceInstance } from '../../resources/kf/service-instance.ts';
import type { ServiceInstanceBinding } from '../../resources/kf/service-instance-binding.ts';
import { readMountParams, readVolumeParams } from '../../resources/kf/volume-params.ts';
import { labels } from '../../resources/labels.ts';
import { controllerRef, isControlledBy, refOf } from '../../resources/meta.ts';
import { isAlreadyExists } from '../../resources/status.ts';
import type { Params } from './params.ts';

/** What a claim must name where its size has no meaning. */
const anySize = '1Gi';

const backing = (status: ConditionDraft['status'], reason: string, message: string): ConditionDraft => ({
  type: 'BackingResourceReady',
  status,
  reason,
  message,
});

/** The claim, or why there is none. */
export async function ensureClaim(
  client: Client,
  instance: ServiceInstance,
  params: Params,
): Promise<PersistentVolumeClaim | ConditionDraft> {
  let wanted: Draft<PersistentVolumeClaim>;
  try {
    wanted = claimOf(instance, params);
  } catch (error) {
    return backing('False', 'InvalidParameters', errorMessage(error));
  }
  const claim = await getChild(client, PersistentVolumeClaim, refOf(instance), instance);
  if (claim !== undefined && isControlledBy(claim, instance)) return claim;
  if (claim !== undefined)
    return backing(
      'False',
      'NotOwned',
      `There is an existing PersistentVolumeClaim "${claim.metadata.name}" that we do not own.`,
    );
  try {
    return await client.create(PersistentVolumeClaim, wanted);
  } catch (error) {
    // A read that lagged; the claim's own event brings us back.
    if (!isAlreadyExists(error)) throw error;
    return backing('Unknown', 'CacheOutdated', 'reading the claim');
  }
}

/** @throws Error naming the parameter */
function claimOf(instance: ServiceInstance, params: Params): Draft<PersistentVolumeClaim> {
  const volume = readVolumeParams(params);
  const isHostPath = 'path' in volume;
  return {
    metadata: {
      ...refOf(instance),
      labels: { [labels.managedBy]: 'kf' },
      ...(isHostPath ? { annotations: { [hostPathAnnotation]: volume.path } } : {}),
      ownerReferences: [controllerRef(instance)],
    },
    spec: {
      accessModes: ['ReadWriteMany'],
      resources: { requests: { storage: isHostPath ? anySize : volume.capacity } },
      storageClassName: isHostPath ? storageClasses.hostPath : storageClasses.capacity,
      volumeMode: 'Filesystem',
    },
  };
}

export function volumeStatusOf(
  { spec }: ServiceInstance,
  claim: PersistentVolumeClaim | ConditionDraft,
): { readonly condition: ConditionDraft; readonly fields: NonNullable<ServiceInstance['status']> } {
  if (!('metadata' in claim)) return { condition: claim, fields: {} };
  const { metadata, status } = claim;
  const isHostPath = claim.spec.storageClassName === storageClasses.hostPath;
  const said = status?.conditions?.find(({ type }) => type === 'Provisioning');
  const fields = {
    planName: spec.volume?.planName || (isHostPath ? 'path' : 'capacity'),
    volumeStatus: {
      persistentVolumeClaimName: metadata.name,
      ...(claim.spec.volumeName === undefined ? {} : { persistentVolumeName: claim.spec.volumeName }),
      ...(said?.status === 'True' && said.message !== undefined ? { warning: said.message } : {}),
    },
  };
  if (status?.phase === 'Bound') return { condition: { type: 'BackingResourceReady', status: 'True' }, fields };
  if (said?.status === 'False')
    return { condition: backing('False', said.reason ?? 'Refused', said.message ?? ''), fields };
  return { condition: backing('Unknown', 'Provisioning', 'the volume is being made'), fields };
}

/** Where a binding has the volume appear. */
export function bindVolume(
  instance: ServiceInstance,
  params: Params,
): {
  readonly condition: ConditionDraft;
  readonly status?: NonNullable<NonNullable<ServiceInstanceBinding['status']>['volumeStatus']>;
} {
  const type = 'VolumeParamsPopulatedReady';
  try {
    const { mount, readOnly } = readMountParams(params);
    const { warning: _, ...volume } = instance.status?.volumeStatus ?? {};
    return { condition: { type, status: 'True' }, status: { ...volume, mount, readOnly } };
  } catch (error) {
    return {
      condition: { type, status: 'False', reason: 'InvalidParameters', message: errorMessage(error) },
    };
  }
}
