/** `services`: there are none, and `kubectl cluster-info` and others ask for them before anything else. */

import { defineKind, type Kind, type Resource } from '../../../resources/kind.ts';
import * as s from '../../../resources/schema.ts';

const body = { spec: s.optional(s.anyObject()), status: s.optional(s.anyObject()) };
export const Service: Kind<Resource<typeof body>> = defineKind({
  group: '',
  version: 'v1',
  kind: 'Service',
  shortNames: ['svc'],
  columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
  body,
});
