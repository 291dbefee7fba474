/** The PersistentVolume of a claim. Pure. */

import { classOf, notEnforcedAnnotation, type PersistentVolumeClaim } from '../../resources/core/volumes.ts';

/** The object goes when what it stands for has gone. */
export const volumeFinalizer = 'volumes.kf.dev/provisioner';

/** As Kubernetes' provisioners name them. */
export const volumeNameOf = (claim: PersistentVolumeClaim): string => `pvc-${claim.metadata.uid}`;

/**
 * @param hostPath undefined: a file system of the node's making
 * @param notEnforced why nothing limits its size
 */
export function volumeOf(claim: PersistentVolumeClaim, hostPath: string | undefined, notEnforced: string | undefined) {
  const { namespace, name, uid } = claim.metadata;
  const { accessModes = [], resources } = claim.spec;
  const isHostPath = hostPath !== undefined;
  return {
    metadata: {
      name: volumeNameOf(claim),
      finalizers: [volumeFinalizer],
      ...(isHostPath || notEnforced === undefined ? {} : { annotations: { [notEnforcedAnnotation]: notEnforced } }),
    },
    spec: {
      accessModes,
      capacity: resources?.requests ?? {},
      storageClassName: classOf(claim) ?? '',
      volumeMode: 'Filesystem',
      persistentVolumeReclaimPolicy: isHostPath ? ('Retain' as const) : ('Delete' as const),
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        name,
        ...(namespace === undefined ? {} : { namespace }),
        ...(uid === undefined ? {} : { uid }),
      },
      ...(isHostPath ? { hostPath: { path: hostPath } } : { local: { path: volumeNameOf(claim), fsType: 'ext4' } }),
    },
  };
}
