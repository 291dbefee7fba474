import { afterAll, beforeAll, expect, test } from 'vitest';
import { Pod } from '../../src/resources/core/pod.ts';
import { annotations } from '../../src/resources/labels.ts';
import { shellContainer, TestNode, terminated } from '../node/support/test-node.ts';

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start();
});
afterAll(() => node.close());

const fill = 'node -e "const a=[]; for(;;) a.push(Buffer.alloc(1<<22, 1))"';

test('memory: killed at the limit is OOMKilled; survived is a warning', async () => {
  const resources = { limits: { memory: '100Mi' } };
  await node.shell('oom', fill, { resources });
  await node.shell('survives', `${fill}; exit 0`, { resources });
  const oom = await node.finished('oom');
  expect(oom.status?.phase).toBe('Failed');
  expect(terminated(oom)).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  expect(oom.status?.containerStatuses?.[0]?.usage?.oomKills).toBeGreaterThan(0);
  expect(oom.status?.containerStatuses?.[0]?.usage?.memoryPeakBytes).toBeLessThanOrEqual(100 * 2 ** 20);
  const survived = await node.finished('survives');
  expect(survived.status?.phase).toBe('Succeeded');
  expect(terminated(survived)).toMatchObject({ reason: 'Completed', message: expect.stringContaining('warning') });
});

test('processes: forking without end reaches the limit, and the machine does not notice', async () => {
  const pod = await node.shell('fork', 'while sleep 100 & do :; done');
  const bomb = await node.shell('bomb', 'bomb() { bomb | bomb & }; bomb; sleep 100');
  expect((await node.finished('fork')).status?.phase).toBe('Failed');
  expect(await node.log(pod)).toMatch(/Cannot fork/);
  await node.logged(bomb, 'Cannot fork');
  await node.shell('beside', 'true');
  expect((await node.finished('beside')).status?.phase).toBe('Succeeded');
  await node.client.delete(Pod, bomb.metadata, { gracePeriodSeconds: 1 });
  await node.gone('bomb');
});

test('disk: writing past the limit fails and is called by its name', async () => {
  const resources = { limits: { 'ephemeral-storage': '64Mi' } };
  const pod = await node.shell('disk', 'head -c 200M /dev/zero > /tmp/x', { resources });
  expect(terminated(await node.finished('disk'))).toMatchObject({ reason: 'DiskQuotaExceeded' });
  expect(await node.log(pod)).toContain('No space left on device');
});

test('CPU is a weight unless a limit says otherwise', async () => {
  const show = 'cat /sys/fs/cgroup/cpu.max 2>/dev/null; nproc';
  await node.shell('weight', show, { resources: { requests: { cpu: '100m' } } });
  expect((await node.finished('weight')).status?.phase).toBe('Succeeded');
  const busy = 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done';
  await node.shell('quota', busy, { resources: { limits: { cpu: '100m' } } });
  const { startedAt, finishedAt } = terminated(await node.finished('quota'))!;
  const { usage } = (await node.finished('quota')).status!.containerStatuses![0]!;
  const wall = Date.parse(finishedAt!) - Date.parse(startedAt!);
  // At a tenth of a core the wall time is a multiple of the CPU time, however busy the machine is.
  expect(wall).toBeGreaterThan(3 * usage!.cpuMilliseconds!);
});

test('a limit of time: SIGTERM, the grace period, SIGKILL', async () => {
  const order = { main: { timeoutSeconds: 0.2 } };
  const pod = await node.create(
    'timeout',
    {
      terminationGracePeriodSeconds: 1,
      containers: [shellContainer('main', 'trap "echo no" TERM; while :; do sleep 0.1; done')],
    },
    { annotations: { [annotations.startOrder]: JSON.stringify(order) } },
  );
  expect(terminated(await node.finished('timeout'))).toMatchObject({ exitCode: 137, reason: 'TimeoutExceeded' });
  expect(await node.log(pod)).toContain('no\n');
});

test('the Pod’s own deadline fails it', async () => {
  await node.create('deadline', {
    activeDeadlineSeconds: 1,
    containers: [shellContainer('main', 'sleep 100')],
  });
  const ended = await node.finished('deadline');
  expect(ended.status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
  expect(terminated(ended)?.exitCode).toBe(143);
});

test('deletion: a task that ends at SIGTERM, with its children', async () => {
  const line =
    '(trap "echo child; exit" TERM; echo one; while :; do sleep 0.05; done) & trap "echo parent; wait; exit 0" TERM; echo two; while :; do sleep 0.05; done';
  // The log outlives the Pod when it belongs to another object.
  const labels = { 'kf.dev/log-owner': 'some-task' };
  const pod = await node.create('polite', { containers: [shellContainer('main', line)] }, { labels });
  await node.logged(pod, 'one');
  await node.logged(pod, 'two');
  const ending = node.client.until(Pod, pod.metadata, (now) => now?.status?.phase === 'Succeeded');
  await node.client.delete(Pod, pod.metadata);
  expect(terminated((await ending)!)?.exitCode).toBe(0);
  await node.gone('polite');
  expect(await node.log(pod)).toMatch(/child/);
  expect(await node.log(pod)).toMatch(/parent/);
});

test('deletion: a task that knows nothing of signals ends at once', async () => {
  const pod = await node.shell('plain', 'echo up; sleep 100');
  await node.logged(pod, 'up');
  // Longer than any test may take: it is the signal that ends it.
  await node.client.delete(Pod, pod.metadata, { gracePeriodSeconds: 3600 });
  await node.gone('plain');
});

test('deletion: a task that ignores SIGTERM is killed; a second deletion shortens the wait', async () => {
  const line = 'trap "" TERM; echo up; while :; do sleep 0.1; done';
  const ignoring = await node.shell('ignores', line);
  const impatient = await node.shell('impatient', line);
  await node.logged(ignoring, 'up');
  await node.logged(impatient, 'up');
  await node.client.delete(Pod, ignoring.metadata, { gracePeriodSeconds: 1 });
  await node.client.delete(Pod, impatient.metadata, { gracePeriodSeconds: 300 });
  await node.client.delete(Pod, impatient.metadata, { gracePeriodSeconds: 1 });
  await node.gone('ignores');
  await node.gone('impatient');
});

test('deletion by force leaves nothing behind', async () => {
  const pod = await node.shell('forced', 'echo up; sleep 100');
  await node.logged(pod, 'up');
  await node.client.delete(Pod, pod.metadata, { gracePeriodSeconds: 0 });
  await node.idle();
  expect(await node.leftovers()).toEqual([]);
});

test('kill -9 of the container’s first process, and of its monitor', async () => {
  const victim = await node.shell('victim', 'echo up; sleep 100');
  const orphan = await node.shell('orphan', 'echo up; sleep 100');
  await node.logged(victim, 'up');
  await node.logged(orphan, 'up');
  process.kill(node.containerPid(victim), 'SIGKILL');
  process.kill(node.monitorPid(orphan), 'SIGKILL');
  expect(terminated(await node.finished('victim'))).toMatchObject({ exitCode: 137, reason: 'Error' });
  expect(terminated(await node.finished('orphan'))).toMatchObject({ reason: 'ContainerStatusUnknown' });
  await node.idle();
  expect(await node.leftovers()).toEqual([]);
  expect(node.errors).toEqual([]);
});
