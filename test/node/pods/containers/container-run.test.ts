import { expect, test } from 'vitest';
import { classify, type Outcome } from '../../../../src/node/pods/containers/container-run.ts';

const outcome = (changes: Partial<Outcome>): Outcome => ({
  exitCode: 1,
  oomKills: 0,
  diskShare: 0,
  memoryLimit: '1Gi',
  ...changes,
});

test.each<[string, Partial<Outcome>, string]>([
  ['success', { exitCode: 0 }, 'Completed'],
  ['success with a full disk', { exitCode: 0, diskShare: 1 }, 'Completed'],
  ['failure', {}, 'Error'],
  ['killed for memory', { exitCode: 137, oomKills: 1 }, 'OOMKilled'],
  ['failed after a child was killed for memory', { oomKills: 2 }, 'OOMKilled'],
  ['disk full', { diskShare: 0.995 }, 'DiskQuotaExceeded'],
  ['disk nearly full', { diskShare: 0.98 }, 'Error'],
  ['out of time', { exitCode: 143, stopped: 'TimeoutExceeded' }, 'TimeoutExceeded'],
  ['out of time, and ended well', { exitCode: 0, stopped: 'TimeoutExceeded' }, 'TimeoutExceeded'],
  ['terminated', { exitCode: 143, stopped: 'Terminated' }, 'Error'],
  ['terminated, and ended well', { exitCode: 0, stopped: 'Terminated' }, 'Completed'],
  ['stopped for the machine’s disk', { exitCode: 143, stopped: 'DiskPressure' }, 'DiskPressure'],
])('%s', (_, changes, reason) => {
  expect(classify(outcome(changes)).reason).toBe(reason);
});

test('a success that lost a process to the memory limit carries a warning', () => {
  expect(classify(outcome({ exitCode: 0, oomKills: 1 })).message).toBe(
    'warning: the kernel killed 1 process at the memory limit of 1Gi',
  );
});
