/** kf.dev/v1alpha1 Space: a namespace of the same name, and the settings of everything in it. */

import { conditionSchema } from '../condition.ts';
import { type FieldError, invalid } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { nameErrors } from './kf-object.ts';
import { spaceSpecErrors, spaceSpecSchema } from './space-spec.ts';

const body = {
  spec: s.withDefault(spaceSpecSchema, {}),
  status: s.optional(
    s.object(
      { conditions: s.optional(s.keyed(['type'], conditionSchema)), observedGeneration: s.optional(s.integer()) },
      { open: true },
    ),
  ),
};

export type Space = Resource<typeof body>;

export const Space: Kind<Space> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'Space',
  categories: ['all', 'kf'],
  scope: 'Cluster',
  columns: [
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
  ],
  body,
  validate: (space) => {
    const errors: FieldError[] = [];
    const { name } = space.metadata;
    errors.push(...nameErrors(name));
    if (['kf', 'default', 'kube-system', 'kube-public'].includes(name))
      errors.push(invalid('metadata.name', name, 'this name is reserved'));
    return [...errors, ...spaceSpecErrors(space.spec ?? {})];
  },
});
