/** core/v1 PersistentVolumeClaim and PersistentVolume: storage that outlives the Pods that use it. */

import { type FieldError, invalid } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { isDns1123Subdomain } from '../names.ts';
import { parseQuantity } from '../quantity.ts';
import * as s from '../schema.ts';

const accessModes = s.optional(s.array(s.string()));
const capacity = s.optional(s.map(s.quantity()));

const condition = s.object({
  type: s.string(),
  status: s.enumeration('True', 'False', 'Unknown'),
  reason: s.optional(s.string()),
  message: s.optional(s.string()),
  lastTransitionTime: s.optional(s.time()),
});

export const claimSpecSchema = s.object(
  {
    accessModes,
    resources: s.optional(s.object({ requests: capacity, limits: capacity })),
    storageClassName: s.optional(s.string()),
    volumeMode: s.optional(s.string()),
    volumeName: s.optional(s.string()),
  },
  { open: true },
);

const claimBody = {
  spec: claimSpecSchema,
  status: s.optional(
    s.object(
      {
        phase: s.optional(s.enumeration('Pending', 'Bound', 'Lost')),
        accessModes,
        capacity,
        /** `Provisioning` is False with the reason while there is no volume. */
        conditions: s.optional(s.keyed(['type'], condition)),
      },
      { open: true },
    ),
  ),
};
export type PersistentVolumeClaim = Resource<typeof claimBody>;

export const PersistentVolumeClaim: Kind<PersistentVolumeClaim> = defineKind({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  shortNames: ['pvc'],
  body: claimBody,
  // As Kubernetes' default class; an empty name asks for none.
  default: (claim) =>
    claim.spec.storageClassName === undefined
      ? { ...claim, spec: { ...claim.spec, storageClassName: storageClasses.capacity } }
      : claim,
  validate: ({ metadata, spec }) => [
    ...nameErrors(metadata.name),
    ...sizeErrors('spec.resources.requests', spec.resources?.requests),
  ],
});

const volumeBody = {
  spec: s.object(
    {
      accessModes,
      capacity,
      claimRef: s.optional(
        s.object(
          { namespace: s.optional(s.string()), name: s.optional(s.string()), uid: s.optional(s.string()) },
          { open: true },
        ),
      ),
      hostPath: s.optional(s.object({ path: s.string(), type: s.optional(s.string()) })),
      /** Of a volume that the node has made: its folder on the node. */
      local: s.optional(s.object({ path: s.string(), fsType: s.optional(s.string()) })),
      persistentVolumeReclaimPolicy: s.optional(s.enumeration('Retain', 'Delete', 'Recycle')),
      storageClassName: s.optional(s.string()),
      volumeMode: s.optional(s.string()),
    },
    { open: true },
  ),
  status: s.optional(
    s.object(
      {
        phase: s.optional(s.enumeration('Pending', 'Available', 'Bound', 'Released', 'Failed')),
        message: s.optional(s.string()),
        reason: s.optional(s.string()),
      },
      { open: true },
    ),
  ),
};
export type PersistentVolume = Resource<typeof volumeBody>;

export const PersistentVolume: Kind<PersistentVolume> = defineKind({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  shortNames: ['pv'],
  scope: 'Cluster',
  body: volumeBody,
  validate: ({ metadata, spec }) => [...nameErrors(metadata.name), ...sizeErrors('spec.capacity', spec.capacity)],
});

/** Names become names of folders on the node. */
const nameErrors = (name: string): readonly FieldError[] =>
  isDns1123Subdomain(name) ? [] : [invalid('metadata.name', name, 'must be a lowercase RFC 1123 subdomain')];

function sizeErrors(field: string, sizes: Readonly<Record<string, string>> = {}): readonly FieldError[] {
  const { storage } = sizes;
  if (storage === undefined) return [];
  const value = parseQuantity(storage);
  return value !== undefined && value > 0
    ? []
    : [invalid(`${field}.storage`, storage, 'must be a quantity above 0, like 10Gi')];
}

/** Storage classes that the node provides. */
export const storageClasses = {
  /** A file system of the requested size, made by the node and removed with the claim. */
  capacity: 'kf-capacity',
  /** A directory of the host that the administrator has allowed; never made, changed or removed. */
  hostPath: 'kf-host-path',
} as const;

type StorageClass = (typeof storageClasses)[keyof typeof storageClasses];

/**
 * The class that provides for a claim; undefined: none is to. A class of somebody else's cluster stands for the one that
 * every machine has, so that manifests run as they are.
 */
export function classOf({ metadata, spec }: PersistentVolumeClaim): StorageClass | undefined {
  const { storageClassName, volumeName } = spec;
  const own = Object.values(storageClasses).find((name) => name === storageClassName);
  const isAnothers = volumeName !== undefined && volumeName !== `pvc-${metadata.uid}`;
  return own ?? (storageClassName === '' || isAnothers ? undefined : storageClasses.capacity);
}

/** On a claim of class kf-host-path: the directory. */
export const hostPathAnnotation = 'volumes.kf.dev/host-path';

/** On a volume of class kf-capacity, where nothing enforces its size: why. */
export const notEnforcedAnnotation = 'volumes.kf.dev/size-not-enforced';
