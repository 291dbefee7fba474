/** `kf job`: everything about one Job. */

import type { AnyKind } from '../../client/client.ts';
import { rfc3339 } from '../../client/clock.ts';
import { getIfExists } from '../../client/get-if-exists.ts';
import { conditionOf, isFinal } from '../../resources/condition.ts';
import { humanDuration } from '../../resources/duration.ts';
import { type JobRun, runKindOf } from '../../resources/kf/job-run.ts';
import { schedulesOf } from '../../resources/kf/job-schedules.ts';
import type { Task } from '../../resources/kf/task.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { annotations } from '../../resources/labels.ts';
import { inWords } from '../../resources/schedule/in-words.ts';
import type { Context } from '../context.ts';
import { count } from '../delete-object.ts';
import { notifiesText } from '../notify/notify-text.ts';
import { type Description, formatDescription, section } from '../output/describe.ts';
import { formatObject, type OutputFormat } from '../output/objects.ts';
import { formatTips, quote } from '../output/tips.ts';
import { progressOf } from '../tasks/outcome.ts';
import { tipFlags } from '../tip-flags.ts';
import { patiently } from '../wait/patience.ts';
import { expectationText } from './expectation.ts';
import { getJob, runsOfJob } from './find-job.ts';
import { announced, runsOf } from './print-schedule.ts';
import { type JobState, stateOf } from './schedules.ts';

export async function describeJob(context: Context, name: string, output?: OutputFormat): Promise<void> {
  if (output !== undefined) context.dataOnly = true;
  const space = await context.space();
  const read = await patiently(context, async (client) => {
    const session = { client, space };
    const job = await getJob(session, name);
    if (output !== undefined) return { job, active: [], lastFailed: undefined };
    const failed = job.status?.lastFailure?.name;
    const [tasks, lastFailed] = await Promise.all([
      runsOfJob(session, job),
      failed === undefined
        ? undefined
        : getIfExists(client, runKindOf(job) as AnyKind, { namespace: space, name: failed }),
    ]);
    return { job, active: tasks.filter((task) => !isFinal(task)), lastFailed };
  });
  if (output !== undefined) return context.io.out(await formatObject(output, TaskSchedule, read.job));
  const flags = tipFlags(context.flags, space);
  context.io.note(`Getting Job ${name} in Space: ${space}`);
  const now = context.clock.now();
  const failureLog = read.lastFailed === undefined ? undefined : failureLogOf(read.job, flags);
  await context.io.out(
    formatDescription(describe(read.job, { active: read.active, runs: runsIn(context, read.job), failureLog, now })),
  );
  for (const line of formatTips(tipsFor(read.job, flags))) context.io.note(line);
}

const runsIn = (context: Context, job: TaskSchedule): string | undefined =>
  stateOf(job) === 'Scheduled' ? runsOf(context, job, announced).trimEnd() : undefined;

function tipsFor(job: TaskSchedule, flags: string) {
  const { name } = job.metadata;
  const byState: Readonly<Record<JobState, { readonly description: string; readonly command: string }>> = {
    Scheduled: { description: 'Suspend it', command: `kf update-job ${name} --suspend${flags}` },
    Suspended: { description: 'Resume it', command: `kf update-job ${name} --resume${flags}` },
    Unscheduled: { description: 'Give it a schedule', command: `kf schedule-job ${name} '0 2 * * *'${flags}` },
  };
  return [
    { description: 'Show what it has run', command: `kf job-history ${name}${flags}` },
    { description: 'Run it now', command: `kf run-job ${name}${flags}` },
    byState[stateOf(job)],
  ];
}

function failureLogOf(job: TaskSchedule, flags: string): string {
  if (job.spec.taskTemplate === undefined) return `kf logs --job ${job.metadata.name} --failed${flags}`;
  return `kf logs ${job.status?.lastFailure?.name}${flags}`;
}

interface More {
  /** Its runs that have not ended. */
  readonly active: readonly JobRun[];
  /** The table of the next runs. */
  readonly runs: string | undefined;
  /** The command that shows the log of the last failure, while there is one. */
  readonly failureLog: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const policies = {
  Always: 'Always (starts beside Tasks that have not ended)',
  Forbid: 'Forbid (skips a slot while a Task has not ended)',
  Replace: 'Replace (terminates Tasks that have not ended, then starts)',
} as const;

const missedWords = {
  latest: 'latest (the newest is run)',
  skip: 'skip (none is run)',
  all: 'all (the newest 100 are run, one after the other)',
} as const;

/** Entries of the history that are shown; `kf job-history` has all. */
const shownHistory = 3;

function retriesText(template: TaskSchedule['spec']['taskTemplate']): string | undefined {
  return template?.retries ? `${template.retries}, the first after ${template.retryDelay ?? '10s'}` : undefined;
}

export function describe(job: TaskSchedule, { active, runs, failureLog, now }: More): Description {
  const { metadata, spec, status = {} } = job;
  const { taskTemplate: template } = spec;
  const { kind } = runKindOf(job);
  const ready = conditionOf(job, 'Ready');
  const { lastSuccess, lastFailure } = status;
  return [
    ['Name', metadata.name],
    ['App', template?.appRef.name],
    ['Runs', runsText(job)],
    ['Space', metadata.namespace],
    ['Command', template?.command],
    ['Arguments', template?.args?.map(quote).join(' ')],
    ['Environment', template?.env?.map(({ name }) => name).join(', ')],
    ['State', stateOf(job)],
    ['Ready', ready?.status ?? 'Unknown'],
    ['Reason', ready?.reason],
    ['Message', ready?.message],
    ['Concurrency Policy', policies[spec.concurrencyPolicy ?? 'Always']],
    [
      'Missed Runs',
      `${missedWords[spec.missed ?? 'latest']}${spec.missedWithin ? `, within ${spec.missedWithin}` : ''}`,
    ],
    ['Retries', retriesText(template)],
    ['Created By', metadata.annotations?.[annotations.createdBy]],
    ['Changed By', metadata.annotations?.[annotations.changedBy]],
    [
      'Schedules',
      schedulesOf(job).map((one) => {
        const words = inWords(one.schedule);
        return `${one.expression}  (${words === one.expression ? '' : `${words}; `}${one.timeZone}; ID ${one.id})`;
      }),
    ],
    ['Next Runs', runs],
    ['Last Scheduled', status.lastScheduleTime],
    ['Last Success', lastSuccess === undefined ? 'none' : `${kind} ${lastSuccess.name}${ago(lastSuccess.time, now)}`],
    [
      'Last Failure',
      lastFailure === undefined
        ? 'none'
        : [
            `${kind} ${lastFailure.name}${ago(lastFailure.time, now)}${lastFailure.reason ? `: ${lastFailure.reason}` : ''}`,
            ...(failureLog === undefined ? [] : [`log: ${failureLog}`]),
          ],
    ],
    ['Expected', expectationText(job, now)],
    ['Notifies', notifiesText(spec.notify)],
    [
      'Active',
      active.map(
        (run) => `${kind} ${run.metadata.name} ${'appRef' in run.spec ? progressOf(run as Task) : progressOfRun(run)}`,
      ),
    ],
    ['Waiting', waiting(job)],
    [
      'Not Run',
      (status.history ?? [])
        .slice(0, shownHistory)
        .map(({ time, outcome, message }) => `${time} ${outcome}${message === undefined ? '' : `: ${message}`}`),
    ],
    [
      'Limits',
      section([
        ['Memory', template?.memory],
        ['Disk', template?.disk],
        ['CPU', template?.cpu],
        ['Timeout', template?.timeout],
        ['Grace Period', template?.gracePeriodSeconds === undefined ? undefined : `${template.gracePeriodSeconds}s`],
      ]),
    ],
  ];
}

/** What is made instead of Tasks. */
function runsText(job: TaskSchedule): string | undefined {
  const { taskRunTemplate, pipelineRunTemplate } = job.spec;
  const names = (list: readonly { readonly name?: string | undefined }[] = []) =>
    list.map(({ name = '?' }) => name).join(', ');
  if (pipelineRunTemplate !== undefined) {
    const { pipelineRef, pipelineSpec } = pipelineRunTemplate.spec;
    return pipelineRef === undefined
      ? `PipelineRuns with the tasks ${names(pipelineSpec?.tasks)}`
      : `PipelineRuns of ${referenced('Pipeline', pipelineRef)}`;
  }
  if (taskRunTemplate === undefined) return undefined;
  const { taskRef, taskSpec } = taskRunTemplate.spec;
  return taskRef === undefined
    ? `TaskRuns with the steps ${names(taskSpec?.steps)}`
    : `TaskRuns of ${referenced('Task', taskRef)}`;
}

const referenced = (
  kind: string,
  { name, resolver }: { readonly name?: string; readonly resolver?: string },
): string => (name === undefined ? `a ${kind} that the resolver ${resolver ?? '?'} finds` : `the ${kind} ${name}`);

function progressOfRun(run: JobRun): string {
  const { reason = 'Pending', message = '' } = conditionOf(run, 'Succeeded') ?? {};
  return `has not ended (${reason}${message === '' ? '' : `: ${message}`})`;
}

function ago(time: string | undefined, now: number): string {
  return time === undefined ? '' : `, ${humanDuration(now - Date.parse(time))} ago (${rfc3339(Date.parse(time))})`;
}

/** What is due and has not started, with the reason. */
function waiting(job: TaskSchedule): readonly string[] {
  const { status = {} } = job;
  const { replacing, replacingRun, backlog = [] } = status;
  return [
    ...(replacing === undefined ? [] : [`slot ${replacing}: for the Tasks that it replaces to end`]),
    ...(replacingRun === undefined
      ? []
      : [`${runKindOf(job).kind} ${replacingRun}: for the runs that it replaces to end`]),
    ...(backlog.length === 0
      ? []
      : [`${count(backlog.length, 'missed slot')} from ${backlog[0]} on: each for the one before it to end`]),
  ];
}
