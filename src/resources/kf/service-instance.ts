/** kf.dev/v1alpha1 ServiceInstance: credentials that a user provides, or a volume. */

import { conditionSchema } from '../condition.ts';
import { type FieldError, forbidden, required } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { nameErrors, ofComponent } from './kf-object.ts';

const body = {
  spec: s.object({
    userProvided: s.describe(
      'Credentials of a service that runs elsewhere.',
      s.optional(
        s.object({
          routeServiceURL: s.optional(s.string()),
          mockClassName: s.describe('Class shown instead of user-provided.', s.optional(s.string())),
          mockPlanName: s.optional(s.string()),
        }),
      ),
    ),
    volume: s.describe(
      'A folder that Tasks share: one that the server makes (capacity), or one of the host (path).',
      s.optional(
        s.object({
          className: s.withDefault(s.string(), 'volume'),
          planName: s.optional(s.string()),
        }),
      ),
    ),
    tags: s.optional(s.array(s.string())),
    parametersFrom: s.describe(
      'The Secret whose key `params` is a JSON object: credentials, or the settings of the volume.',
      s.object({ name: s.string({ minLength: 1 }) }),
    ),
    deleteRequests: s.optional(s.integer({ minimum: 0 })),
  }),
  status: s.optional(
    s.object({
      conditions: s.optional(s.keyed(['type'], conditionSchema)),
      observedGeneration: s.optional(s.integer()),
      serviceTypeDescription: s.describe('`user-provided` or `volume`.', s.optional(s.string())),
      secretName: s.optional(s.string()),
      tags: s.optional(s.array(s.string())),
      className: s.optional(s.string()),
      planName: s.optional(s.string()),
      routeServiceURL: s.optional(s.string()),
      paramsVersion: s.describe(
        'resourceVersion of the Secret of parameters that the status was made from. Added by kf-tasks.',
        s.optional(s.string()),
      ),
      volumeStatus: s.optional(
        s.object({
          persistentVolumeName: s.optional(s.string()),
          persistentVolumeClaimName: s.optional(s.string()),
          warning: s.describe('What is not as one may expect. Added by kf-tasks.', s.optional(s.string())),
        }),
      ),
    }),
  ),
};

export type ServiceInstance = Resource<typeof body>;

export const ServiceInstance: Kind<ServiceInstance> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'ServiceInstance',
  categories: ['all', 'kf'],
  columns: [
    { name: 'Type', type: 'string', jsonPath: '.status.serviceTypeDescription' },
    { name: 'ClassName', type: 'string', jsonPath: '.status.className' },
    { name: 'PlanName', type: 'string', jsonPath: '.status.planName' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
  ],
  body,
  default: ofComponent('serviceinstance'),
  validate: validateInstance,
});

function validateInstance(instance: ServiceInstance, old?: ServiceInstance): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { metadata, spec } = instance;
  errors.push(...nameErrors(metadata.name));
  const types = (['userProvided', 'volume'] as const).filter((type) => spec[type] !== undefined);
  if (types.length !== 1)
    errors.push(
      required(
        'spec',
        types.length === 0
          ? 'expected exactly one, got neither: spec.userProvided, spec.volume'
          : 'expected exactly one, got both: spec.userProvided, spec.volume',
      ),
    );
  if (old === undefined) return errors;
  if ((old.spec.volume === undefined) !== (spec.volume === undefined))
    errors.push(forbidden('spec', 'the type of a service cannot be changed'));
  else if (spec.volume !== undefined && spec.parametersFrom.name !== old.spec.parametersFrom.name)
    errors.push(forbidden('spec.parametersFrom', 'Immutable fields changed: a volume stays what it is'));
  return errors;
}
