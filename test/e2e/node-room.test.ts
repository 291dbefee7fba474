import { existsSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { DiskReserveError } from '../../src/node/disk/disk.ts';
import { logPathOf } from '../../src/node/logs/log-path.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { TestNode, terminated } from '../node/support/test-node.ts';
import { FakeClock } from '../support/fake-clock.ts';

let node: TestNode;
afterEach(() => node.close());

const ref = (name: string) => ({ namespace: 'dev', name });
const scheduled = (pod: Pod | undefined) => pod?.status?.conditions?.find(({ type }) => type === 'PodScheduled');
const waits = (name: string, reason: string) =>
  node.client.until(Pod, ref(name), (pod) => scheduled(pod)?.reason === reason);
const untilTold = 'echo up; while [ ! -e /tmp/go ]; do sleep 0.05; done';
const tell = (pod: Pod): void => writeFileSync(`/proc/${node.containerPid(pod)}/root/tmp/go`, '');

test('a Pod without room waits with the reason, and starts when there is some', async () => {
  node = await TestNode.start({ limits: { maxTasks: 1 } });
  const first = await node.shell('first', untilTold);
  await node.logged(first, 'up');
  await node.shell('second', 'echo done');
  const third = await node.shell('third', 'echo never');
  expect(scheduled(await waits('second', 'WaitingForRoom'))?.message).toBe('1 of 1 places are taken');
  expect((await waits('third', 'WaitingForRoom'))?.status?.phase).toBe('Pending');
  await node.client.delete(Pod, third.metadata);
  await node.gone('third');
  tell(first);
  expect(scheduled(await node.finished('second'))?.status).toBe('True');
});

test('what can never fit fails with the reason', async () => {
  node = await TestNode.start();
  await node.shell('huge', 'true', { resources: { limits: { memory: '900Gi' } } });
  const refused = await node.finished('huge');
  expect(refused.status).toMatchObject({ phase: 'Failed', reason: 'NeverFits' });
  expect(refused.status?.message).toMatch(/needs 900Gi of memory, this machine has .*Gi for tasks/);
});

test('too little disk: waits with the reason, and is tried again', async () => {
  const clock = new FakeClock(Date.now());
  let refusals = 1;
  node = await TestNode.start({
    clock,
    wrapDisk: (disk) => ({
      kind: disk.kind,
      adopt: (id) => disk.adopt(id),
      sweep: (inUse) => disk.sweep(inUse),
      close: () => disk.close(),
      reserve: (bytes) => disk.reserve(bytes),
      acquire: async (bytes) => {
        if (refusals-- > 0) throw new DiskReserveError('needs 1 GiB of disk, 0 available');
        return disk.acquire(bytes);
      },
    }),
  });
  await node.shell('patient', 'echo done');
  expect(scheduled(await waits('patient', 'DiskReserve'))?.message).toBe('needs 1 GiB of disk, 0 available');
  clock.advance(2000);
  expect((await node.finished('patient')).status?.phase).toBe('Succeeded');
});

test('61 minutes, and a deadline after 62', async () => {
  const clock = new FakeClock(Date.now());
  node = await TestNode.start({ clock });
  const long = await node.shell('long', `${untilTold}; exit 9`);
  const late = await node.create('late', {
    activeDeadlineSeconds: 62 * 60,
    containers: [{ name: 'main', image: 'kf.local/stack/host', command: ['/bin/sh', '-c', untilTold] }],
  });
  await node.logged(long, 'up');
  await node.logged(late, 'up');
  clock.advance(61 * 60_000);
  tell(long);
  expect(terminated(await node.finished('long'))?.exitCode).toBe(9);
  clock.advance(60_001);
  expect((await node.finished('late')).status?.reason).toBe('DeadlineExceeded');
});

test('a task that prints without end is stopped before the disk of the logs is full', async () => {
  node = await TestNode.start({ fileSystem: '360m', limits: { pressureBytes: 150 * 2 ** 20 } });
  const quiet = await node.shell('quiet', untilTold);
  await node.logged(quiet, 'up');
  // No faster than the agent looks: 60 MB/s into 150 MB.
  const flood = await node.shell('flood', 'while :; do head -c 3000000 /dev/zero | tr "\\0" x; echo; sleep 0.05; done');
  const evicted = await node.finished('flood');
  expect(evicted.status).toMatchObject({
    phase: 'Failed',
    reason: 'Evicted',
    message: expect.stringContaining('the disk is nearly full'),
  });
  expect(terminated(evicted)?.reason).toBe('DiskPressure');
  expect(await node.log(flood)).not.toContain('lines may be missing');
  await node.client.delete(Pod, flood.metadata, { gracePeriodSeconds: 0 });
  tell(quiet);
  expect((await node.finished('quiet')).status?.phase).toBe('Succeeded');
});

test('half a minute after its end a log is compressed, and is read as before', async () => {
  const clock = new FakeClock(Date.now());
  node = await TestNode.start({ clock });
  const pod = await node.shell('talker', 'i=0; while [ $i -lt 500 ]; do echo "line $i"; i=$((i+1)); done');
  const ended = await node.finished('talker');
  const text = await node.log(ended);
  expect(text).toMatch(/line 499\n$/);
  const path = logPathOf(node.layout.logs, pod, 'main');
  // The agent may not have heard of the end yet, or still be removing what it made.
  await expect
    .poll(() => {
      clock.advance(30_000);
      return existsSync(`${path}.gz`) && !existsSync(path);
    })
    .toBe(true);
  expect(await node.log(ended)).toBe(text);
});
