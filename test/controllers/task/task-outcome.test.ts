import { expect, test } from 'vitest';
import { outcomeOf } from '../../../src/controllers/task/task-outcome.ts';
import type { TaskRun } from '../../../src/resources/tekton/task-run.ts';

type Status = NonNullable<TaskRun['status']>;
type Step = NonNullable<Status['steps']>[number];

function run(step: Partial<Step>, succeeded: 'True' | 'False', completionTime: string): TaskRun {
  return {
    apiVersion: 'tekton.dev/v1',
    kind: 'TaskRun',
    metadata: { name: 'run' },
    spec: {},
    status: {
      startTime: '2026-01-01T00:00:00Z',
      completionTime,
      steps: [{ name: 'user-container', container: 'step-user-container', ...step }],
      conditions: [{ type: 'Succeeded', status: succeeded, reason: succeeded === 'True' ? 'Succeeded' : 'Failed' }],
    },
  };
}

test('a success carries the warning of the node', () => {
  const message = 'warning: the kernel killed 1 process at the memory limit of 64Mi';
  const terminated = { exitCode: 0, reason: 'Completed', message };
  const { condition, fields } = outcomeOf(run({ terminated }, 'True', '2026-01-01T00:00:01Z'));
  expect(condition).toMatchObject({ status: 'True', message });
  expect(fields.exitCode).toBe(0);
});

test('a plain success says nothing', () => {
  const terminated = { exitCode: 0, reason: 'Completed' };
  const { condition } = outcomeOf(run({ terminated }, 'True', '2026-01-01T00:00:01Z'));
  expect(condition).toEqual({ type: 'TaskRunReady', status: 'True', message: '' });
});

test('no duration is below zero, also where the end is known in whole seconds only', () => {
  const running = { startedAt: '2026-01-01T00:00:00.987Z' };
  const { fields } = outcomeOf(run({ running }, 'False', '2026-01-01T00:00:00Z'));
  expect(fields).toMatchObject({ completionTime: running.startedAt, duration: '0s' });
});
