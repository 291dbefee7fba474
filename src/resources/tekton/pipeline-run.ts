/** tekton.dev/v1 PipelineRun. */

import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { admitPipelineRun } from './admission.ts';
import { pipelineRunDefaults } from './defaults/runs.ts';
import { paramsSchema } from './param.ts';
import { withPipelineLabel } from './pipeline-label.ts';
import { pipelineRunStatusSchema } from './pipeline-run-status.ts';
import { pipelineSpecSchema } from './pipeline-spec.ts';
import { podTemplateSchema } from './pod-template.ts';
import { pipelineRefSchema, pipelineTaskMetadataSchema } from './reference.ts';
import { runDeclaration } from './run.ts';
import { containerSpecsSchemas } from './task-run.ts';
import { v1beta1 } from './v1beta1/conversions.ts';
import { workspaceBindingsSchema } from './workspace.ts';

const serviceAccountName = s.describe('Whose credentials the tasks have. Default: `default`.', s.optional(s.string()));
const podTemplate = s.describe('What the Pods have beside their containers.', s.optional(podTemplateSchema));

const pipelineTaskRunSpecSchema = s.object({
  pipelineTaskName: s.describe('The task that this is about.', s.optional(s.string())),
  serviceAccountName,
  podTemplate,
  ...containerSpecsSchemas,
  metadata: s.describe('Labels and annotations of the TaskRun.', s.optional(pipelineTaskMetadataSchema)),
  timeout: s.describe('Go duration of the task, instead of what the Pipeline says.', s.optional(s.string())),
});
export type PipelineTaskRunSpec = s.Infer<typeof pipelineTaskRunSpecSchema>;

const timeoutsSchema = s.object({
  pipeline: s.describe('Of the whole run. Default: `1h0m0s`.', s.optional(s.string())),
  tasks: s.describe('Of the tasks. Default: what `finally` leaves of `pipeline`.', s.optional(s.string())),
  finally: s.describe('Of the finally tasks. Default: what `tasks` leaves of `pipeline`.', s.optional(s.string())),
});

export const pipelineRunSpecSchema = s.object({
  pipelineRef: s.describe('The Pipeline that is run. Either this or `pipelineSpec`.', s.optional(pipelineRefSchema)),
  pipelineSpec: s.describe('What is run. Either this or `pipelineRef`.', s.optional(pipelineSpecSchema)),
  params: paramsSchema,
  status: s.describe(
    '`Cancelled`, `CancelledRunFinally` and `StoppedRunFinally` end the run, `PipelineRunPending` holds it back.',
    s.optional(s.string()),
  ),
  timeouts: s.withDefault(s.describe('Go durations; `0s` is no limit.', timeoutsSchema), { pipeline: '1h0m0s' }),
  taskRunTemplate: s.describe('What all TaskRuns have.', s.optional(s.object({ serviceAccountName, podTemplate }))),
  taskRunSpecs: s.describe('What TaskRuns of single tasks have.', s.optional(s.array(pipelineTaskRunSpecSchema))),
  workspaces: workspaceBindingsSchema,
  managedBy: s.describe('The controller that runs it. Default: `tekton.dev/pipeline`.', s.optional(s.string())),
});

const body = { spec: pipelineRunSpecSchema, status: s.optional(pipelineRunStatusSchema) };

export type PipelineRun = Resource<typeof body>;

export const PipelineRun: Kind<PipelineRun> = defineKind({
  ...runDeclaration,
  kind: 'PipelineRun',
  otherVersions: [{ version: 'v1beta1', conversion: v1beta1.pipelineRun }],
  shortNames: ['pr', 'prs'],
  body,
  default: (run) => withPipelineLabel(pipelineRunDefaults(run)),
  admit: admitPipelineRun,
});
