/** tekton.dev/v1beta1 CustomRun: work that a controller of somebody else does. */

import { conditionSchema } from '../condition.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { admitCustomRun } from './admission.ts';
import { customRunDefaults } from './defaults/runs.ts';
import { paramsSchema } from './param.ts';
import { pipelineTaskMetadataSchema, taskRefSchema } from './reference.ts';
import { runDeclaration } from './run.ts';
import { workspaceBindingsSchema } from './workspace.ts';

const customSpecSchema = s.object({
  apiVersion: s.describe('Of the custom task.', s.optional(s.string())),
  kind: s.describe('Of the custom task.', s.optional(s.string())),
  metadata: s.describe('Labels and annotations.', s.optional(pipelineTaskMetadataSchema)),
  spec: s.describe('Whatever the custom task understands.', s.optional(s.any())),
});

const customRunSpecSchema = s.object({
  customRef: s.describe('What is run, by kind and apiVersion. Either this or `customSpec`.', s.optional(taskRefSchema)),
  customSpec: s.describe('What is run. Either this or `customRef`.', s.optional(customSpecSchema)),
  params: paramsSchema,
  status: s.describe('`RunCancelled` asks the controller to end the run.', s.optional(s.string())),
  statusMessage: s.describe('Why it was cancelled.', s.optional(s.string())),
  retries: s.describe('Further attempts after one that failed. Default: 0.', s.optional(s.integer())),
  serviceAccountName: s.describe('Whose credentials the run has. Default: `default`.', s.optional(s.string())),
  timeout: s.describe('Go duration of the run.', s.optional(s.string())),
  workspaces: workspaceBindingsSchema,
});

const customRunStatusSchema = s.object(
  {
    conditions: s.describe('`Succeeded` says how the run stands.', s.optional(s.array(conditionSchema))),
    startTime: s.describe('When the run was begun.', s.optional(s.time())),
    completionTime: s.describe('When the run was over.', s.optional(s.time())),
    results: s.describe('Results of the run.', s.optional(s.array(s.object({ name: s.string(), value: s.string() })))),
    retriesStatus: s.describe('Statuses of earlier attempts.', s.optional(s.array(s.anyObject()))),
    extraFields: s.describe('Whatever the controller tells.', s.optional(s.any())),
    observedGeneration: s.describe('The generation that this status is of.', s.optional(s.integer())),
    annotations: s.describe('Further notes on the status.', s.optional(s.map(s.string()))),
  },
  { open: true },
);

const body = { spec: customRunSpecSchema, status: s.optional(customRunStatusSchema) };

export type CustomRun = Resource<typeof body>;
export const CustomRun: Kind<CustomRun> = defineKind({
  ...runDeclaration,
  version: 'v1beta1',
  kind: 'CustomRun',
  body,
  default: customRunDefaults,
  admit: admitCustomRun,
});
