/** kf.dev/v1alpha1 Task: one execution of a command in an App's image. */

import { conditionSchema, isFinal } from '../condition.ts';
import { parseDuration } from '../duration.ts';
import { type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { jsonEqual } from '../json.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { labels } from '../labels.ts';
import { parseQuantity } from '../quantity.ts';
import * as s from '../schema.ts';
import { nameErrors } from './kf-object.ts';

/** More attempts than that are a loop. */
export const mostRetries = 100;

export const taskSpecSchema = s.object({
  displayName: s.describe('For the reader.', s.optional(s.string())),
  appRef: s.describe(
    'The App whose image and environment the command runs in.',
    s.object({ name: s.describe('Name of an App of the Space.', s.string({ minLength: 1 })) }),
  ),
  cpu: s.describe(
    'Cores, as a quantity; sets request and limit. Default: request 100m, no limit.',
    s.optional(s.string()),
  ),
  memory: s.describe('Bytes, as a quantity; limit. Default: the App’s.', s.optional(s.string())),
  disk: s.describe('Bytes, as a quantity; limit. Default: the App’s.', s.optional(s.string())),
  command: s.describe('A shell command line. Default: the App’s start command.', s.optional(s.string())),
  terminated: s.describe('Ends the Task: `kf terminate-task`.', s.optional(s.boolean())),
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
    s.optional(
      s.array(
        s.object({
          name: s.describe('Name of the variable.', s.string()),
          value: s.describe('Its value.', s.string()),
        }),
      ),
    ),
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
    s.optional(
      s.array(
        s.object({
          secretName: s.describe('Name of the Secret.', s.string({ minLength: 1 })),
          mountPath: s.string({ minLength: 1 }),
        }),
      ),
    ),
  ),
});

const usageSchema = s.object({
  memoryPeakBytes: s.describe('The most memory at a time, in bytes.', s.optional(s.integer())),
  cpuMilliseconds: s.describe('CPU time in milliseconds.', s.optional(s.integer())),
  diskBytes: s.describe('Disk written to, in bytes.', s.optional(s.integer())),
});

const attemptSchema = s.object({
  attempt: s.describe('From 1.', s.integer({ minimum: 1 })),
  pipelineRunName: s.describe('The PipelineRun that runs it.', s.optional(s.string())),
  podName: s.describe('Names the attempt’s log, too.', s.optional(s.string())),
  startTime: s.describe('When the command started.', s.optional(s.time())),
  completionTime: s.describe('When the command was over.', s.optional(s.time())),
  exitCode: s.describe('The exit code of the command.', s.optional(s.integer())),
  reason: s.describe(
    'Why it ended: as the reason of a Task’s condition. Absent after a success, and while it has not ended.',
    s.optional(s.string()),
  ),
  message: s.describe('What ended it, in one line.', s.optional(s.string())),
  usage: s.describe('What it took of the machine.', s.optional(usageSchema)),
});
export type TaskAttempt = s.Infer<typeof attemptSchema>;

const body = {
  spec: taskSpecSchema,
  status: s.optional(
    s.object({
      conditions: s.describe('`Succeeded` says how the Task stands.', s.optional(s.keyed(['type'], conditionSchema))),
      observedGeneration: s.describe('The generation that this status is of.', s.optional(s.integer())),
      id: s.describe('The Task’s number within its App, from 1.', s.optional(s.integer())),
      startTime: s.describe('When the command started; of several attempts, in the first.', s.optional(s.time())),
      completionTime: s.describe('When the command was over.', s.optional(s.time())),
      duration: s.describe('Go duration: completionTime − startTime.', s.optional(s.string())),
      exitCode: s.describe(
        'The command’s own exit code; 128+n when signal n ended it. Absent when nothing was started.',
        s.optional(s.integer()),
      ),
      image: s.describe('The image that the Task was started with.', s.optional(s.string())),
      services: s.describe(
        'The service instances that were bound to the App when the Task was started.',
        s.optional(s.array(s.string())),
      ),
      message: s.describe(
        'One line: why the Task waits and what happens next, or what ended it.',
        s.optional(s.string()),
      ),
      pipelineRunName: s.describe('The PipelineRun that runs it.', s.optional(s.string())),
      podName: s.describe('The Pod that runs it.', s.optional(s.string())),
      usage: s.describe('What it took of the machine.', s.optional(usageSchema)),
      attempts: s.describe(
        'Every attempt that was begun, of a Task that may have several. The fields above are those of the last one.',
        s.optional(s.array(attemptSchema)),
      ),
      nextAttemptTime: s.describe('When the next attempt starts, while the Task waits for that.', s.optional(s.time())),
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
        [labels.managedBy]: 'kf',
        ...task.metadata.labels,
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
  if (old !== undefined) errors.push(...rewritten(spec, old));
  return errors;
}

/** What a Task ran is what it says for ever: `kf task` shows it, and its next attempt is the same. */
const fixedAtStart = ['command', 'args', 'env', 'cpu', 'memory', 'disk', 'inputs'] as const;

function rewritten(spec: Task['spec'], { spec: before, status, ...rest }: Task): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (spec.appRef.name !== before.appRef.name)
    errors.push(forbidden('spec.appRef.name', 'a Task stays with its App, which has numbered it'));
  if (status?.pipelineRunName === undefined && !isFinal({ ...rest, status })) return errors;
  for (const field of fixedAtStart)
    if (!jsonEqual(plain(spec[field]), plain(before[field])))
      errors.push(forbidden(`spec.${field}`, 'the Task has started, and what it runs is fixed: run another one'));
  return errors;
}

/** An empty value says no more than none. */
const plain = <T extends { readonly length: number }>(value: T | undefined): T | '' => (value?.length ? value : '');

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
