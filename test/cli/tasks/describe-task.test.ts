import { expect, test } from 'vitest';
import { formatDescription } from '../../../src/cli/output/describe.ts';
import { describe } from '../../../src/cli/tasks/describe-task.ts';
import type { Task } from '../../../src/resources/kf/task.ts';

const taskWith = (diskBytes: number): Task =>
  ({
    apiVersion: 'kf.dev/v1alpha1',
    kind: 'Task',
    metadata: { name: 'etl-1', namespace: 'dev' },
    spec: { appRef: { name: 'etl' }, disk: '32M' },
    status: { usage: { diskBytes } },
  }) as unknown as Task;

test.each([
  [10_000_000, 'Disk: +9.5Mi\n'],
  [31_900_000, 'Disk: +30.4Mi, full: the limit is 32M\n'],
])('a disk with %i bytes of 32M', (bytes, line) => {
  expect(formatDescription(describe(taskWith(bytes)))).toMatch(new RegExp(line));
});
