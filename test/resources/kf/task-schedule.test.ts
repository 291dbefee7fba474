import { expect, test } from 'vitest';
import { noSchedule, TaskSchedule } from '../../../src/resources/kf/task-schedule.ts';

const errors = (spec: object, name = 'job') =>
  (
    TaskSchedule.validate?.({
      apiVersion: 'kf.dev/v1alpha1',
      kind: 'TaskSchedule',
      metadata: { name },
      spec: { schedule: '0 2 * * *', taskTemplate: { appRef: { name: 'app' } }, ...spec },
    } as TaskSchedule) ?? []
  ).map(({ field, message }) => `${field}: ${message}`);

const steps = [{ name: 'one', image: 'busybox', command: ['true'] }];
const tasks = [{ name: 'one', taskSpec: { steps } }];

test.each([
  [{}],
  [{ schedule: noSchedule, suspend: true }],
  [{ timeZone: 'Europe/Berlin', moreSchedules: [{ id: 2, schedule: '@every 90m' }] }],
  [{ taskTemplate: undefined, taskRunTemplate: { spec: { taskSpec: { steps } } } }],
  [{ taskTemplate: undefined, pipelineRunTemplate: { spec: { pipelineSpec: { tasks } } } }],
])('%j is admitted', (spec) => {
  expect(errors(spec)).toEqual([]);
});

test.each([
  [{ schedule: 'foo' }, /^spec\.schedule: Invalid value: "foo": /],
  [{ schedule: '' }, /^spec\.schedule: .*is empty/],
  [{ schedule: '0 0 30 2 *' }, /^spec\.schedule: .*never fires/],
  [{ schedule: '0 0 2 * * *' }, /^spec\.schedule: .*nearest valid form: 0 2 \* \* \*/],
  [{ schedule: '60 2 * * *' }, /^spec\.schedule: .*59/],
  [{ schedule: '@reboot' }, /^spec\.schedule: /],
  [{ schedule: '@every 30s' }, /^spec\.schedule: .*at least 1m/],
  [{ schedule: 'TZ=Mars/Base 0 2 * * *' }, /^spec\.schedule: .*no IANA time zone/],
  [{ timeZone: 'Berlin' }, /^spec\.timeZone: .*IANA time zone/],
  [{ timeZone: '+01:00' }, /^spec\.timeZone: /],
  [{ moreSchedules: [{ id: 2, schedule: '0 0 L * *' }] }, /^spec\.moreSchedules\[0\]\.schedule: .*0 0 28 \* \*/],
  [{ moreSchedules: [{ id: 2, schedule: '@daily', timeZone: 'x' }] }, /^spec\.moreSchedules\[0\]\.timeZone: /],
  [{ missedWithin: 'soon' }, /^spec\.missedWithin: .*like 6h/],
  [{ missedWithin: '0s' }, /^spec\.missedWithin: /],
  [{ taskTemplate: undefined }, /^spec\.taskTemplate: Required value/],
  [{ taskTemplate: { appRef: { name: 'app' }, pending: true } }, /^spec\.taskTemplate\.pending: Forbidden/],
  [{ taskRunTemplate: { spec: { taskSpec: { steps } } } }, /^spec: Forbidden.*taskTemplate, taskRunTemplate/],
  [
    { taskTemplate: undefined, taskRunTemplate: { spec: { taskSpec: { steps: [] } } } },
    /^spec\.taskRunTemplate\.spec\.taskSpec\.steps: missing field\(s\)/,
  ],
  [
    { taskTemplate: undefined, pipelineRunTemplate: { spec: { pipelineSpec: { tasks }, status: 'Cancelled' } } },
    /^spec\.pipelineRunTemplate\.spec\.status: Forbidden/,
  ],
])('%j is refused: %s', (spec, expected) => {
  const found = errors(spec);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(expected);
});

test('a name leaves room for a slot', () => {
  expect(errors({}, 'j'.repeat(52))).toEqual([]);
  expect(errors({}, 'j'.repeat(53))[0]).toContain('at most 52 long');
});
