/** What Kubernetes does for some core kinds beyond their schema: what creation fills in, what never changes. Pure. */

import { type FieldError, forbidden } from '../resources/field-error.ts';
import { isJsonObject, jsonEqual } from '../resources/json.ts';
import type { KubeObject } from '../resources/meta.ts';
import { sameAsInGo } from '../resources/same-as-in-go.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects of whatever kind, looked into by name
type AnyObject = any;

export interface Strategy {
  /** Fills in what the server says of a new object. */
  readonly create?: (object: AnyObject) => AnyObject;
  /** What an update cannot touch. */
  readonly keep?: (object: AnyObject, stored: AnyObject) => AnyObject;
  readonly validateUpdate?: (object: AnyObject, stored: AnyObject) => readonly FieldError[];
}

const none: Strategy = {};

const namespaceStrategy: Strategy = {
  create: (namespace) => ({
    ...namespace,
    metadata: {
      ...namespace.metadata,
      labels: { ...namespace.metadata.labels, 'kubernetes.io/metadata.name': namespace.metadata.name },
    },
    // The namespace stays until the garbage collector has emptied it and takes this away.
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  }),
  keep: (namespace, stored) => ({ ...namespace, spec: stored.spec }),
};

const podStrategy: Strategy = {
  create: (pod) => ({ ...pod, status: { phase: 'Pending' } }),
  keep: (pod, stored) =>
    isWrittenBack(pod.spec, stored.spec) ? { ...pod, spec: changed(stored.spec, pod.spec) } : pod,
  validateUpdate: (pod, stored) =>
    jsonEqual(fixedPodSpec(pod.spec, stored.spec), stored.spec)
      ? []
      : [
          forbidden(
            'spec',
            'pod updates may not change fields other than `spec.containers[*].image`, `spec.activeDeadlineSeconds`, `spec.terminationGracePeriodSeconds`, `spec.tolerations`, and `spec.nodeName` once',
          ),
        ],
};

/** Whether a program in Go has written a Pod back, with empty fields that were absent, and changed only what may be. */
const isWrittenBack = (spec: AnyObject, stored: AnyObject): boolean =>
  Array.isArray(spec?.containers) &&
  spec.containers.length === stored.containers.length &&
  spec.containers.every(isJsonObject) &&
  sameAsInGo(fixedPodSpec(spec, stored), stored);

/** The stored spec with what may change of it. */
function changed(stored: AnyObject, spec: AnyObject): AnyObject {
  const { nodeName, activeDeadlineSeconds, terminationGracePeriodSeconds, tolerations } = spec;
  const containers = stored.containers.map((container: AnyObject, index: number) => ({
    ...container,
    image: spec.containers[index].image,
  }));
  return { ...stored, containers, nodeName, activeDeadlineSeconds, terminationGracePeriodSeconds, tolerations };
}

/** The updated spec with everything that may change put back, so that the rest can be compared. */
function fixedPodSpec(spec: AnyObject, stored: AnyObject): AnyObject {
  const containers = spec.containers.map((container: AnyObject, index: number) => ({
    ...container,
    image: stored.containers[index]?.image,
  }));
  return {
    ...spec,
    containers,
    nodeName: stored.nodeName === undefined ? undefined : spec.nodeName,
    activeDeadlineSeconds: stored.activeDeadlineSeconds,
    terminationGracePeriodSeconds: stored.terminationGracePeriodSeconds,
    tolerations: stored.tolerations,
  };
}

const immutableData =
  (fields: readonly string[]) =>
  (object: AnyObject, stored: AnyObject): readonly FieldError[] =>
    stored.immutable !== true
      ? []
      : [...fields, 'immutable']
          .filter((field) => !jsonEqual(object[field], stored[field]))
          .map((field) => forbidden(field, 'field is immutable when `immutable` is set'));

const secretStrategy: Strategy = {
  validateUpdate: (secret, stored) => [
    ...(secret.type === stored.type ? [] : [forbidden('type', 'field is immutable')]),
    ...immutableData(['data'])(secret, stored),
  ],
};

const claimStrategy: Strategy = {
  create: (claim) => ({ ...claim, status: { phase: 'Pending' } }),
  validateUpdate: (claim, stored) => {
    const { volumeName: _, resources: __, ...fixed } = stored.spec;
    const { volumeName, resources: ___, ...given } = claim.spec;
    const sameVolume = stored.spec.volumeName === undefined || volumeName === stored.spec.volumeName;
    return sameVolume && jsonEqual(fixed, given)
      ? []
      : [forbidden('spec', 'spec is immutable after creation except resources.requests and volumeName once')];
  },
};

const volumeStrategy: Strategy = {
  create: (volume) => ({ ...volume, status: { phase: 'Available' } }),
  validateUpdate: (volume, stored) =>
    jsonEqual(volume.spec.hostPath, stored.spec.hostPath) && jsonEqual(volume.spec.local, stored.spec.local)
      ? []
      : [forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')],
};

const strategies: Readonly<Record<string, Strategy>> = {
  Namespace: namespaceStrategy,
  Pod: podStrategy,
  Secret: secretStrategy,
  PersistentVolumeClaim: claimStrategy,
  PersistentVolume: volumeStrategy,
  ConfigMap: { validateUpdate: immutableData(['data', 'binaryData']) },
};

export const strategyOf = (kind: { readonly group: string; readonly kind: string }): Strategy =>
  (kind.group === '' ? strategies[kind.kind] : undefined) ?? none;

/** Whether nothing is in the way of an object that is being deleted: no finalizer, no grace period, no content. */
export function mayGo(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers, deletionGracePeriodSeconds } = object.metadata;
  return (
    deletionTimestamp !== undefined &&
    (finalizers ?? []).length === 0 &&
    (deletionGracePeriodSeconds ?? 0) === 0 &&
    contentFinalizers(object).length === 0
  );
}

/** What a Namespace's content holds it by. */
export function contentFinalizers(object: KubeObject): readonly string[] {
  if (object.kind !== 'Namespace' || object.apiVersion !== 'v1') return [];
  return (object as AnyObject).spec?.finalizers ?? [];
}
