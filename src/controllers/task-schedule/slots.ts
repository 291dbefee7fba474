/** What a Job is scheduled by. Pure. */

import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';
import type { ZonedSchedule } from '../../resources/schedule/missed.ts';
import { parseSchedule } from '../../resources/schedule/parse.ts';

/** The Job's schedules; a Job that was admitted has none that cannot be parsed. */
export function schedulesOf({ spec }: TaskSchedule): readonly ZonedSchedule[] {
  const all = [{ schedule: spec.schedule ?? '', timeZone: spec.timeZone }, ...(spec.moreSchedules ?? [])];
  return all.flatMap(({ schedule, timeZone }) => {
    const parsed = parseSchedule(schedule);
    return parsed.ok ? [{ schedule: parsed.schedule, timeZone: timeZone ?? 'UTC' }] : [];
  });
}

/** Names what a Job is scheduled by; another text means that counting starts anew. */
export const schedulesText = ({ spec }: TaskSchedule): string =>
  JSON.stringify([spec.schedule, spec.timeZone ?? null, spec.moreSchedules ?? []]);
