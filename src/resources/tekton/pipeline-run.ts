/** tekton.dev/v1 PipelineRun. */

import { conditionSchema } from '../condition.ts';
import type { FieldError } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { exactlyOne, immutableErrors, runDeclaration, statusErrors, timeoutErrors } from './run.ts';
import { paramSchema, paramSpecSchema, taskSpecSchema } from './task-spec.ts';

export const pipelineRunStatusValues = [
  'Cancelled',
  'CancelledRunFinally',
  'StoppedRunFinally',
  'PipelineRunPending',
] as const;

const pipelineTaskSchema = s.object(
  {
    name: s.string({ minLength: 1 }),
    taskRef: s.optional(s.anyObject<{ readonly name?: string; readonly kind?: string }>()),
    taskSpec: s.optional(taskSpecSchema),
    params: s.optional(s.array(paramSchema)),
    runAfter: s.optional(s.array(s.string())),
    retries: s.optional(s.integer()),
    timeout: s.optional(s.string()),
  },
  { open: true },
);
export type PipelineTask = s.Infer<typeof pipelineTaskSchema>;

export const pipelineSpecSchema = s.object(
  {
    description: s.optional(s.string()),
    params: s.optional(s.array(paramSpecSchema)),
    tasks: s.optional(s.array(pipelineTaskSchema)),
    finally: s.optional(s.array(pipelineTaskSchema)),
    results: s.optional(s.array(s.anyObject())),
    workspaces: s.optional(s.array(s.anyObject())),
  },
  { open: true },
);

export const pipelineRunSpecSchema = s.object(
  {
    pipelineRef: s.optional(s.anyObject<{ readonly name?: string }>()),
    pipelineSpec: s.optional(pipelineSpecSchema),
    params: s.optional(s.array(paramSchema)),
    status: s.optional(s.string()),
    /** Go durations; `0s` is no limit. */
    timeouts: s.withDefault(
      s.object({
        pipeline: s.optional(s.string()),
        tasks: s.optional(s.string()),
        finally: s.optional(s.string()),
      }),
      { pipeline: '1h0m0s' },
    ),
    taskRunTemplate: s.optional(
      s.object({ serviceAccountName: s.optional(s.string()), podTemplate: s.optional(s.anyObject()) }, { open: true }),
    ),
    taskRunSpecs: s.optional(s.array(s.anyObject())),
    workspaces: s.optional(s.array(s.anyObject())),
    managedBy: s.optional(s.string()),
  },
  { open: true },
);

const body = {
  spec: pipelineRunSpecSchema,
  status: s.optional(
    s.object(
      {
        conditions: s.optional(s.array(conditionSchema)),
        startTime: s.optional(s.time()),
        completionTime: s.optional(s.time()),
        childReferences: s.optional(
          s.array(
            s.object(
              {
                apiVersion: s.optional(s.string()),
                kind: s.optional(s.string()),
                name: s.optional(s.string()),
                pipelineTaskName: s.optional(s.string()),
              },
              { open: true },
            ),
          ),
        ),
        pipelineSpec: s.optional(pipelineSpecSchema),
        observedGeneration: s.optional(s.integer()),
      },
      { open: true },
    ),
  ),
};

export type PipelineRun = Resource<typeof body>;

export const PipelineRun: Kind<PipelineRun> = defineKind({
  ...runDeclaration,
  kind: 'PipelineRun',
  shortNames: ['pr', 'prs'],
  body,
  validate: validatePipelineRun,
});

function validatePipelineRun({ spec }: PipelineRun, old?: PipelineRun): readonly FieldError[] {
  return [
    ...pipelineRunSpecErrors(spec),
    ...immutableErrors(
      spec,
      old?.spec,
      ['status'],
      'Once the PipelineRun has started, only status updates are allowed',
    ),
  ];
}

/** Complaints about a PipelineRun's spec, or a template of one. */
export const pipelineRunSpecErrors = (spec: PipelineRun['spec']): readonly FieldError[] => [
  ...exactlyOne(spec, 'pipelineRef', 'pipelineSpec'),
  ...statusErrors(spec.status, pipelineRunStatusValues),
  ...Object.entries(spec.timeouts ?? {}).flatMap(([name, text]) => timeoutErrors(`spec.timeouts.${name}`, text)),
];
