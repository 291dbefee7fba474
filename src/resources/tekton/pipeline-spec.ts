/** tekton.dev/v1 PipelineSpec and its tasks. */

import * as s from '../schema.ts';
import { type ParamValue, paramSpecsSchema, paramsSchema } from './param.ts';
import { pipelineRefSchema, pipelineTaskMetadataSchema, taskRefSchema } from './reference.ts';
import { taskSpecFields } from './task-spec.ts';
import { whenSchema } from './when-expression.ts';
import { pipelineWorkspaceDeclarationSchema, workspacePipelineTaskBindingSchema } from './workspace.ts';

const matrixSchema = s.object({
  params: s.describe('Params with lists; every combination is run.', paramsSchema),
  include: s.describe(
    'Params that are added to combinations, or further combinations.',
    s.optional(
      s.array(
        s.object({
          name: s.describe('For the reader.', s.optional(s.string())),
          params: paramsSchema,
        }),
      ),
    ),
  ),
});
export type Matrix = s.Infer<typeof matrixSchema>;

const embeddedTaskSchema = s.object({
  ...taskSpecFields,
  apiVersion: s.describe('Of a custom task.', s.optional(s.string())),
  kind: s.describe('Of a custom task.', s.optional(s.string())),
  spec: s.describe('Of a custom task, whatever it understands.', s.optional(s.any())),
  metadata: s.describe('Labels and annotations of the run that is made.', s.optional(pipelineTaskMetadataSchema)),
});
export type EmbeddedTask = s.Infer<typeof embeddedTaskSchema>;

const pipelineTaskFields = s.object({
  name: s.describe('Unique in the Pipeline.', s.optional(s.string())),
  displayName: s.describe('For the reader.', s.optional(s.string())),
  description: s.describe('For the reader.', s.optional(s.string())),
  taskRef: s.describe('The Task that is run.', s.optional(taskRefSchema)),
  taskSpec: s.describe('What is run.', s.optional(embeddedTaskSchema)),
  pipelineRef: s.describe('The Pipeline that is run.', s.optional(pipelineRefSchema)),
  pipelineSpec: s.describe(
    'A Pipeline that is run.',
    s.optional(s.recursive<PipelineSpec>((): s.JsonSchema => pipelineSpecSchema.json)),
  ),
  when: whenSchema,
  retries: s.describe('Further attempts after one that failed. Default: 0.', s.optional(s.integer())),
  runAfter: s.describe('Tasks that must be over first.', s.optional(s.array(s.string()))),
  params: paramsSchema,
  matrix: s.describe('Runs the task once for each combination of values.', s.optional(matrixSchema)),
  workspaces: s.describe(
    'Workspaces of the Pipeline that the task gets.',
    s.optional(s.array(workspacePipelineTaskBindingSchema)),
  ),
  timeout: s.describe('Go duration of the task. Default: `1h0m0s`.', s.optional(s.string())),
  onError: s.describe('`continue` ignores a failure; `stopAndFail` (default) does not.', s.optional(s.string())),
});
type PipelineTaskFields = s.Infer<typeof pipelineTaskFields>;
/** The name is asked for by validation, not by the schema: Tekton's message says more. */
export type PipelineTask = Omit<PipelineTaskFields, 'name'> & {
  readonly name: string;
};
const pipelineTaskSchema = pipelineTaskFields as s.Schema<unknown, false> as s.Schema<PipelineTask, false>;

const pipelineResultSchema = s.object({
  name: s.describe('Name of the result.', s.string()),
  type: s.describe('`string`, `array` or `object`.', s.optional(s.string())),
  description: s.describe('For the reader.', s.optional(s.string())),
  value: s.describe('Results of tasks, as `$(tasks.TASK.results.NAME)`.', s.any<ParamValue>()),
});
export type PipelineResult = s.Infer<typeof pipelineResultSchema>;

export const pipelineSpecSchema = s.object({
  displayName: s.describe('For the reader.', s.optional(s.string())),
  description: s.describe('For the reader.', s.optional(s.string())),
  tasks: s.describe('What is run, as early as runAfter and results allow.', s.optional(s.array(pipelineTaskSchema))),
  params: paramSpecsSchema,
  workspaces: s.describe('Volumes that a run binds.', s.optional(s.array(pipelineWorkspaceDeclarationSchema))),
  results: s.describe('Results that the Pipeline has.', s.optional(s.array(pipelineResultSchema))),
  finally: s.describe('What is run after all tasks, whatever became of them.', s.optional(s.array(pipelineTaskSchema))),
});
export interface PipelineSpec extends s.Infer<typeof pipelineSpecSchema> {}
