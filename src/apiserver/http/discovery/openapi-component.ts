/** The OpenAPI schema of a resource. */

import type { JsonSchema } from '../../../resources/schema.ts';
import { groupVersionOf, type ServedResource } from '../catalog.ts';
import { objectMetaRef } from './openapi-meta.ts';

export function componentOf(resource: ServedResource): JsonSchema | object {
  const { stored, kind, group, version } = resource;
  const schema: JsonSchema = stored?.kind.schema ?? { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    ...schema,
    description: schema.description ?? `${kind} is a resource of ${groupVersionOf({ group, version })}.`,
    properties: {
      apiVersion: { type: 'string', description: 'APIVersion defines the versioned schema of this object.' },
      kind: { type: 'string', description: 'Kind is the REST resource this object represents.' },
      metadata: { description: "Standard object's metadata.", allOf: [{ $ref: objectMetaRef }] },
      ...schema.properties,
    },
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
  };
}
