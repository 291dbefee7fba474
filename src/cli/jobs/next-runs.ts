/** The next runs of a Job, and how they are shown: in the Job's zone, the caller's and UTC. Pure. */

import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { nextFire } from '../../resources/schedule/fire-times.ts';
import { isTimeZone } from '../../resources/schedule/time-zone.ts';
import { formatTable } from '../output/table.ts';
import { type JobSchedule, schedulesOf } from './schedules.ts';

export interface NextRun {
  /** Milliseconds since the epoch; a slot is a whole minute. */
  readonly at: number;
  /** Those that meet in this minute; one Task is made. */
  readonly schedules: readonly JobSchedule[];
}

const minute = 60_000;

/** @param now milliseconds since the epoch; `@every` counts from when the server saw the schedule, else from here */
export function nextRuns(job: TaskSchedule, now: number, count: number, only?: JobSchedule): readonly NextRun[] {
  const seen = job.status?.observedGeneration === job.metadata.generation ? job.status?.counting?.since : undefined;
  const since = seen === undefined ? now : Date.parse(seen);
  const slots = new Map<number, JobSchedule[]>();
  for (const schedule of only === undefined ? schedulesOf(job) : [only]) {
    let at: number | undefined = now;
    for (let run = 0; run < count; run++) {
      at = nextFire(schedule.schedule, { timeZone: schedule.timeZone, since }, at);
      if (at === undefined) break;
      const slot = Math.floor(at / minute) * minute;
      slots.set(slot, [...(slots.get(slot) ?? []), schedule]);
    }
  }
  return [...slots]
    .map(([at, schedules]) => ({ at, schedules }))
    .sort((a, b) => a.at - b.at)
    .slice(0, count);
}

/** `Mon 2026-03-30 02:00 +02:00`. */
export function localTime(at: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const { weekday, year, month, day, hour, minute: minutes, timeZoneName = 'GMT' } = parts;
  return `${weekday} ${year}-${month}-${day} ${hour}:${minutes} ${timeZoneName.slice(3) || '+00:00'}`;
}

/** The zone of whoever calls: `TZ`, else the machine's. */
export function callerZone(env: NodeJS.ProcessEnv): string {
  const zone = env.TZ?.replace(/^:/, '');
  return zone !== undefined && isTimeZone(zone) ? zone : Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** One line per run. Zones that are the same share a column. */
export function runsTable(runs: readonly NextRun[], job: TaskSchedule, caller: string): string {
  const schedules = schedulesOf(job);
  const zones = [...new Set(schedules.map(({ timeZone }) => timeZone))];
  const roles = new Map<string, string[]>();
  const add = (zone: string, role: string): void => void roles.set(zone, [...(roles.get(zone) ?? []), role]);
  for (const zone of zones) add(zone, "the Job's");
  add(caller, 'yours');
  if (!roles.has('UTC')) add('UTC', '');
  const several = schedules.length > 1;
  const columns = [...roles].map(([zone, role]) => ({
    zone,
    title: role.join(', ') === '' ? zone : `${zone} (${role.join(', ')})`,
  }));
  return formatTable(
    [...columns.map(({ title }) => title), ...(several ? ['Schedule ID'] : [])],
    runs.map(({ at, schedules: of }) => [
      ...columns.map(({ zone }) => localTime(at, zone)),
      ...(several ? [of.map(({ id }) => id).join(', ')] : []),
    ]),
  );
}
