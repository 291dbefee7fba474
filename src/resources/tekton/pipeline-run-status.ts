/** Status of a PipelineRun (tekton.dev/v1). */

import { conditionSchema } from '../condition.ts';
import * as s from '../schema.ts';
import { runResultSchema } from './param.ts';
import { pipelineSpecSchema } from './pipeline-spec.ts';
import { provenanceSchema } from './reference.ts';
import { whenExpressionSchema } from './when-expression.ts';

const whenExpressions = s.describe('What it was guarded by.', s.optional(s.array(whenExpressionSchema)));

export const childReferenceSchema = s.object(
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

export const skippedTaskSchema = s.object({
  name: s.describe('Name of the task.', s.string()),
  reason: s.describe('Why it was not run.', s.string()),
  whenExpressions,
});
export type SkippedTask = s.Infer<typeof skippedTaskSchema>;

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
    provenance: s.describe('Where the Pipeline came from.', s.optional(provenanceSchema)),
    spanContext: s.describe('Of the trace that the run is part of.', s.optional(s.map(s.string()))),
    observedGeneration: s.describe('The generation that this status is of.', s.optional(s.integer())),
    annotations: s.describe('Further notes on the status.', s.optional(s.map(s.string()))),
  },
  { open: true },
);
export type PipelineRunStatus = s.Infer<typeof pipelineRunStatusSchema>;
