/** `update-job --unset`: fields of a Job that go back to their defaults. Pure. */

import { withoutEmpty } from '../../resources/json.ts';
import type { TaskSchedule } from '../../resources/kf/task-schedule.ts';

/** Flags whose values can be taken back, and where they are kept. */
const taskFields = {
  command: 'command',
  args: 'args',
  'memory-limit': 'memory',
  'disk-quota': 'disk',
  'cpu-cores': 'cpu',
  env: 'env',
  timeout: 'timeout',
  'grace-period': 'gracePeriodSeconds',
  retries: 'retries',
  'retry-delay': 'retryDelay',
} as const;

export const unsettable = [...Object.keys(taskFields), 'missed', 'missed-within', 'notify', 'expect-every'];

export function withDefaults(job: TaskSchedule, unset: readonly string[]): TaskSchedule {
  const gone = new Set(unset.map((flag) => taskFields[flag as keyof typeof taskFields]));
  const { taskTemplate } = job.spec;
  const template = Object.entries(taskTemplate ?? {}).filter(([field]) => !gone.has(field as never));
  const { missed, missedWithin, notify, expectEvery, ...spec } = job.spec;
  return {
    ...job,
    spec: {
      ...spec,
      ...withoutEmpty({
        missed: unset.includes('missed') ? undefined : missed,
        missedWithin: unset.includes('missed-within') ? undefined : missedWithin,
        notify: unset.includes('notify') ? undefined : notify,
        expectEvery: unset.includes('expect-every') ? undefined : expectEvery,
      }),
      ...(taskTemplate === undefined ? {} : { taskTemplate: Object.fromEntries(template) as typeof taskTemplate }),
    },
  };
}
