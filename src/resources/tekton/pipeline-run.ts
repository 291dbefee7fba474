/** tekton.dev/v1 PipelineRun. */

import { conditionSchema, isFinal } from '../condition.ts';
import { parseDuration } from '../duration.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { labels } from '../labels.ts';
import * as s from '../schema.ts';
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

const body = {
  spec: s.object(
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
        s.object(
          { serviceAccountName: s.optional(s.string()), podTemplate: s.optional(s.anyObject()) },
          { open: true },
        ),
      ),
      taskRunSpecs: s.optional(s.array(s.anyObject())),
      workspaces: s.optional(s.array(s.anyObject())),
      managedBy: s.optional(s.string()),
    },
    { open: true },
  ),
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
  group: 'tekton.dev',
  version: 'v1',
  kind: 'PipelineRun',
  shortNames: ['pr', 'prs'],
  categories: ['tekton', 'tekton-pipelines'],
  columns: [
    { name: 'Succeeded', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].reason' },
    { name: 'StartTime', type: 'date', jsonPath: '.status.startTime' },
    { name: 'CompletionTime', type: 'date', jsonPath: '.status.completionTime' },
  ],
  body,
  finished: isFinal,
  default: (run) => ({
    ...run,
    metadata: { ...run.metadata, labels: { [labels.managedBy]: 'tekton-pipelines', ...run.metadata.labels } },
  }),
  validate: validatePipelineRun,
});

function validatePipelineRun(run: PipelineRun, old?: PipelineRun): readonly FieldError[] {
  const { spec } = run;
  const errors: FieldError[] = [];
  if (spec.pipelineRef === undefined && spec.pipelineSpec === undefined)
    errors.push(required('spec', 'expected exactly one, got neither: pipelineRef, pipelineSpec'));
  if (spec.pipelineRef !== undefined && spec.pipelineSpec !== undefined)
    errors.push(forbidden('spec', 'expected exactly one, got both: pipelineRef, pipelineSpec'));
  if (
    spec.status !== undefined &&
    spec.status !== '' &&
    !pipelineRunStatusValues.some((value) => value === spec.status)
  )
    errors.push(notSupported('spec.status', spec.status, pipelineRunStatusValues));
  for (const [name, text] of Object.entries(spec.timeouts ?? {})) {
    const timeout = parseDuration(text ?? '0s');
    if (timeout === undefined || timeout < 0)
      errors.push(invalid(`spec.timeouts.${name}`, text, 'must be a duration of 0 or more, like 1h30m'));
  }
  if (old !== undefined && specWithoutStatus(run) !== specWithoutStatus(old))
    errors.push(forbidden('spec', 'Once the PipelineRun has started, only status updates are allowed'));
  return errors;
}

const specWithoutStatus = (run: PipelineRun): string => JSON.stringify({ ...run.spec, status: undefined });
