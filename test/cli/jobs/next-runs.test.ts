import { describe, expect, test } from 'vitest';
import { nextRuns, runsTable } from '../../../src/cli/jobs/next-runs.ts';
import type { TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';

describe('the table of next runs', () => {
  const job = (spec: Partial<TaskSchedule['spec']>): TaskSchedule => ({
    apiVersion: 'kf.dev/v1alpha1',
    kind: 'TaskSchedule',
    metadata: { name: 'job' },
    spec: { taskTemplate: { appRef: { name: 'app' } }, ...spec },
  });
  const now = Date.parse('2026-03-28T12:00:30Z');
  const table = (of: TaskSchedule, caller = 'UTC') => runsTable(nextRuns(of, now, 3), of, caller);

  test('over the change to summer time', () => {
    expect(table(job({ schedule: '30 3 * * *', timeZone: 'Europe/Berlin' }), 'America/New_York')).toBe(
      [
        "Europe/Berlin (the Job's)    America/New_York (yours)     UTC",
        'Sun 2026-03-29 03:30 +02:00  Sat 2026-03-28 21:30 -04:00  Sun 2026-03-29 01:30 +00:00',
        'Mon 2026-03-30 03:30 +02:00  Sun 2026-03-29 21:30 -04:00  Mon 2026-03-30 01:30 +00:00',
        'Tue 2026-03-31 03:30 +02:00  Mon 2026-03-30 21:30 -04:00  Tue 2026-03-31 01:30 +00:00',
        '',
      ].join('\n'),
    );
  });

  test('zones that are the same share a column; schedules that meet in a minute make one run', () => {
    const moreSchedules = [{ id: 2, schedule: '0 */6 * * *', timeZone: 'UTC' }];
    expect(table(job({ schedule: '0 18 * * *', moreSchedules }))).toBe(
      [
        "UTC (the Job's, yours)       Schedule ID",
        'Sat 2026-03-28 18:00 +00:00  1, 2',
        'Sun 2026-03-29 00:00 +00:00  2',
        'Sun 2026-03-29 06:00 +00:00  2',
        '',
      ].join('\n'),
    );
  });

  test('@every counts from its minute', () => {
    const runs = nextRuns(job({ schedule: '@every 90m' }), now, 2).map(({ at }) => new Date(at).toISOString());
    expect(runs).toEqual(['2026-03-28T13:30:00.000Z', '2026-03-28T15:00:00.000Z']);
  });
});
