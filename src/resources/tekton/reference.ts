/** References to Tasks, Pipelines and StepActions: by name, or by a resolver (tekton.dev/v1). */

import * as s from '../schema.ts';
import { paramsSchema } from './param.ts';

const resolver = {
  resolver: s.describe(
    'Who finds it elsewhere: `cluster`, `bundles`, `git`, `http`, `hub`, or a resolver of your own.',
    s.optional(s.string()),
  ),
  params: s.describe('What the resolver is told.', paramsSchema),
};

export const taskRefSchema = s.object({
  name: s.describe('A Task of the namespace.', s.optional(s.string())),
  kind: s.describe('Default: `Task`. Another kind with its apiVersion is a custom task.', s.optional(s.string())),
  apiVersion: s.describe('Default: `tekton.dev/v1`.', s.optional(s.string())),
  ...resolver,
});
export type TaskRef = s.Infer<typeof taskRefSchema>;

export const pipelineRefSchema = s.object({
  name: s.describe('A Pipeline of the namespace.', s.optional(s.string())),
  apiVersion: s.describe('Default: `tekton.dev/v1`.', s.optional(s.string())),
  ...resolver,
});
export type PipelineRef = s.Infer<typeof pipelineRefSchema>;

export const stepRefSchema = s.object({
  name: s.describe('A StepAction of the namespace.', s.optional(s.string())),
  ...resolver,
});

/** Where something that was referred to came from. */
export const refSourceSchema = s.object({
  uri: s.describe('Where it is.', s.optional(s.string())),
  digest: s.describe('Its digests, by algorithm.', s.optional(s.map(s.string()))),
  entryPoint: s.describe('Which part of it.', s.optional(s.string())),
});
export type RefSource = s.Infer<typeof refSourceSchema>;

export const provenanceSchema = s.object({
  refSource: s.describe('Where the definition came from.', s.optional(refSourceSchema)),
  featureFlags: s.describe('The feature flags in force.', s.optional(s.anyObject())),
});
export type Provenance = s.Infer<typeof provenanceSchema>;

/** Labels and annotations for what a pipeline task makes. */
export const pipelineTaskMetadataSchema = s.object({
  labels: s.describe('Labels of the run that is made.', s.optional(s.map(s.string()))),
  annotations: s.describe('Annotations of the run that is made.', s.optional(s.map(s.string()))),
});
