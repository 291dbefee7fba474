/** tekton.dev/v1beta1 StepAction: what steps refer to. */

import { envVarSchema, securityContextSchema, volumeMountSchema } from '../core/pod.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { admitStepAction } from './admission.ts';
import { stepActionDefaults } from './defaults/specs.ts';
import { paramSpecsSchema, stepResultSchema } from './param.ts';
import { tektonDeclaration } from './run.ts';

const stepActionSpecSchema = s.object({
  description: s.describe('For the reader.', s.optional(s.string())),
  image: s.describe('Image of the step.', s.optional(s.string())),
  command: s.describe('Instead of the image’s ENTRYPOINT.', s.optional(s.array(s.string()))),
  args: s.describe('Arguments of the command, the script or the ENTRYPOINT.', s.optional(s.array(s.string()))),
  env: s.describe('Environment variables.', s.optional(s.array(envVarSchema))),
  script: s.describe('A program, instead of command.', s.optional(s.string())),
  workingDir: s.describe('Default: the image’s.', s.optional(s.string())),
  params: paramSpecsSchema,
  results: s.describe('Results that the step writes.', s.optional(s.array(stepResultSchema))),
  securityContext: s.describe('User and privileges.', s.optional(securityContextSchema)),
  volumeMounts: s.describe('Volumes of the Task that the step sees.', s.optional(s.array(volumeMountSchema))),
});
export type StepActionSpec = s.Infer<typeof stepActionSpecSchema>;

const body = { spec: s.describe('What a step that refers to it runs.', stepActionSpecSchema) };

export type StepAction = Resource<typeof body>;
export const StepAction: Kind<StepAction> = defineKind({
  ...tektonDeclaration,
  version: 'v1beta1',
  otherVersions: [{ version: 'v1alpha1' }],
  kind: 'StepAction',
  body,
  default: (action) => ({ ...action, spec: stepActionDefaults(action.spec) }),
  admit: admitStepAction,
});
