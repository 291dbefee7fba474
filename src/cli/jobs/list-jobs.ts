/** `kf jobs`, `kf job-schedules`, `kf job-history`: Kf's columns and what they lack. */

import type { AnyKind } from '../../client/client.ts';
import { humanDuration } from '../../resources/duration.ts';
import { runKindOf } from '../../resources/kf/job-run.ts';
import { type JobSchedule, schedulesOf } from '../../resources/kf/job-schedules.ts';
import { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { annotations, labels } from '../../resources/labels.ts';
import type { Context } from '../context.ts';
import { compareText } from '../output/compare-text.ts';
import { printList, type TableRow } from '../output/listing.ts';
import type { OutputFormat } from '../output/objects.ts';
import { requireSpace } from '../spaces/find-space.ts';
import { byNumber } from '../tasks/find-task.ts';
import { isOverdue } from './expectation.ts';
import { byCreation, getJob, ofJob } from './find-job.ts';
import { nextRuns } from './next-runs.ts';
import { stateOf } from './schedules.ts';

interface ListFlags {
  readonly output?: OutputFormat;
}

export async function listJobs(context: Context, { output }: ListFlags): Promise<void> {
  const now = context.clock.now();
  await printJobs(context, {
    output,
    title: 'Listing Jobs',
    moreColumns: ['Next', 'Last Result'],
    rows: (row, job) => [
      withCells(row, {
        Schedule: scheduleText(job),
        Next: stateOf(job) === 'Scheduled' ? untilNext(job, now) : null,
        'Last Result': isOverdue(job, now) ? `OVERDUE; ${lastResult(job, now) ?? 'none yet'}` : lastResult(job, now),
      }),
    ],
  });
}

/** One line for each schedule that is in force. */
export async function listSchedules(context: Context, { output }: ListFlags): Promise<void> {
  const now = context.clock.now();
  await printJobs(context, {
    output,
    labelSelector: `${labels.jobSuspend}=false`,
    title: 'Listing Job schedules',
    moreColumns: ['ID', 'Time Zone', 'Next'],
    rows: (row, job) =>
      schedulesOf(job).map((schedule) =>
        withCells(row, {
          Schedule: schedule.expression,
          ID: schedule.id,
          'Time Zone': schedule.timeZone,
          Next: untilNext(job, now, schedule),
        }),
      ),
  });
}

interface JobsRequest {
  readonly output: OutputFormat | undefined;
  readonly labelSelector?: string;
  readonly title: string;
  readonly moreColumns: readonly string[];
  readonly rows: (row: TableRow, job: TaskSchedule) => readonly TableRow[];
}

async function printJobs(context: Context, request: JobsRequest): Promise<void> {
  const { output, labelSelector, title, moreColumns, rows } = request;
  const session = await context.session();
  const options = { namespace: session.space, ...(labelSelector === undefined ? {} : { labelSelector }) };
  const { items } = output === undefined ? await session.client.list(TaskSchedule, options) : { items: [] };
  const jobs = new Map(items.map((job) => [job.metadata.name, job]));
  await printList(context, session.client, {
    kind: TaskSchedule,
    options,
    ...(output === undefined ? {} : { output }),
    title: `${title} in Space: ${session.space}`,
    moreColumns,
    rows: (all) =>
      all.flatMap((row) => {
        const job = jobs.get(row.metadata.name);
        return job === undefined ? [row] : rows(row, job);
      }),
    whenEmpty: () => requireSpace(session),
  });
}

const withCells = (row: TableRow, cells: TableRow['cells']): TableRow => ({
  ...row,
  cells: { ...row.cells, ...cells },
});

function scheduleText(job: TaskSchedule): string {
  const [first, ...others] = schedulesOf(job);
  if (first === undefined) return 'unscheduled';
  return others.length === 0 ? first.expression : `${first.expression} (+${others.length})`;
}

function untilNext(job: TaskSchedule, now: number, only?: JobSchedule): string | null {
  const [run] = nextRuns(job, now, 1, only === undefined ? undefined : [only]);
  return run === undefined ? null : `in ${humanDuration(run.at - now)}`;
}

function lastResult({ status }: TaskSchedule, now: number): string | null {
  const { lastSuccess, lastFailure } = status ?? {};
  const timeOf = (result: { readonly time?: string } | undefined): number => Date.parse(result?.time ?? '') || 0;
  const last = timeOf(lastFailure) > timeOf(lastSuccess) ? lastFailure : lastSuccess;
  if (last === undefined) return lastFailure === undefined ? null : 'failed';
  const word = last === lastSuccess ? 'succeeded' : `failed${lastFailure?.reason ? ` (${lastFailure.reason})` : ''}`;
  return last.time === undefined ? word : `${word} ${humanDuration(now - timeOf(last))} ago`;
}

/** The runs of a Job and what did not run, by time, newest last. */
export async function listHistory(context: Context, name: string, { output }: ListFlags): Promise<void> {
  const session = await context.session();
  const job = await getJob(session, name);
  const now = context.clock.now();
  const slots = (job.status?.history ?? []).map(
    ({ time, outcome, message, run }): TableRow => ({
      cells: {
        Name: null,
        Age: humanDuration(now - Date.parse(time)),
        Reason: outcome,
        Scheduled: run === undefined ? time : 'by hand',
        Message: message ?? null,
      },
      metadata: { name: '', creationTimestamp: time },
    }),
  );
  const created = ({ metadata }: TableRow): string => metadata.creationTimestamp ?? '';
  const id = ({ cells }: TableRow): number => (typeof cells.ID === 'number' ? cells.ID : Number.POSITIVE_INFINITY);
  await printList(context, session.client, {
    kind: runKindOf(job) as AnyKind,
    options: { namespace: session.space, labelSelector: ofJob(name) },
    ...(output === undefined ? {} : { output }),
    title: `Listing the history of Job ${name} in Space: ${session.space}`,
    moreColumns: ['Scheduled', 'Message'],
    rows: (tasks) => [...tasks.map(withSlot), ...slots],
    compareRows: (a, b) => compareText(created(a), created(b)) || id(a) - id(b),
    compareObjects: runKindOf(job).kind === 'Task' ? byNumber : byCreation,
  });
}

const withSlot = (row: TableRow): TableRow =>
  withCells(row, { Scheduled: row.metadata.annotations?.[annotations.scheduledTime] ?? 'by hand', Message: null });
