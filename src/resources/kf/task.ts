/** kf.dev/v1alpha1 Task: one execution of a command in an App's image. */

import { conditionSchema, isFinal } from '../condition.ts';
import { parseDuration } from '../duration.ts';
import { type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { labels } from '../labels.ts';
import { parseQuantity } from '../quantity.ts';
import * as s from '../schema.ts';
import { nameErrors } from './kf-object.ts';

/** More attempts than that are a loop. */
export const mostRetries = 100;

export const taskSpecSchema = s.object({
  displayName: s.optional(s.string()),
  appRef: s.object({ name: s.string({ minLength: 1 }) }),
  cpu: s.describe(
    'Cores, as a quantity; sets request and limit. Default: request 100m, no limit.',
    s.optional(s.string()),
  ),
  memory: s.describe('Bytes, as a quantity; limit. Default: the App’s.', s.optional(s.string())),
  disk: s.describe('Bytes, as a quantity; limit. Default: the App’s.', s.optional(s.string())),
  command: s.describe('A shell command line. Default: the App’s start command.', s.optional(s.string())),
  terminated: s.optional(s.boolean()),
  pending: s.describe(
    'Does not start until the controller of its Job takes this back, or deletes the Task, as the Job’s concurrency policy says. Added by kf-tasks.',
    s.optional(s.boolean()),
  ),
  args: s.describe(
    'The exact argv; with a command they become its "$@". Added by kf-tasks.',
    s.optional(s.array(s.string())),
  ),
  env: s.describe(
    'Added to the App’s environment. Added by kf-tasks.',
    s.optional(s.array(s.object({ name: s.string(), value: s.string() }))),
  ),
  timeout: s.describe(
    'Go duration per attempt, from the container’s start. Default: no limit. Added by kf-tasks.',
    s.optional(s.string()),
  ),
  gracePeriodSeconds: s.describe(
    'Seconds between SIGTERM and SIGKILL. Default: the Space’s, else 10. Added by kf-tasks.',
    s.optional(s.integer({ minimum: 0 })),
  ),
  retries: s.describe(
    'Further attempts after one that failed, timed out or was lost. Default: 0. Added by kf-tasks.',
    s.optional(s.integer({ minimum: 0, maximum: mostRetries })),
  ),
  retryDelay: s.describe(
    'Go duration before the second attempt, doubled before each further one, at most 1h. Default: 10s. Added by kf-tasks.',
    s.optional(s.string()),
  ),
  inputs: s.describe(
    'Secrets of the namespace whose keys are files below the path, for reading. Added by kf-tasks.',
    s.optional(s.array(s.object({ secretName: s.string({ minLength: 1 }), mountPath: s.string({ minLength: 1 }) }))),
  ),
});

const usageSchema = s.object({
  memoryPeakBytes: s.optional(s.integer()),
  cpuMilliseconds: s.optional(s.integer()),
  diskBytes: s.optional(s.integer()),
});

const attemptSchema = s.object({
  /** From 1. */
  attempt: s.integer({ minimum: 1 }),
  pipelineRunName: s.optional(s.string()),
  /** Names the attempt's log, too. */
  podName: s.optional(s.string()),
  startTime: s.optional(s.time()),
  completionTime: s.optional(s.time()),
  exitCode: s.optional(s.integer()),
  /** Why it ended: as the reason of a Task's condition. Absent after a success, and while it has not ended. */
  reason: s.optional(s.string()),
  message: s.optional(s.string()),
  usage: s.optional(usageSchema),
});
export type TaskAttempt = s.Infer<typeof attemptSchema>;

const body = {
  spec: taskSpecSchema,
  status: s.optional(
    s.object({
      conditions: s.optional(s.array(conditionSchema)),
      observedGeneration: s.optional(s.integer()),
      /** The Task's number within its App, from 1. */
      id: s.optional(s.integer()),
      /** When the command started; of several attempts, in the first. */
      startTime: s.optional(s.time()),
      completionTime: s.optional(s.time()),
      /** Go duration: completionTime − startTime. */
      duration: s.optional(s.string()),
      /** The command's own exit code; 128+n when signal n ended it. Absent when nothing was started. */
      exitCode: s.optional(s.integer()),
      /** The image that the Task was started with. */
      image: s.optional(s.string()),
      /** The service instances that were bound to the App when the Task was started. */
      services: s.optional(s.array(s.string())),
      /** One line: why the Task waits and what happens next, or what ended it. */
      message: s.optional(s.string()),
      pipelineRunName: s.optional(s.string()),
      podName: s.optional(s.string()),
      usage: s.optional(usageSchema),
      /** Every attempt that was begun, of a Task that may have several. The fields above are those of the last one. */
      attempts: s.optional(s.array(attemptSchema)),
      /** When the next attempt starts, while the Task waits for that. */
      nextAttemptTime: s.optional(s.time()),
    }),
  ),
};

export type Task = Resource<typeof body>;

export const Task: Kind<Task> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'Task',
  categories: ['all', 'kf'],
  columns: [
    { name: 'ID', type: 'integer', jsonPath: '.status.id' },
    { name: 'DisplayName', type: 'string', jsonPath: '.spec.displayName' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Duration', type: 'string', jsonPath: '.status.duration' },
    { name: 'Succeeded', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Succeeded")].reason' },
  ],
  body,
  finished: isFinal,
  default: (task) => ({
    ...task,
    metadata: {
      ...task.metadata,
      labels: {
        ...task.metadata.labels,
        [labels.managedBy]: 'kf',
        [labels.component]: 'task',
        [labels.appName]: task.spec.appRef.name,
      },
    },
    spec: { ...task.spec, displayName: task.spec.displayName || task.metadata.name },
  }),
  validate: validateTask,
});

/** Complaints about a task's own fields; reads no other object. */
function validateTask(task: Task, old?: Task): readonly FieldError[] {
  const errors: FieldError[] = [];
  const { spec } = task;
  errors.push(...nameErrors(task.metadata.name));
  errors.push(...taskSpecErrors('spec', spec));
  if (old !== undefined && old.spec.terminated === true && spec.terminated !== true)
    errors.push(forbidden('spec.terminated', 'a terminated Task cannot be resumed'));
  if (spec.pending && task.metadata.labels?.[labels.jobOwner] === undefined)
    errors.push(
      forbidden('spec.pending', `nothing would ever start it: it is for Tasks with the label ${labels.jobOwner}`),
    );
  if (spec.pending && old !== undefined && old.spec.pending !== true)
    errors.push(forbidden('spec.pending', 'a Task that may start cannot be held back'));
  return errors;
}

/** Complaints about what a Task, or a Job's template of one, is to run. */
export function taskSpecErrors(path: string, spec: Task['spec']): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (spec.appRef.name === '') errors.push(required(`${path}.appRef.name`));
  for (const field of ['cpu', 'memory', 'disk'] as const) {
    const text = spec[field];
    if (text === undefined || text === '') continue;
    const value = parseQuantity(text);
    if (value === undefined || value <= 0)
      errors.push(
        invalid(
          `${path}.${field}`,
          text,
          `must be a quantity above 0, like ${field === 'cpu' ? '500m or 2' : '512Mi or 1Gi'}`,
        ),
      );
  }
  for (const [field, example] of [
    ['timeout', '30m'],
    ['retryDelay', '10s'],
  ] as const) {
    const text = spec[field];
    if (text === undefined) continue;
    const value = parseDuration(text);
    if (value === undefined || value <= 0)
      errors.push(invalid(`${path}.${field}`, text, `must be a duration above 0, like ${example}`));
  }
  for (const [index, { name }] of (spec.env ?? []).entries())
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name))
      errors.push(
        invalid(`${path}.env[${index}].name`, name, 'must be letters, digits, _, - and ., not starting with a digit'),
      );
  return errors;
}
