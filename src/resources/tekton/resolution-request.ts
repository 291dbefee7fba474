/** resolution.tekton.dev/v1beta1 ResolutionRequest: asks a resolver for a definition that is elsewhere. */

import { conditionSchema, isFinal } from '../condition.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { admitResolutionRequest } from './admission.ts';
import { paramsSchema } from './param.ts';
import { refSourceSchema } from './reference.ts';

const succeeded = ".status.conditions[?(@.type=='Succeeded')]";

const body = {
  spec: s.object({
    params: paramsSchema,
    url: s.describe('Where a resolver that goes by URLs looks.', s.optional(s.string())),
  }),
  status: s.optional(
    s.object(
      {
        conditions: s.describe('`Succeeded` says how the request stands.', s.optional(s.array(conditionSchema))),
        data: s.describe('The definition, in base64.', s.optional(s.string())),
        source: s.describe('Older name of refSource.', s.optional(refSourceSchema)),
        refSource: s.describe('Where the definition came from.', s.optional(refSourceSchema)),
        observedGeneration: s.describe('The generation that this status is of.', s.optional(s.integer())),
        annotations: s.describe('Further notes on the definition.', s.optional(s.map(s.string()))),
      },
      { open: true },
    ),
  ),
};

export type ResolutionRequest = Resource<typeof body>;
export const ResolutionRequest: Kind<ResolutionRequest> = defineKind({
  group: 'resolution.tekton.dev',
  version: 'v1beta1',
  kind: 'ResolutionRequest',
  categories: ['tekton', 'tekton-pipelines'],
  columns: [
    { name: 'OwnerKind', type: 'string', jsonPath: '.metadata.ownerReferences[0].kind' },
    { name: 'Owner', type: 'string', jsonPath: '.metadata.ownerReferences[0].name' },
    { name: 'Succeeded', type: 'string', jsonPath: `${succeeded}.status` },
    { name: 'Reason', type: 'string', jsonPath: `${succeeded}.reason` },
    { name: 'StartTime', type: 'string', jsonPath: '.metadata.creationTimestamp' },
    { name: 'EndTime', type: 'string', jsonPath: `${succeeded}.lastTransitionTime` },
  ],
  body,
  admit: admitResolutionRequest,
  finished: isFinal,
});
