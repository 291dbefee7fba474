/** tekton.dev/v1 TaskRun. */

import { conditionSchema, isFinal } from '../condition.ts';
import { type containerStateSchema, usageSchema } from '../core/pod.ts';
import { parseDuration } from '../duration.ts';
import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { labels } from '../labels.ts';
import * as s from '../schema.ts';
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

const body = {
  spec: s.object(
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
  ),
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
  group: 'tekton.dev',
  version: 'v1',
  kind: 'TaskRun',
  shortNames: ['tr', 'trs'],
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
  validate: validateTaskRun,
});

function validateTaskRun(run: TaskRun, old?: TaskRun): readonly FieldError[] {
  const { spec } = run;
  const errors: FieldError[] = [];
  if (spec.taskRef === undefined && spec.taskSpec === undefined)
    errors.push(required('spec', 'expected exactly one, got neither: taskRef, taskSpec'));
  if (spec.taskRef !== undefined && spec.taskSpec !== undefined)
    errors.push(forbidden('spec', 'expected exactly one, got both: taskRef, taskSpec'));
  if (spec.taskSpec !== undefined && (spec.taskSpec.steps ?? []).length === 0)
    errors.push(required('spec.taskSpec.steps', 'a Task needs at least one step'));
  if (spec.status !== undefined && spec.status !== '' && !taskRunStatusValues.some((value) => value === spec.status))
    errors.push(notSupported('spec.status', spec.status, taskRunStatusValues));
  const timeout = parseDuration(spec.timeout ?? '0s');
  if (timeout === undefined || timeout < 0)
    errors.push(invalid('spec.timeout', spec.timeout, 'must be a duration of 0 or more, like 1h30m'));
  if (old !== undefined && specWithoutStatus(run) !== specWithoutStatus(old))
    errors.push(forbidden('spec', 'Once the TaskRun has started, only status and statusMessage updates are allowed'));
  return errors;
}

const specWithoutStatus = (run: TaskRun): string =>
  JSON.stringify({ ...run.spec, status: undefined, statusMessage: undefined });
