import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { finished, logged, logOf, outcome, startTask, until } from '../support/kf-tasks.ts';
import { containerPids, instanceOf } from '../support/machine-state.ts';

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('report', { 'data.txt': 'x' }, '-c', 'true');
});
afterAll(() => kf.remove());

/** The first attempt fails, the second one waits until it is told to fail, the third one succeeds. */
const line = `echo attempt $KF_TASK_ATTEMPT; case $KF_TASK_ATTEMPT in
1) exit 3;; 2) while [ ! -e /tmp/go ]; do sleep 0.02; done; exit 4;; esac`;

test('attempts over a server that is killed between and in them: each once, each with its log', async () => {
  const name = await startTask(kf, 'report', line, '--retries', '5', '--retry-delay', '1s');
  await until(kf, name, ({ status }) => status?.nextAttemptTime !== undefined);
  await kf.killServer();
  await kf.ok('server', 'start');
  await logged(kf, name, 'attempt 2');
  await kf.killServer();
  await kf.ok('server', 'start');
  const [container] = containerPids(instanceOf(kf.dataDir));
  writeFileSync(`/proc/${container!.pid}/root/tmp/go`, '');
  const task = await finished(kf, name);
  expect(outcome(task)).toMatchObject({ exitCode: 0, status: 'True' });
  expect(task.status?.attempts?.map(({ exitCode }) => exitCode)).toEqual([3, 4, 0]);
  expect(await logOf(kf, name)).toBe('attempt 1\nattempt 2\nattempt 3\n');
  expect((await kf.ok('logs', name, '--attempt', '2', '--recent')).stdout).toBe('attempt 2\n');
});
