/** The next runs of a Job, and how they are shown: in the Job's zone, the caller's and UTC. Pure. */

import { counted, type JobSchedule, schedulesOf } from '../../resources/kf/job-schedules.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import { type DescribedFire, describeFires, wallClock } from '../../resources/schedule/describe-fires.ts';
import { isTimeZone } from '../../resources/schedule/time-zone.ts';
import { formatTable } from '../output/table.ts';

export type NextRun = DescribedFire<JobSchedule>;

/** @param now milliseconds since the epoch; `@every` counts from when the server saw the schedule, else from here */
export function nextRuns(
  job: TaskSchedule,
  now: number,
  count: number,
  schedules: readonly JobSchedule[] = schedulesOf(job),
): readonly NextRun[] {
  return describeFires(
    schedules.map((schedule) => counted(job, schedule, now)),
    now,
    count,
  );
}

/** `Mon 2026-03-30 02:00 +02:00`. */
function localTime(at: number, timeZone: string): string {
  const { weekday, date, time, offset } = wallClock(timeZone, at);
  return `${weekday} ${date} ${time} ${offset}`;
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
  const noted = runs.some(({ note }) => note !== undefined);
  const columns = [...roles].map(([zone, role]) => ({
    zone,
    title: role.join(', ') === '' ? zone : `${zone} (${role.join(', ')})`,
  }));
  return formatTable(
    [...columns.map(({ title }) => title), ...(several ? ['Schedule ID'] : []), ...(noted ? ['Note'] : [])],
    runs.map(({ at, schedules: meeting, note = '' }) => [
      ...columns.map(({ zone }) => localTime(at, zone)),
      ...(several ? [meeting.map(({ id }) => id).join(', ')] : []),
      ...(noted ? [note] : []),
    ]),
  );
}
