/** tekton.dev/v1 TaskRun. */

import { resourcesSchema } from '../core/pod.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { admitTaskRun } from './admission.ts';
import { taskRunDefaults } from './defaults/runs.ts';
import { paramsSchema } from './param.ts';
import { podTemplateSchema } from './pod-template.ts';
import { taskRefSchema } from './reference.ts';
import { runDeclaration } from './run.ts';
import { taskRunStatusSchema } from './task-run-status.ts';
import { taskSpecSchema } from './task-spec.ts';
import { v1beta1 } from './v1beta1/conversions.ts';
import { workspaceBindingsSchema } from './workspace.ts';

/** Requests and limits of one step or sidecar, by its name. */
const containerSpec = s.object({
  name: s.describe('Name in the Task.', s.optional(s.string())),
  computeResources: s.describe('Instead of those that the Task says.', s.optional(resourcesSchema)),
});

export const containerSpecsSchemas = {
  stepSpecs: s.describe('Requests and limits of steps.', s.optional(s.array(containerSpec))),
  sidecarSpecs: s.describe('Requests and limits of sidecars.', s.optional(s.array(containerSpec))),
  computeResources: s.describe('Requests and limits of all steps together.', s.optional(resourcesSchema)),
};

const debugSchema = s.object({
  breakpoints: s.describe(
    'Where the run stops for somebody to look.',
    s.optional(
      s.object({
        onFailure: s.describe('`enabled`: at a step that failed.', s.optional(s.string())),
        beforeSteps: s.describe('Before these steps.', s.optional(s.array(s.string()))),
      }),
    ),
  ),
});

export const taskRunSpecSchema = s.object({
  debug: s.describe('For those who look for a fault.', s.optional(debugSchema)),
  params: paramsSchema,
  serviceAccountName: s.describe('Whose credentials the run has. Default: `default`.', s.optional(s.string())),
  taskRef: s.describe('The Task that is run. Either this or `taskSpec`.', s.optional(taskRefSchema)),
  taskSpec: s.describe('What is run. Either this or `taskRef`.', s.optional(taskSpecSchema)),
  status: s.describe('`TaskRunCancelled` ends the run, `TaskRunPending` holds it back.', s.optional(s.string())),
  statusMessage: s.describe('Why it was cancelled.', s.optional(s.string())),
  retries: s.describe('Further attempts after one that failed. Default: 0.', s.optional(s.integer())),
  timeout: s.withDefault(
    s.describe('Go duration of an attempt; `0s` is no limit. Default: `1h0m0s`.', s.string()),
    '1h0m0s',
  ),
  podTemplate: s.describe('What the Pod has beside its containers.', s.optional(podTemplateSchema)),
  workspaces: workspaceBindingsSchema,
  ...containerSpecsSchemas,
  managedBy: s.describe('The controller that runs it. Default: `tekton.dev/pipeline`.', s.optional(s.string())),
});

const body = { spec: taskRunSpecSchema, status: s.optional(taskRunStatusSchema) };

export type TaskRun = Resource<typeof body>;

export const TaskRun: Kind<TaskRun> = defineKind({
  ...runDeclaration,
  kind: 'TaskRun',
  otherVersions: [{ version: 'v1beta1', conversion: v1beta1.taskRun }],
  shortNames: ['tr', 'trs'],
  body,
  default: taskRunDefaults,
  admit: admitTaskRun,
});
