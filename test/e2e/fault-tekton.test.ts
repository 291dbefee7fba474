/** The server is killed, and a disk is full, while TaskRuns, Pods and PipelineRuns are under way. */

import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AnyKind } from '../../src/client/client.ts';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { Pod, podFinished } from '../../src/resources/core/pod.ts';
import type { ObjectOf } from '../../src/resources/kind.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import type { PipelineTask } from '../../src/resources/tekton/pipeline-spec.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { untilObject } from '../controllers/until.ts';
import { Kf } from '../support/kf.ts';
import { asking } from '../support/kf-tasks.ts';
import { containerPids, instanceOf } from '../support/machine-state.ts';
import { slowness } from '../support/slowness.ts';

const namespace = 'faults';
const image = 'kf.local/stack/host';
let kf: Kf;
let run: string;
beforeAll(async () => {
  kf = await Kf.create();
  // In memory, as /run is, and small enough to be filled.
  run = join(kf.dataDir, 'run');
  mkdirSync(run, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=700', 'kf-test', run]);
  await kf.ok('create-space', namespace);
});
afterAll(async () => {
  await kf.run(['server', 'stop', '--kill']);
  execFileSync('umount', ['-l', run]);
  await kf.remove();
});

const until = <K extends AnyKind>(kind: K, name: string, accepts: (object: ObjectOf<K>) => boolean) =>
  asking(kf, (client) => untilObject(client, kind, { namespace, name }, accepts));

async function killAndStart(): Promise<void> {
  await kf.killServer();
  await kf.ok('server', 'start');
}

test('kill -9 at each phase of a TaskRun with retries, and of a Pod with init containers: each command runs once', {
  timeout: 180_000 * slowness,
}, async () => {
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '10Mi' } } };
  const mark = 'echo "$(context.task.retry-count)" >> $(workspaces.marks.path)';
  const container = (name: string, line: string) => ({
    name,
    image,
    command: ['/bin/sh', '-c', `echo ${name} >> /v/log; ${line}`],
    volumeMounts: [{ name: 'v', mountPath: '/v' }],
  });
  await asking(kf, async (client) => {
    await client.create(TaskRun, {
      metadata: { name: 'retried', namespace },
      spec: {
        retries: 2,
        workspaces: [{ name: 'marks', volumeClaimTemplate: { spec: claim } }],
        taskSpec: {
          workspaces: [{ name: 'marks' }],
          results: [{ name: 'first' }, { name: 'second' }],
          steps: [
            { name: 'first', image, script: `${mark}/first; sleep 0.3` },
            {
              name: 'second',
              image,
              script: `${mark}/second
cd $(workspaces.marks.path)
test "$(context.task.retry-count)" = 2
tr -d '\\n' < first > $(results.first.path)
tr -d '\\n' < second > $(results.second.path)`,
            },
          ],
        },
      },
    });
    await client.create(Pod, {
      metadata: { name: 'prepared', namespace },
      spec: {
        volumes: [{ name: 'v', emptyDir: {} }],
        initContainers: [container('one', 'sleep 1'), container('two', 'sleep 1')],
        containers: [container('main', 'sleep 1; [ "$(tr "\\n" " " < /v/log)" = "one two main " ]')],
      },
    });
  });
  const phases: readonly ((status: NonNullable<TaskRun['status']>) => boolean)[] = [
    () => true,
    ({ podName }) => podName !== undefined,
    ({ steps = [] }) => steps[0]?.running !== undefined,
    ({ retriesStatus = [] }) => retriesStatus.length > 0,
    ({ podName }) => podName === 'retried-pod-retry1',
    ({ retriesStatus = [] }) => retriesStatus.length > 1,
    ({ podName }) => podName === 'retried-pod-retry2',
  ];
  for (const phase of phases) {
    await until(TaskRun, 'retried', (object) => isFinal(object) || phase(object.status ?? {}));
    await killAndStart();
  }
  const { status } = await until(TaskRun, 'retried', isFinal);
  expect(conditionOf({ status }, 'Succeeded')).toMatchObject({ status: 'True', reason: 'Succeeded' });
  expect(status?.retriesStatus).toHaveLength(2);
  expect(status?.results).toMatchObject([
    { name: 'first', value: '012' },
    { name: 'second', value: '012' },
  ]);
  expect((await until(Pod, 'prepared', podFinished)).status?.phase).toBe('Succeeded');
});

test('StoppedRunFinally and CancelledRunFinally, and kill -9 right after: what is to end ends, what comes finally runs', {
  timeout: 120_000 * slowness,
}, async () => {
  const task = (name: string, script: string, fields: Partial<PipelineTask> = {}): PipelineTask => ({
    name,
    taskSpec: { steps: [{ name: 's', image, script }] },
    ...fields,
  });
  const pipelineSpec = {
    tasks: [
      task('running', 'while [ ! -e /tmp/go ]; do sleep 0.02; done'),
      task('next', 'true', { runAfter: ['running'] }),
    ],
    finally: [task('last', 'true')],
  };
  const ends = { stopped: 'StoppedRunFinally', cancelled: 'CancelledRunFinally' } as const;
  for (const [name, status] of Object.entries(ends)) {
    const metadata = { name, namespace };
    await asking(kf, (client) => client.create(PipelineRun, { metadata, spec: { pipelineSpec } }));
    await until(TaskRun, `${name}-running`, ({ status: its }) => its?.steps?.[0]?.running !== undefined);
    await asking(kf, (client) => client.patch(PipelineRun, metadata, { type: 'merge', body: { spec: { status } } }));
    await killAndStart();
    if (name === 'stopped') {
      const [container] = containerPids(instanceOf(kf.dataDir));
      writeFileSync(`/proc/${container!.pid}/root/tmp/go`, '');
    }
    const run = await until(PipelineRun, name, isFinal);
    expect(conditionOf(run, 'Succeeded'), name).toMatchObject({ status: 'False', reason: 'Cancelled' });
    expect(run.status?.skippedTasks?.map((one) => one.name)).toEqual(['next']);
    const reason = async (of: string) =>
      conditionOf(await until(TaskRun, `${name}-${of}`, isFinal), 'Succeeded')?.reason;
    expect(await reason('running')).toBe(name === 'stopped' ? 'Succeeded' : 'TaskRunCancelled');
    expect(await reason('last')).toBe('Succeeded');
  }
});

const chunk = Buffer.alloc(4096, 1);
function fill(folder: string): void {
  try {
    for (;;) appendFileSync(join(folder, 'ballast'), chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

test('the runtime folder is full while a step ends: the run ends with the reason, and the next one runs', async () => {
  const steps = (line: string) => [
    { name: 'first', image, script: `${line}\nprintf kept > $(step.results.word.path)`, results: [{ name: 'word' }] },
    { name: 'second', image, script: 'true' },
  ];
  const create = (name: string, line: string) =>
    asking(kf, (client) =>
      client.create(TaskRun, { metadata: { name, namespace }, spec: { taskSpec: { steps: steps(line) } } }),
    );
  await create('full', 'while [ ! -e /tmp/go ]; do sleep 0.02; done');
  await until(TaskRun, 'full', ({ status }) => status?.steps?.[0]?.running !== undefined);
  const [container] = containerPids(instanceOf(kf.dataDir));
  const pid = await kf.serverPid();
  fill(run);
  writeFileSync(`/proc/${container!.pid}/root/tmp/go`, '');
  const { status } = await until(TaskRun, 'full', isFinal);
  // Where the last page was just enough it has ended well.
  if (conditionOf({ status }, 'Succeeded')?.status !== 'True')
    expect(JSON.stringify(status?.steps)).toMatch(/full|no space|ENOSPC/i);
  expect(await kf.serverPid()).toBe(pid);
  rmSync(join(run, 'ballast'));
  await create('room', 'true');
  expect(conditionOf(await until(TaskRun, 'room', isFinal), 'Succeeded')?.status).toBe('True');
});

test('a step uses up the disk of its Pod: it has failed, and says so', async () => {
  const line = 'head -c 100000000 /dev/zero > /workspace/large 2>/dev/null; true';
  const computeResources = { limits: { 'ephemeral-storage': '32Mi' } };
  const steps = [
    { name: 'large', image, script: line, computeResources, results: [{ name: 'r' }] },
    { name: 'next', image, script: 'true' },
  ];
  await asking(kf, (client) =>
    client.create(TaskRun, { metadata: { name: 'large', namespace }, spec: { taskSpec: { steps } } }),
  );
  const { status } = await until(TaskRun, 'large', isFinal);
  expect(conditionOf({ status }, 'Succeeded')).toMatchObject({
    reason: 'StepFailed',
    message: expect.stringContaining('DiskQuotaExceeded (the disk limit was used up)'),
  });
  expect(status?.steps?.[1]?.terminationReason).toBe('Skipped');
});
