/** tekton.dev/v1 TaskRun. */

import { conditionSchema } from '../condition.ts';
import { type containerStateSchema, usageSchema } from '../core/pod.ts';
import { type FieldError, required } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import * as s from '../schema.ts';
import { exactlyOne, immutableErrors, runDeclaration, statusErrors, timeoutErrors } from './run.ts';
import { paramSchema, taskSpecSchema } from './task-spec.ts';

export const taskRunStatusValues = ['TaskRunCancelled', 'TaskRunPending'] as const;

const stepState = s.object(
  {
    name: s.optional(s.string()),
    container: s.optional(s.string()),
    imageID: s.optional(s.string()),
    terminationReason: s.optional(s.string()),
    waiting: s.optional(s.object({ reason: s.optional(s.string()), message: s.optional(s.string()) })),
    running: s.optional(s.object({ startedAt: s.optional(s.time()) })),
    /** Counters of the step's container; absent where real Tekton runs. */
    usage: s.optional(usageSchema),
    terminated: s.optional(s.any<NonNullable<s.Infer<typeof containerStateSchema>['terminated']>>()),
  },
  { open: true },
);
export type StepState = s.Infer<typeof stepState>;

export const taskRunSpecSchema = s.object(
  {
    taskRef: s.optional(
      s.object(
        { name: s.optional(s.string()), kind: s.optional(s.string()), apiVersion: s.optional(s.string()) },
        { open: true },
      ),
    ),
    taskSpec: s.optional(taskSpecSchema),
    params: s.optional(s.array(paramSchema)),
    serviceAccountName: s.optional(s.string()),
    status: s.optional(s.string()),
    statusMessage: s.optional(s.string()),
    retries: s.optional(s.integer({ minimum: 0 })),
    /** Go duration; `0s` is no limit. */
    timeout: s.withDefault(s.string(), '1h0m0s'),
    podTemplate: s.optional(s.anyObject()),
    workspaces: s.optional(s.array(s.anyObject())),
    computeResources: s.optional(s.anyObject()),
    managedBy: s.optional(s.string()),
  },
  { open: true },
);

const body = {
  spec: taskRunSpecSchema,
  status: s.optional(
    s.object(
      {
        conditions: s.optional(s.array(conditionSchema)),
        podName: s.optional(s.string()),
        startTime: s.optional(s.time()),
        completionTime: s.optional(s.time()),
        steps: s.optional(s.array(stepState)),
        results: s.optional(s.array(s.anyObject())),
        taskSpec: s.optional(taskSpecSchema),
        observedGeneration: s.optional(s.integer()),
      },
      { open: true },
    ),
  ),
};

export type TaskRun = Resource<typeof body>;

export const TaskRun: Kind<TaskRun> = defineKind({
  ...runDeclaration,
  kind: 'TaskRun',
  shortNames: ['tr', 'trs'],
  body,
  validate: validateTaskRun,
});

function validateTaskRun({ spec }: TaskRun, old?: TaskRun): readonly FieldError[] {
  return [
    ...taskRunSpecErrors(spec),
    ...immutableErrors(
      spec,
      old?.spec,
      ['status', 'statusMessage'],
      'Once the TaskRun has started, only status and statusMessage updates are allowed',
    ),
  ];
}

/** Complaints about a TaskRun's spec, or a template of one. */
export function taskRunSpecErrors(spec: TaskRun['spec']): readonly FieldError[] {
  const noSteps = spec.taskSpec !== undefined && (spec.taskSpec.steps ?? []).length === 0;
  return [
    ...exactlyOne(spec, 'taskRef', 'taskSpec'),
    ...(noSteps ? [required('spec.taskSpec.steps', 'a Task needs at least one step')] : []),
    ...statusErrors(spec.status, taskRunStatusValues),
    ...timeoutErrors('spec.timeout', spec.timeout),
  ];
}
