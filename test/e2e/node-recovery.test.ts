import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Pod } from '../../src/resources/core/pod.ts';
import { annotations } from '../../src/resources/labels.ts';
import { shellContainer, TestNode, terminated } from '../node/support/test-node.ts';

let node: TestNode;
beforeEach(async () => {
  node = await TestNode.start();
});
afterEach(() => node.close());

/** Waits until a file of the host says so: what happens while no server runs. */
async function exited(pod: Pod): Promise<void> {
  const id = `${pod.metadata.uid}-0`;
  const events = watch(node.layout.exits, { signal: AbortSignal.timeout(20_000) });
  if (readdirSync(node.layout.exits).includes(id)) return;
  for await (const { filename } of events) if (filename === id) return;
}

test('a restarted server goes on with what runs: log whole, exit code right, started once', async () => {
  const pod = await node.shell(
    'long',
    'echo start >> /tmp/starts; echo one; while [ ! -e /tmp/go ]; do sleep 0.05; done; cat /tmp/starts; exit 5',
  );
  await node.logged(pod, 'one');
  const pid = node.containerPid(pod);
  await node.halt();
  await node.boot();
  expect(node.containerPid(pod)).toBe(pid);
  writeFileSync(`/proc/${pid}/root/tmp/go`, '');
  expect(terminated(await node.finished('long'))).toMatchObject({ exitCode: 5, reason: 'Error' });
  expect(await node.log(pod)).toBe('one\nstart\n');
  await node.idle();
  expect(await node.leftovers()).toEqual([]);
});

test('a server that was killed between letting a container go and removing its FIFO', async () => {
  const pod = await node.shell('begun', 'echo one; while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 8');
  await node.logged(pod, 'one');
  const pid = node.containerPid(pod);
  await node.halt();
  // What the server would have removed next; by it the runtime takes the container for one that has not begun.
  execFileSync('mkfifo', [join(node.layout.runtime, `${pod.metadata.uid}-0`, 'exec.fifo')]);
  await node.boot();
  await node.running('begun');
  writeFileSync(`/proc/${pid}/root/tmp/go`, '');
  expect(terminated(await node.finished('begun'))).toMatchObject({ exitCode: 8, reason: 'Error' });
  await node.idle();
  expect(await node.leftovers()).toEqual([]);
});

test('a container that ended while no server ran', async () => {
  const pod = await node.shell('meanwhile', 'echo one; while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 6');
  await node.logged(pod, 'one');
  const pid = node.containerPid(pod);
  await node.halt();
  writeFileSync(`/proc/${pid}/root/tmp/go`, '');
  await exited(pod);
  await node.boot();
  expect(terminated(await node.finished('meanwhile'))).toMatchObject({ exitCode: 6, reason: 'Error' });
  await node.idle();
  expect(await node.leftovers()).toEqual([]);
});

test('the next container starts after a restart; those that ended keep their outcome', async () => {
  const order = { two: { after: 'one' }, three: { after: 'two' } };
  const wait = 'while [ ! -e /shared/go ]; do sleep 0.05; done';
  const mount = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
  const pod = await node.create(
    'steps',
    {
      volumes: [{ name: 'shared', emptyDir: {} }],
      containers: [
        shellContainer('one', 'echo one >> /shared/all', mount),
        shellContainer('two', `echo two >> /shared/all; echo up; ${wait}`, mount),
        shellContainer('three', 'cat /shared/all', mount),
      ],
    },
    { annotations: { [annotations.startOrder]: JSON.stringify(order) } },
  );
  await node.logged(pod, 'up', 'two');
  await node.halt();
  await node.boot();
  writeFileSync(`/proc/${node.containerPid(pod, 'two')}/root/shared/go`, '');
  const ended = await node.finished('steps');
  expect(ended.status?.phase).toBe('Succeeded');
  expect(await node.log(pod, 'three')).toBe('one\ntwo\n');
});

test('the Pod’s deadline counts from its first container’s start, also for a server that comes later', async () => {
  const pod = await node.create(
    'overdue',
    {
      activeDeadlineSeconds: 600,
      containers: [shellContainer('one', 'true'), shellContainer('two', 'echo up; sleep 1000')],
    },
    { annotations: { [annotations.startOrder]: JSON.stringify({ two: { after: 'one' } }) } },
  );
  await node.logged(pod, 'up', 'two');
  await node.halt();
  const file = join(node.layout.pods, pod.metadata.uid!, 'state.json');
  const record = JSON.parse(readFileSync(file, 'utf8'));
  record.containers.one.startedAt -= 600_000;
  writeFileSync(file, JSON.stringify(record));
  await node.boot();
  expect((await node.finished('overdue')).status).toMatchObject({ phase: 'Failed', reason: 'DeadlineExceeded' });
});

test('the monitor was killed while no server ran', async () => {
  const pod = await node.shell('orphan', 'echo up; sleep 100');
  await node.logged(pod, 'up');
  const monitor = node.monitorPid(pod);
  await node.halt();
  process.kill(monitor, 'SIGKILL');
  await node.boot();
  expect(terminated(await node.finished('orphan'))).toMatchObject({ reason: 'ContainerStatusUnknown' });
  await node.idle();
  expect(await node.leftovers()).toEqual([]);
});

test('a reboot: what was started is lost, what was not runs', async () => {
  const started = await node.shell('started', 'echo up; sleep 100');
  await node.logged(started, 'up');
  const pid = node.containerPid(started);
  await node.halt();
  const waiting = await node.shell('waiting', 'echo ran');
  // As after a reboot: no process, nothing in memory, another boot id.
  process.kill(pid, 'SIGKILL');
  await exited(started);
  rmSync(node.layout.volatile, { recursive: true });
  // One place: what is lost must not keep it.
  await node.boot({ bootId: 'another-boot', limits: { maxTasks: 1 } });
  const lost = await node.finished('started');
  expect(lost.status).toMatchObject({ phase: 'Failed', reason: 'NodeRestarted' });
  expect(terminated(lost)?.reason).toBe('NodeRestarted');
  expect((await node.finished('waiting')).status?.phase).toBe('Succeeded');
  expect(await node.log(waiting)).toBe('ran\n');
});

test('deleted while no server ran: it ends after the start', async () => {
  const pod = await node.shell('deleted', 'echo up; sleep 100');
  const gone = await node.shell('gone', 'echo up; sleep 100');
  await node.logged(pod, 'up');
  await node.logged(gone, 'up');
  await node.halt();
  await node.client.delete(Pod, pod.metadata);
  await node.client.delete(Pod, gone.metadata, { gracePeriodSeconds: 0 });
  await node.boot();
  await node.gone('deleted');
  await node.idle();
  expect(await node.leftovers()).toEqual([]);
});

test('stopped at any point of the start: every command runs exactly once', async () => {
  const rounds = 12;
  for (let round = 0; round < rounds; round++) {
    // The file lies outside of the container, so that it counts over all of them.
    const pod = await node.create(`round-${round}`, {
      volumes: [{ name: 'count', hostPath: { path: countDirectory(round) } }],
      containers: [
        shellContainer('main', 'echo x >> /count/starts', { volumeMounts: [{ name: 'count', mountPath: '/count' }] }),
      ],
    });
    await new Promise((resolve) => setTimeout(resolve, round * 4));
    await node.halt();
    await node.boot();
    const ended = await node.finished(pod.metadata.name);
    expect(readFileSync(join(countDirectory(round), 'starts'), 'utf8')).toBe('x\n');
    expect(ended.status?.phase).toBe('Succeeded');
  }
  await node.idle();
  expect(await node.leftovers()).toEqual([]);
});

function countDirectory(round: number): string {
  const path = join(node.layout.builds, `round-${round}`);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o777);
  return path;
}

test('a node that is closed while containers run takes them away with all that was made for them', async () => {
  const closed = await TestNode.start();
  await closed.shell('long', 'sleep 1000');
  await closed.running('long');
  await closed.close();
  expect(await closed.leftovers()).toEqual([]);
  expect(existsSync(closed.dataDir)).toBe(false);
  // Kept escaped there: a blank is \040.
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(
    closed.dataDir.split('/').at(-1)!.split(' ').at(-1),
  );
});
