/** A Job's schedules: reading them, and the changes that people ask for. Pure. */

import {
  defaultTimeZone,
  firstIdOf,
  type JobSchedule,
  lastIdOf,
  schedulesOf,
  withIds,
} from '../../resources/kf/job-schedules.ts';
import { noSchedule, type TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { parseSchedule } from '../../resources/schedule/parse.ts';
import { spread } from '../../resources/schedule/spread.ts';
import { CliError } from '../errors.ts';
import type { ScheduleFlags } from './job-flags.ts';

/** What a Job is doing about time. */
export type JobState = 'Scheduled' | 'Suspended' | 'Unscheduled';

export function stateOf(job: TaskSchedule): JobState {
  if (schedulesOf(job).length === 0) return 'Unscheduled';
  return job.spec.suspend ? 'Suspended' : 'Scheduled';
}

export interface NewSchedule {
  readonly expression: string;
  /** Absent: the Job's. */
  readonly timeZone?: string;
}

/** @throws CliError, in Kf's words, with the reason */
export function readSchedule(
  job: string,
  text: string,
  { timezone: timeZone, spread: spreads }: Pick<ScheduleFlags, 'timezone' | 'spread'>,
): NewSchedule {
  const parsed = parseSchedule(text);
  if (!parsed.ok) throw new CliError(`Schedule "${text}" is not a valid cron schedule: ${parsed.reason}`);
  const { expression, timeZone: prefix } = parsed.schedule;
  if (prefix !== undefined && timeZone !== undefined && prefix !== timeZone)
    throw new CliError(
      `Schedule "${text}" names the time zone ${prefix}, --timezone says ${timeZone}: give one of them`,
    );
  const zone = prefix ?? timeZone;
  return {
    expression: spreads ? spreadMinutes(job, expression) : expression,
    ...(zone === undefined ? {} : { timeZone: zone }),
  };
}

/** @throws CliError when its minutes cannot be moved */
function spreadMinutes(job: string, expression: string): string {
  const moved = spread(expression, job);
  if (!moved.ok) throw new CliError(`--spread: "${expression}": ${moved.reason}`);
  return moved.expression;
}

/** All schedules of a Job with their minutes moved. @throws CliError */
export function withSpread(job: TaskSchedule): TaskSchedule {
  const { name } = job.metadata;
  const schedules = schedulesOf(job);
  if (schedules.length === 0) throw new CliError(`--spread: Job "${name}" has no schedule`);
  const [first, ...more] = schedules.map(({ id, expression, timeZone }) => ({
    id,
    schedule: spreadMinutes(name, expression),
    timeZone,
  }));
  const { moreSchedules: _, ...spec } = job.spec;
  const { schedule, timeZone } = first!;
  return {
    ...job,
    spec: { ...spec, schedule, timeZone, ...(more.length === 0 ? {} : { moreSchedules: more }) },
  };
}

/** A schedule that names no zone is read in the Job's, else in the Space's for new ones, else in UTC. */
export function inItsZone(added: NewSchedule, job: TaskSchedule, spaceZone: string | undefined): NewSchedule {
  const timeZone = added.timeZone ?? job.spec.timeZone ?? spaceZone;
  return timeZone === undefined ? added : { ...added, timeZone };
}

/** The one and only schedule, in force at once. */
export function withOnly(job: TaskSchedule, { expression, timeZone }: NewSchedule): TaskSchedule {
  const { moreSchedules: _, ...spec } = job.spec;
  const isFirst = schedulesOf(job).length === 0 && lastIdOf(job) === 1;
  return withIds(
    {
      ...job,
      spec: { ...spec, schedule: expression, ...(timeZone === undefined ? {} : { timeZone }), suspend: false },
    },
    isFirst ? 1 : lastIdOf(job) + 1,
  );
}

/** Adds a schedule to those that are in force. @param flags for the commands that are printed */
export function withOneMore(job: TaskSchedule, added: NewSchedule, flags: string): TaskSchedule {
  const state = stateOf(job);
  if (state === 'Unscheduled') return withOnly(job, added);
  const { name } = job.metadata;
  if (state === 'Suspended')
    throw new CliError(`Job "${name}" is suspended: another schedule would resume ${listed(schedulesOf(job))} too`, {
      tips: [
        { description: 'Resume it first', command: `kf update-job ${name} --resume${flags}` },
        { description: 'Replace its schedules', command: `kf schedule-job ${name} '${added.expression}'${flags}` },
      ],
    });
  const id = lastIdOf(job) + 1;
  const entry = {
    id,
    schedule: added.expression,
    timeZone: added.timeZone ?? job.spec.timeZone ?? defaultTimeZone,
  };
  return withIds(
    { ...job, spec: { ...job.spec, moreSchedules: [...(job.spec.moreSchedules ?? []), entry] } },
    firstIdOf(job),
    id,
  );
}

/** Without one of several; the next one takes the place of the first. */
export function without(job: TaskSchedule, id: number): TaskSchedule {
  const last = lastIdOf(job);
  const more = job.spec.moreSchedules ?? [];
  const { moreSchedules: _, ...spec } = job.spec;
  const rest = (entries: typeof more) => (entries.length === 0 ? {} : { moreSchedules: entries });
  if (id !== firstIdOf(job)) {
    const kept = more.filter((entry) => entry.id !== id);
    return withIds({ ...job, spec: { ...spec, ...rest(kept) } }, firstIdOf(job), last);
  }
  const [next, ...others] = more;
  if (next === undefined) return job;
  const promoted = { schedule: next.schedule, timeZone: next.timeZone ?? defaultTimeZone };
  return withIds({ ...job, spec: { ...spec, ...promoted, ...rest(others) } }, next.id, last);
}

/** All schedules read in another zone; a `TZ=` that came from elsewhere gives way. */
export function inZone(job: TaskSchedule, zone: string): TaskSchedule {
  const plain = (text: string): string => text.replace(/^\s*(CRON_)?TZ=\S*\s*/, '');
  const { schedule = noSchedule, moreSchedules } = job.spec;
  return {
    ...job,
    spec: {
      ...job.spec,
      schedule: plain(schedule),
      timeZone: zone,
      ...(moreSchedules === undefined
        ? {}
        : {
            moreSchedules: moreSchedules.map((entry) => ({
              ...entry,
              schedule: plain(entry.schedule),
              timeZone: zone,
            })),
          }),
    },
  };
}

/** `"0 2 * * *" (ID 1, Europe/Berlin)`, for messages. */
const named = ({ id, expression, timeZone }: JobSchedule): string => `"${expression}" (ID ${id}, ${timeZone})`;

export const listed = (schedules: readonly JobSchedule[]): string => schedules.map(named).join(', ');

/** In a word or two when a Job runs. */
export function schedulesText(job: TaskSchedule): string {
  const state = stateOf(job);
  const texts = schedulesOf(job).map(({ expression, timeZone }) => `${expression} (${timeZone})`);
  if (state === 'Unscheduled') return 'unscheduled';
  return `${texts.join(', ')}${state === 'Suspended' ? ', suspended' : ''}`;
}
