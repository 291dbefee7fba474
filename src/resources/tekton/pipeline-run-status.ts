/** Status of a PipelineRun (tekton.dev/v1). */

import { conditionSchema } from '../condition.ts';
import * as s from '../schema.ts';
import { paramsSchema, runResultSchema } from './param.ts';
import { pipelineSpecSchema } from './pipeline-spec.ts';
import { provenanceSchema } from './reference.ts';
import { whenExpressionSchema } from './when-expression.ts';

const whenExpressions = s.describe('What it was guarded by.', s.optional(s.array(whenExpressionSchema)));

const childReferenceSchema = s.object(
  {
    apiVersion: s.describe('Of the child.', s.optional(s.string())),
    kind: s.describe('`TaskRun`, `CustomRun` or `PipelineRun`.', s.optional(s.string())),
    name: s.describe('Name of the child.', s.optional(s.string())),
    displayName: s.describe('For the reader.', s.optional(s.string())),
    pipelineTaskName: s.describe('The task that the child is a run of.', s.optional(s.string())),
    whenExpressions,
  },
  { open: true },
);
export type ChildReference = s.Infer<typeof childReferenceSchema>;

const skippedTaskSchema = s.object({
  name: s.describe('Name of the task.', s.string()),
  reason: s.describe('Why it was not run.', s.string()),
  whenExpressions,
});
export type SkippedTask = s.Infer<typeof skippedTaskSchema>;

const reusedTaskSchema = s.object({
  name: s.describe('Name of the task.', s.string()),
  pipelineRun: s.describe('The PipelineRun that ran it.', s.optional(s.string())),
  runs: s.describe(
    'Its runs there, and what they have left.',
    s.optional(
      s.array(
        s.object({
          apiVersion: s.describe('Of the run.', s.optional(s.string())),
          kind: s.describe('`TaskRun`, `CustomRun` or `PipelineRun`.', s.optional(s.string())),
          name: s.describe('Name of the run.', s.optional(s.string())),
          params: s.describe('Params of the run.', paramsSchema),
          results: s.describe('Results of the run.', s.optional(s.array(runResultSchema))),
          artifacts: s.describe('Artifacts of the run.', s.optional(s.any())),
        }),
      ),
    ),
  ),
});
export type ReusedTask = s.Infer<typeof reusedTaskSchema>;

const rerunOfSchema = s.object({
  name: s.describe('The earlier PipelineRun.', s.string()),
  claimsOf: s.describe('UID of the PipelineRun whose claims are used.', s.string()),
});
export type RerunOf = s.Infer<typeof rerunOfSchema>;

export const pipelineRunStatusSchema = s.object(
  {
    conditions: s.describe('`Succeeded` says how the run stands.', s.optional(s.array(conditionSchema))),
    startTime: s.describe('When the run was begun.', s.optional(s.time())),
    completionTime: s.describe('When the run was over.', s.optional(s.time())),
    finallyStartTime: s.describe('When the finally tasks were begun.', s.optional(s.time())),
    results: s.describe('Results of the run.', s.optional(s.array(runResultSchema))),
    pipelineSpec: s.describe('What was run, with all variables replaced.', s.optional(pipelineSpecSchema)),
    skippedTasks: s.describe('Tasks that were not run.', s.optional(s.array(skippedTaskSchema))),
    childReferences: s.describe('Runs that were made.', s.optional(s.array(childReferenceSchema))),
    rerunOf: s.describe('The run whose failed tasks are run again. Added by kf-tasks.', s.optional(rerunOfSchema)),
    reusedTasks: s.describe(
      'Tasks that had succeeded in an earlier run, and are not run again. Added by kf-tasks.',
      s.optional(s.array(reusedTaskSchema)),
    ),
    provenance: s.describe('Where the Pipeline came from.', s.optional(provenanceSchema)),
    spanContext: s.describe('Of the trace that the run is part of.', s.optional(s.map(s.string()))),
    observedGeneration: s.describe('The generation that this status is of.', s.optional(s.integer())),
    annotations: s.describe('Further notes on the status.', s.optional(s.map(s.string()))),
  },
  { open: true },
);
export type PipelineRunStatus = s.Infer<typeof pipelineRunStatusSchema>;
