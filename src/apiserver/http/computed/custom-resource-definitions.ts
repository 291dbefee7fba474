/** `customresourcedefinitions`: computed from the kinds, to be read only. */

import type { AnyKind } from '../../../client/client.ts';
import { crdOf } from '../../../resources/crd.ts';
import { defineKind, type Kind, type Resource } from '../../../resources/kind.ts';
import type { KubeObject } from '../../../resources/meta.ts';
import * as s from '../../../resources/schema.ts';
import type { ReadApi } from '../read-api.ts';
import { computed } from './computed.ts';

const body = { spec: s.anyObject(), status: s.optional(s.anyObject()) };
export type CustomResourceDefinition = Resource<typeof body>;
export const CustomResourceDefinition: Kind<CustomResourceDefinition> = defineKind({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  scope: 'Cluster',
  columns: [{ name: 'Created At', type: 'string', jsonPath: '.metadata.creationTimestamp' }],
  body,
});

/** Groups of Kubernetes itself end in k8s.io, or have no dot; everything else is a custom resource. */
const isCustom = (kind: AnyKind): boolean => kind.group.includes('.') && !kind.group.endsWith('.k8s.io');

/** As the API server shows an established CRD. */
function established(kind: AnyKind, createdAt: string): KubeObject {
  const crd = crdOf(kind);
  const condition = (type: string, reason: string, message: string) => ({
    type,
    status: 'True',
    lastTransitionTime: createdAt,
    reason,
    message,
  });
  const object = {
    ...crd,
    metadata: {
      ...crd.metadata,
      uid: `crd-${crd.metadata.name}`,
      resourceVersion: '1',
      generation: 1,
      creationTimestamp: createdAt,
    },
    status: {
      acceptedNames: crd.spec.names,
      storedVersions: [kind.version],
      conditions: [
        condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
        condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
      ],
    },
  };
  return object;
}

/** Reads of the CRDs; built when they are first asked for. They never change while the server runs. */
export function customResourceDefinitions(kinds: readonly AnyKind[]): ReadApi {
  let built: readonly KubeObject[] | undefined;
  return computed(() => {
    const createdAt = new Date().toISOString().replace(/\.\d{3}Z$/, 'Z');
    built ??= kinds.filter(isCustom).map((kind) => established(kind, createdAt));
    return built;
  });
}
