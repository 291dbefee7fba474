/** kf.dev/v1alpha1 ServiceInstanceBinding: a service that an App's Tasks get. */

import { conditionSchema } from '../condition.ts';
import { type FieldError, forbidden, invalid } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { labels } from '../labels.ts';
import { generateName, isDns1123Subdomain } from '../names.ts';
import * as s from '../schema.ts';

const named = s.object({ name: s.string({ minLength: 1 }) });

const body = {
  spec: s.object({
    app: named,
    instanceRef: named,
    parametersFrom: s.describe('The Secret whose key `params` is a JSON object.', named),
    bindingNameOverride: s.optional(s.string()),
    progressDeadlineSeconds: s.withDefault(s.integer({ minimum: 0 }), 1800),
    unbindRequests: s.optional(s.integer({ minimum: 0 })),
  }),
  status: s.optional(
    s.object({
      conditions: s.optional(s.keyed(['type'], conditionSchema)),
      observedGeneration: s.optional(s.integer()),
      bindingName: s.describe(
        'The name that VCAP_SERVICES gives it: the override, else the service’s.',
        s.optional(s.string()),
      ),
      credentialsSecretRef: s.optional(s.object({ name: s.string() })),
      tags: s.optional(s.array(s.string())),
      className: s.optional(s.string()),
      planName: s.optional(s.string()),
      paramsVersion: s.describe(
        'resourceVersion of the service’s Secret of parameters that the credentials were made from. Added by kf-tasks.',
        s.optional(s.string()),
      ),
      volumeStatus: s.optional(
        s.object({
          mount: s.optional(s.string()),
          readOnly: s.optional(s.boolean()),
          persistentVolumeName: s.optional(s.string()),
          persistentVolumeClaimName: s.optional(s.string()),
        }),
      ),
    }),
  ),
};

export type ServiceInstanceBinding = Resource<typeof body>;

/** Kf's name of the binding of a service to an App. */
export const bindingNameOf = (app: string, service: string): string => generateName('binding', app, service);

export const ServiceInstanceBinding: Kind<ServiceInstanceBinding> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'ServiceInstanceBinding',
  categories: ['all', 'kf'],
  columns: [
    { name: 'App', type: 'string', jsonPath: '.spec.app.name' },
    { name: 'Service', type: 'string', jsonPath: '.spec.instanceRef.name' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
  ],
  body,
  default: (binding) => ({
    ...binding,
    metadata: {
      ...binding.metadata,
      labels: {
        [labels.managedBy]: 'kf',
        ...binding.metadata.labels,
        [labels.component]: 'service-instance-binding',
        [labels.appName]: binding.spec.app.name,
      },
    },
  }),
  validate: validateBinding,
});

function validateBinding(binding: ServiceInstanceBinding, old?: ServiceInstanceBinding): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { metadata, spec } = binding;
  if (!isDns1123Subdomain(metadata.name))
    errors.push(invalid('metadata.name', metadata.name, 'must be lower-case letters, digits and dashes'));
  if (old === undefined) return errors;
  const changed = [
    ['spec.app', spec.app.name, old.spec.app.name],
    ['spec.instanceRef', spec.instanceRef.name, old.spec.instanceRef.name],
    ['spec.parametersFrom', spec.parametersFrom.name, old.spec.parametersFrom.name],
    ['spec.bindingNameOverride', spec.bindingNameOverride, old.spec.bindingNameOverride],
  ] as const;
  for (const [field, now, before] of changed)
    if (now !== before) errors.push(forbidden(field, 'Immutable fields changed: unbind, and bind again'));
  return errors;
}
