/** kf.dev/v1alpha1 TaskSchedule, which people call a Job: a Task template and when to run it. */

import { conditionSchema } from '../condition.ts';
import { parseDuration } from '../duration.ts';
import { type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { defineKind, type Kind, type Resource } from '../kind.ts';
import { labels } from '../labels.ts';
import { parseSchedule } from '../schedule/parse.ts';
import { isTimeZone } from '../schedule/time-zone.ts';
import * as s from '../schema.ts';
import { pipelineRunSpecSchema } from '../tekton/pipeline-run.ts';
import { taskRunSpecSchema } from '../tekton/task-run.ts';
import { pipelineRunTemplateErrors, taskRunTemplateErrors } from '../tekton/validation/run-template.ts';
import { nameErrors } from './kf-object.ts';
import { isExpectation, notifyErrors, notifySchema } from './notify.ts';
import { taskSpecErrors, taskSpecSchema } from './task.ts';

/** What stands in `spec.schedule` of a Job that has none: the 30th of February, as in Kf. It comes with `suspend`. */
export const noSchedule = '0 0 30 2 *';

/** Longest name: `-` and a Unix time of ten digits are added for its Tasks. */
const longestJobName = 52;

/** Labels and annotations that every run gets. */
const templateMetadata = s.object({
  labels: s.optional(s.map(s.string())),
  annotations: s.optional(s.map(s.string())),
});

const body = {
  spec: s.object({
    concurrencyPolicy: s.withDefault(s.enumeration('Always', 'Forbid', 'Replace'), 'Always'),
    schedule: s.withDefault(s.string(), '* * * * *'),
    suspend: s.withDefault(s.boolean(), false),
    taskTemplate: s.optional(taskSpecSchema),
    taskRunTemplate: s.describe(
      'Instead of taskTemplate: the Tekton TaskRun that is made. Added by kf-tasks.',
      s.optional(s.object({ metadata: s.optional(templateMetadata), spec: taskRunSpecSchema })),
    ),
    pipelineRunTemplate: s.describe(
      'Instead of taskTemplate: the Tekton PipelineRun that is made. Added by kf-tasks.',
      s.optional(s.object({ metadata: s.optional(templateMetadata), spec: pipelineRunSpecSchema })),
    ),
    timeZone: s.describe(
      'IANA name in which `schedule` is read. Default: UTC. Added by kf-tasks.',
      s.optional(s.string()),
    ),
    missed: s.describe(
      'What to run of slots whose time passed while nothing ran schedules: the newest, none, or the newest 100. Added by kf-tasks.',
      s.withDefault(s.enumeration('latest', 'skip', 'all'), 'latest'),
    ),
    missedWithin: s.describe('Go duration; older missed slots are let go. Added by kf-tasks.', s.optional(s.string())),
    notify: s.describe('Told instead of what the Space notifies. Added by kf-tasks.', s.optional(notifySchema)),
    expectEvery: s.describe(
      'Go duration, at least 1m: tells once when no Task has succeeded for so long, until one does. Added by kf-tasks.',
      s.optional(s.string()),
    ),
    moreSchedules: s.describe(
      'Schedules beside `schedule`; IDs are never used again. Added by kf-tasks.',
      s.optional(s.array(s.object({ id: s.integer(), schedule: s.string(), timeZone: s.optional(s.string()) }))),
    ),
  }),
  status: s.optional(
    s.object({
      conditions: s.optional(s.keyed(['type'], conditionSchema)),
      observedGeneration: s.optional(s.integer()),
      active: s.describe('Tasks that are not final.', s.optional(s.array(s.object({ name: s.string() })))),
      lastScheduleTime: s.optional(s.time()),
      nextScheduleTime: s.optional(s.time()),
      countedFrom: s.describe(
        'Since when each schedule counts: when it was set, or the Job was resumed.',
        s.optional(s.array(s.object({ schedule: s.string(), timeZone: s.string(), since: s.time() }))),
      ),
      countedUntil: s.describe('Slots up to here have been dealt with.', s.optional(s.time())),
      starting: s.describe(
        'Slots whose Tasks are being made: written before the Task, so that a slot never yields two.',
        s.optional(s.array(s.time())),
      ),
      backlog: s.describe(
        'Slots to catch up with, oldest first: run one after the other.',
        s.optional(s.array(s.time())),
      ),
      replacing: s.describe('A slot that waits for the Tasks which it replaces to end.', s.optional(s.time())),
      replacingRun: s.describe(
        'As `replacing`: the name of a Task by hand, instead of a slot.',
        s.optional(s.string()),
      ),
      decided: s.describe(
        'Tasks by hand that the policy has let start, or refused for the reason: written before they are told.',
        s.optional(s.array(s.object({ name: s.string(), refused: s.optional(s.string()) }))),
      ),
      lastSuccess: s.optional(s.object({ name: s.string(), time: s.optional(s.time()) })),
      lastFailure: s.optional(
        s.object({ name: s.string(), time: s.optional(s.time()), reason: s.optional(s.string()) }),
      ),
      /** What has been told of the Job, so that nothing is told twice. */
      told: s.optional(
        s.object({
          history: s.describe(
            'Newest entry of `history` that was dealt with: outcome and time.',
            s.optional(s.string()),
          ),
          failing: s.describe(
            'A failure that no success has followed yet.',
            s.optional(s.object({ name: s.string(), time: s.optional(s.time()) })),
          ),
          recoveredFrom: s.describe('The failure that the last recovery was of.', s.optional(s.string())),
          expected: s.optional(
            s.object({
              every: s.describe('The duration that counts since `since`; another one counts anew.', s.string()),
              since: s.time(),
              overdue: s.describe('The end of the silence’s first `every`, once it was told.', s.optional(s.time())),
            }),
          ),
          /** Notifications that are being made: written before them, so that each is made once. */
          telling: s.optional(
            s.array(
              s.object({
                event: s.enumeration('failed', 'missed', 'skipped', 'recovered', 'expected'),
                key: s.string(),
                time: s.time(),
                task: s.optional(s.string()),
                message: s.optional(s.string()),
                slots: s.optional(s.array(s.object({ time: s.time(), message: s.optional(s.string()) }))),
              }),
            ),
          ),
        }),
      ),
      /** Slots without a Task, newest first, at most 50. */
      history: s.optional(
        s.array(
          s.object({
            time: s.time(),
            outcome: s.enumeration('Missed', 'Skipped', 'Replaced'),
            run: s.describe(
              'The Task by hand that was refused; `time` is when it was asked for.',
              s.optional(s.string()),
            ),
            message: s.optional(s.string()),
          }),
        ),
      ),
    }),
  ),
};

export type TaskSchedule = Resource<typeof body>;

export const TaskSchedule: Kind<TaskSchedule> = defineKind({
  group: 'kf.dev',
  version: 'v1alpha1',
  kind: 'TaskSchedule',
  categories: ['all', 'kf'],
  columns: [
    { name: 'Schedule', type: 'string', jsonPath: '.spec.schedule' },
    { name: 'Suspend', type: 'boolean', jsonPath: '.spec.suspend' },
    { name: 'LastSchedule', type: 'date', jsonPath: '.status.lastScheduleTime' },
    { name: 'ConcurrencyPolicy', type: 'string', jsonPath: '.spec.concurrencyPolicy' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Reason', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].reason' },
  ],
  body,
  default: (job) => ({
    ...job,
    metadata: {
      ...job.metadata,
      labels: {
        [labels.managedBy]: 'kf',
        ...job.metadata.labels,
        [labels.component]: 'task-schedule',
        [labels.jobSuspend]: String(job.spec.suspend === true),
      },
    },
  }),
  validate: validateJob,
});

function validateJob({ metadata, spec }: TaskSchedule): readonly FieldError[] {
  const errors: FieldError[] = [];
  errors.push(...nameErrors(metadata.name, longestJobName));
  const check = (path: string, schedule: string, zone: string | undefined): void => {
    const parsed = parseSchedule(schedule);
    // Kf's placeholder never fires, which is why it comes with suspend.
    if (!parsed.ok && !(schedule === noSchedule && spec.suspend))
      errors.push(invalid(`${path}schedule`, schedule, parsed.reason));
    if (zone !== undefined && !isTimeZone(zone))
      errors.push(invalid(`${path}timeZone`, zone, 'must be an IANA time zone, like Europe/Berlin'));
  };
  check('spec.', spec.schedule ?? noSchedule, spec.timeZone);
  for (const [index, more] of (spec.moreSchedules ?? []).entries())
    check(`spec.moreSchedules[${index}].`, more.schedule, more.timeZone);
  if (spec.missedWithin !== undefined && (parseDuration(spec.missedWithin) ?? 0) <= 0)
    errors.push(invalid('spec.missedWithin', spec.missedWithin, 'must be a duration above 0, like 6h'));
  errors.push(...notifyErrors('spec.notify', spec.notify));
  if (spec.expectEvery !== undefined && !isExpectation(spec.expectEvery))
    errors.push(invalid('spec.expectEvery', spec.expectEvery, 'must be a duration of at least 1m, like 26h'));
  errors.push(...templateErrors(spec));
  return errors;
}

const templates = ['taskTemplate', 'taskRunTemplate', 'pipelineRunTemplate'] as const;

function templateErrors(spec: TaskSchedule['spec']): readonly FieldError[] {
  const given = templates.filter((name) => spec[name] !== undefined);
  if (given.length === 0) return [required('spec.taskTemplate')];
  if (given.length > 1) return [forbidden('spec', `expected exactly one of ${given.join(', ')}`)];
  const { taskTemplate, taskRunTemplate, pipelineRunTemplate } = spec;
  if (taskTemplate !== undefined)
    return [
      ...taskSpecErrors('spec.taskTemplate', taskTemplate),
      ...(taskTemplate.pending ? [forbidden('spec.taskTemplate.pending', 'it is for single Tasks')] : []),
    ];
  const path = `spec.${given[0]}`;
  const run = (pipelineRunTemplate ?? taskRunTemplate)!.spec;
  const errors =
    pipelineRunTemplate === undefined ? taskRunTemplateErrors(run as never) : pipelineRunTemplateErrors(run as never);
  return [
    ...errors.map((error) => ({ ...error, field: `${path}.${error.field}` })),
    ...(run.status ? [forbidden(`${path}.spec.status`, 'a template has none')] : []),
  ];
}
