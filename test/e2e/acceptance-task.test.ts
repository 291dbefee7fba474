/** What a user may rely on inside a task and in what is told of it; see docs/differences.md for the deviations. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HttpClient } from '../../src/client/http/http-client.ts';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { ConfigMap, Secret } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { App } from '../../src/resources/kf/app.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { Kf } from '../support/kf.ts';
import { finished, logged, outcome, startTask } from '../support/kf-tasks.ts';

let kf: Kf;
let client: HttpClient;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('app', { 'data.txt': 'old\n' }, '-e', 'GREETING=hello world');
  client = await kf.client();
});
afterAll(async () => {
  client.close();
  await kf.remove();
});

/** The last Task of an App. */
async function last(app = 'app'): Promise<Task> {
  const { items } = await kf.json<{ items: Task[] }>('tasks', app);
  return items.at(-1)!;
}

describe('the process', () => {
  test.each([
    ['its standard input is empty', 'cat; echo end', 'end\n'],
    ['LANG and TZ are set', 'echo "$LANG $TZ"', 'C.UTF-8 UTC\n'],
    ['it runs in the App’s folder as vcap', 'pwd; id -un', '/home/vcap/app\nvcap\n'],
    [
      'process 1 is an init, the command a shell line',
      'tr "\\0" " " < /proc/1/cmdline | grep -c -- "-g -- /bin/sh -c"',
      '1\n',
    ],
    ['the App’s variables are there', 'echo "$GREETING"', 'hello world\n'],
    [
      'a number and a name of its own, the first attempt',
      'echo "$KF_TASK_ATTEMPT $((KF_TASK_ID > 0)) $KF_TASK_NAME" | cut -c1-8',
      '1 1 app-\n',
    ],
    ['the host has a name', 'getent hosts host.kf.internal | grep -c "^10\\."', '1\n'],
    ['no terminal, no core files', 'tty; ulimit -c', 'not a tty\n0\n'],
    ['standard error is in the log, too', 'echo b >&2', 'b\n'],
  ])('%s', async (_, command, output) => {
    expect((await kf.run(['run-task', 'app', '-c', command, '--follow'])).stdout).toBe(output);
  });
});

describe('what is told of a Task', () => {
  test('a process killed at the memory limit is a warning where the command succeeds all the same', async () => {
    const command = 'tail -c 300M /dev/zero | tail -c 299M > /dev/null; exit 0';
    const { code, stderr } = await kf.run(['run-task', 'app', '-m', '64M', '-c', command, '--wait']);
    const { status } = await last();
    expect({ code, exitCode: status?.exitCode }).toEqual({ code: 0, exitCode: 0 });
    expect(status?.message).toMatch(/^warning: the kernel killed 1 process at the memory limit of 64Mi$/);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/succeeded \(warning: the kernel killed/);
    expect(status?.usage?.memoryPeakBytes).toBe(64 * 2 ** 20);
  });

  test('OOMKilled where it fails, with 137', async () => {
    expect(await kf.run(['run-task', 'app', '-m', '64M', '-c', 'exec tail /dev/zero', '--wait'])).toMatchObject({
      code: 137,
    });
    expect(outcome(await last())).toMatchObject({ exitCode: 137, reason: 'OOMKilled' });
  });

  test('peak memory, CPU time, start, end, duration', async () => {
    await kf.ok('run-task', 'app', '-c', 'tail -c 50M /dev/zero | sort > /dev/null', '--wait');
    const { usage, startTime = '', completionTime = '', duration } = (await last()).status ?? {};
    expect(usage?.memoryPeakBytes).toBeGreaterThan(50 * 2 ** 20);
    expect(usage?.cpuMilliseconds).toBeGreaterThan(0);
    expect(Date.parse(completionTime)).toBeGreaterThan(Date.parse(startTime));
    expect(duration).toMatch(/^[\d.]+(ms|s)$/);
  });

  test.each([
    ['at once with --now', [], ['--now']],
    ['at once where no grace period is given', ['--grace-period', '0s'], []],
  ])('terminated %s: exit code, usage and end are kept', async (_, flags, how) => {
    const name = await startTask(kf, 'app', 'trap "" TERM; echo up; while :; do sleep 0.05; done', ...flags);
    await logged(kf, name, 'up');
    await kf.ok('terminate-task', name, ...how);
    const task = await finished(kf, name);
    expect(outcome(task)).toMatchObject({ exitCode: 137, reason: 'TaskRunCancelled' });
    expect(task.status?.usage?.memoryPeakBytes).toBeGreaterThan(0);
    expect((await kf.ok('logs', name)).stdout).toBe('up\n');
  });

  test('with -o only that is on stdout, and it is the final Task', async () => {
    const { code, stdout } = await kf.run(['run-task', 'app', '-c', 'echo noise; exit 4', '--follow', '-o', 'json']);
    expect(code).toBe(4);
    expect(outcome(JSON.parse(stdout) as Task)).toMatchObject({ exitCode: 4, status: 'False' });
  });

  test.each([
    ['its own 124', 'exit 124', [], 124, /failed: exit code 124\.$/],
    ['ours', 'sleep 100', ['--timeout', '1s'], 124, /timed out after 1s\.$/],
    ['its own 143', 'exit 143', [], 143, /failed: exit code 143 \(SIGTERM\)\.$/],
    ['a disk that can never fit', 'true', ['-k', '900000G'], 125, /^Nothing was started\.$/],
    ['what can never fit', 'true', ['-m', '100000G'], 125, /^Nothing was started\.$/],
  ])('the last line says whose code it is: %s', async (_, command, flags, code, line) => {
    const ended = await kf.run(['run-task', 'app', '-c', command, '--wait', ...flags]);
    expect(ended.code).toBe(code);
    expect(ended.stderr.trim().split('\n').at(-1)).toMatch(line);
  });
});

describe('Apps and Spaces', () => {
  test('a push leaves a running Task alone; the next one has the new source', async () => {
    const name = await startTask(kf, 'app', 'cat data.txt; sleep 1000');
    await logged(kf, name, 'old');
    await kf.push('app', { 'data.txt': 'new\n' });
    expect((await kf.ok('run-task', 'app', '-c', 'cat data.txt', '--follow')).stdout).toBe('new\n');
    const { status } = await client.get(Task, { namespace: 'dev', name });
    expect(status?.completionTime).toBeUndefined();
    await kf.ok('terminate-task', name);
    expect((await kf.ok('logs', name)).stdout).toBe('old\n');
  });

  test('the same name in two Spaces is two Apps, each counting its own Tasks', async () => {
    await kf.ok('create-space', 'other');
    const folder = await kf.source('twin', { 'a.txt': '' });
    await kf.ok('push', 'app', '--task', '-p', folder, '--space', 'other');
    await kf.ok('run-task', 'app', '-c', 'echo other', '--wait', '--space', 'other');
    expect((await kf.ok('logs', 'app', '--id', '1', '--space', 'other')).stdout).toBe('other\n');
    const { items } = await kf.json<{ items: Task[] }>('tasks', 'app', '--space', 'other');
    expect(items.map(({ status }) => status?.id)).toEqual([1]);
    await kf.ok('push', 'second', '--task', '-p', folder);
    await kf.ok('run-task', 'second', '-c', 'true', '--wait');
    expect((await last('second')).status?.id).toBe(1);
    expect((await kf.ok('delete-space', 'other')).stderr).toContain('1 App and 1 Task, 0 unfinished, go with it.');
    expect((await kf.ok('logs', 'app', '--id', '1')).stdout).not.toBe('other\n');
  });

  test('deleting says how many Tasks go, ends those that run, and leaves nothing', async () => {
    await kf.push('gone', { 'a.txt': '' });
    await kf.ok('run-task', 'gone', '-c', 'true', '--wait');
    await logged(kf, await startTask(kf, 'gone', 'echo up; sleep 1000'), 'up');
    expect((await kf.ok('delete', 'gone')).stderr).toContain('2 Tasks of it, 1 unfinished, and their logs go with it.');
    for (const kind of [PipelineRun, TaskRun, Pod] as const) {
      const { items } = await client.list(kind as typeof Pod, { namespace: 'dev' });
      expect(items.filter(({ metadata }) => metadata.name.startsWith('gone-'))).toEqual([]);
    }
    expect(await kf.run(['tasks', 'gone'])).toMatchObject({ code: 1 });
  });

  test('kf app says when the machine has changed since the build', async () => {
    expect((await kf.ok('app', 'app')).stdout).not.toContain('has changed');
    // The server tells of the machine here; this is what it would say on another one.
    const stacks = { namespace: 'kube-system', name: 'kf-stacks' };
    const data = { host: JSON.stringify({ description: '', fingerprint: 'debian 99' }) };
    await client.patch(ConfigMap, stacks, { type: 'merge', body: { data } });
    expect((await kf.ok('app', 'app')).stdout).toMatch(
      /Now: +debian 99 \(the machine has changed since the build: push again\)/,
    );
  });
});

test('a TaskRun of one’s own: steps in order, secret and emptyDir volumes, a secret in the environment', async () => {
  const { status } = await client.get(App, { namespace: 'dev', name: 'app' });
  await client.create(Secret, {
    metadata: { name: 'creds', namespace: 'dev' },
    data: { password: Buffer.from('hunter2').toString('base64') },
  });
  const image = status!.image!;
  const mounts = [
    { name: 'secret', mountPath: '/creds' },
    { name: 'scratch', mountPath: '/scratch' },
  ];
  await client.create(TaskRun, {
    metadata: { name: 'volumes', namespace: 'dev' },
    spec: {
      params: [{ name: 'who', value: 'world' }],
      taskSpec: {
        params: [{ name: 'who', type: 'string' }],
        volumes: [
          { name: 'secret', secret: { secretName: 'creds' } },
          { name: 'scratch', emptyDir: {} },
        ],
        steps: [
          {
            name: 'one',
            image,
            command: ['sh', '-c'],
            args: ['cp /creds/password /scratch/; touch /creds/x || echo "read-only"'],
            volumeMounts: mounts,
          },
          {
            name: 'two',
            image,
            command: ['sh', '-c', 'cat /scratch/password; echo " $(params.who) $PASSWORD"'],
            env: [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'creds', key: 'password' } } }],
            volumeMounts: mounts,
          },
        ],
      },
    },
  });
  expect(conditionOf(await ended('volumes'), 'Succeeded')).toMatchObject({ status: 'True' });
  expect(await output('step-one')).toContain('read-only');
  expect(await output('step-two')).toBe('hunter2 world hunter2\n');
});

async function ended(name: string): Promise<TaskRun> {
  for await (const { object } of client.watch(TaskRun, { namespace: 'dev', fieldSelector: `metadata.name=${name}` }))
    if (isFinal(object)) return object;
  throw new Error(`the watch of TaskRun ${name} was cut`);
}

async function output(container: string): Promise<string> {
  let text = '';
  for await (const chunk of client.podLog({ namespace: 'dev', name: 'volumes-pod' }, { container })) text += chunk;
  return text;
}
