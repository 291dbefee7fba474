import { describe, expect, test } from 'vitest';
import { exitCodeText, outcomeOf, progressOf } from '../../../src/cli/tasks/outcome.ts';
import type { Task } from '../../../src/resources/kf/task.ts';

type Status = NonNullable<Task['status']>;

const task = (
  status: 'True' | 'False' | 'Unknown',
  reason: string | undefined,
  rest: Partial<Status> = {},
  message?: string,
): Task => ({
  apiVersion: 'kf.dev/v1alpha1',
  kind: 'Task',
  metadata: { name: 't' },
  spec: { appRef: { name: 'app' }, timeout: '5m' },
  status: { conditions: [{ type: 'Succeeded', status, reason, message }], ...rest },
});

describe('the exit code of a final Task, and its last line', () => {
  test.each<[string, Task, number, string]>([
    ['success', task('True', undefined), 0, 'Task t succeeded'],
    [
      'a success with a warning',
      task('True', undefined, { message: 'OOM: a child was killed' }),
      0,
      'Task t succeeded (OOM: a child was killed)',
    ],
    ['its own code', task('False', 'Failed', { exitCode: 3 }), 3, 'Task t failed: exit code 3'],
    [
      'a code that is also one of ours',
      task('False', 'Failed', { exitCode: 124 }),
      124,
      'Task t failed: exit code 124',
    ],
    [
      'out of memory',
      task('False', 'OOMKilled', { exitCode: 137 }, 'limit 64Mi'),
      137,
      'Task t failed: exit code 137 (SIGKILL), OOMKilled: limit 64Mi',
    ],
    [
      'disk full',
      task('False', 'DiskQuotaExceeded', { exitCode: 1 }, 'used 1Gi of 1Gi'),
      1,
      'Task t failed: exit code 1, DiskQuotaExceeded: used 1Gi of 1Gi',
    ],
    ['timeout', task('False', 'TaskTimeout', { exitCode: 143 }), 124, 'Task t timed out after 5m'],
    ['terminated', task('False', 'TaskRunCancelled', { exitCode: 143 }), 143, 'Task t was terminated'],
    [
      'a reboot',
      task('False', 'NodeRestarted', {}, 'the machine restarted'),
      122,
      'Task t was lost: NodeRestarted: the machine restarted',
    ],
    ['evicted', task('False', 'Evicted', { exitCode: 137 }), 122, 'Task t was lost: Evicted'],
    [
      'no image',
      task('False', 'ImageNotFound', {}, 'image x is gone'),
      125,
      'Task t did not start: ImageNotFound: image x is gone',
    ],
    ['command cannot start', task('False', 'ContainerCannotRun', {}), 125, 'Task t did not start: ContainerCannotRun'],
    ['failed with code 0', task('False', 'Failed', { exitCode: 0 }), 1, 'Task t failed: exit code 1'],
  ])('%s', (_, final, exitCode, text) => expect(outcomeOf(final)).toEqual({ exitCode, text }));
});

test('progress: what a Task does, or waits for', () => {
  expect(progressOf(task('Unknown', 'Pending', {}, 'no room: 2 tasks run'))).toBe(
    'waits: no room: 2 tasks run (Pending)',
  );
  expect(progressOf(task('Unknown', 'Pending'))).toBe('waits (Pending)');
  expect(progressOf(task('Unknown', 'WaitingForRoom', {}, '8 of 8 places are taken'))).toBe(
    'waits for room on the machine: 8 of 8 places are taken; it starts when others have ended',
  );
  expect(progressOf(task('Unknown', 'NodeNotReady', {}, 'runc is missing; kf doctor --fix installs it'))).toBe(
    'waits for the machine: runc is missing; kf doctor --fix installs it; it starts once that is mended',
  );
  expect(outcomeOf(task('False', 'NeverFits', {}, 'needs 100Gi of memory, this machine has 2Gi for tasks')).text).toBe(
    'Task t can never start: it needs 100Gi of memory, this machine has 2Gi for tasks',
  );
  expect(progressOf(task('Unknown', 'Running', { startTime: '2026-01-01T00:00:00Z' }))).toBe('is running');
});

test('signals are named', () => {
  expect(exitCodeText(143)).toBe('exit code 143 (SIGTERM)');
  expect(exitCodeText(2)).toBe('exit code 2');
});
