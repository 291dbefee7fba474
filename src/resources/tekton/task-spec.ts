/** tekton.dev/v1 TaskSpec: what a Task runs. */

import { volumeSchema } from '../core/pod.ts';
import * as s from '../schema.ts';
import { paramSpecsSchema, taskResultSchema } from './param.ts';
import { sidecarSchema, stepSchema, stepTemplateSchema } from './step.ts';
import { workspaceDeclarationSchema } from './workspace.ts';

/** The fields of a TaskSpec; an embedded task of a Pipeline has them too, beside its own. */
export const taskSpecFields = {
  displayName: s.describe('For the reader.', s.optional(s.string())),
  description: s.describe('For the reader.', s.optional(s.string())),
  params: paramSpecsSchema,
  steps: s.describe('Containers that run one after another.', s.optional(s.array(stepSchema))),
  stepTemplate: s.describe('What all steps have unless they say otherwise.', s.optional(stepTemplateSchema)),
  sidecars: s.describe('Containers that run beside the steps.', s.optional(s.array(sidecarSchema))),
  volumes: s.describe('Volumes that steps and sidecars may mount.', s.optional(s.array(volumeSchema))),
  workspaces: s.describe('Volumes that a run binds.', s.optional(s.array(workspaceDeclarationSchema))),
  results: s.describe('Results that the Task has.', s.optional(s.array(taskResultSchema))),
};

export const taskSpecSchema = s.object(taskSpecFields);
export type TaskSpec = s.Infer<typeof taskSpecSchema>;
