/** TaskRuns in real containers: their files, volumes, order and ends are those of real processes. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpClient } from '../../src/client/http/http-client.ts';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { ConfigMap, Secret, ServiceAccount } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { PersistentVolumeClaim } from '../../src/resources/core/volumes.ts';
import type { Step } from '../../src/resources/tekton/step.ts';
import { StepAction } from '../../src/resources/tekton/step-action.ts';
import { Task } from '../../src/resources/tekton/task.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { untilObject } from '../controllers/until.ts';
import { Kf } from '../support/kf.ts';

const namespace = 'task-runs';
const image = 'kf.local/stack/host';
let kf: Kf;
let client: HttpClient;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.ok('create-space', namespace);
  client = await kf.client();
});
afterAll(async () => {
  client.close();
  await kf.remove();
});

const start = (name: string, spec: Partial<TaskRun['spec']>) =>
  client.create(TaskRun, { metadata: { name, namespace }, spec });
const until = (name: string, accepts: (run: TaskRun) => boolean) =>
  untilObject(client, TaskRun, { namespace, name }, accepts);
const final = (name: string) => until(name, isFinal);
const reasonsOf = (run: TaskRun) => run.status?.steps?.map(({ terminationReason }) => terminationReason);
const step = (name: string, script: string, fields: Partial<Step> = {}): Step => ({ name, image, script, ...fields });

/** What a container has said, as its log file has it. */
async function said(run: TaskRun, container: string): Promise<string> {
  const folder = join(kf.dataDir, 'logs', run.metadata.uid ?? '', run.status?.podName ?? '');
  const [file = ''] = (await readdir(folder)).filter((name) => name === `${container}.log`);
  const lines = (await readFile(join(folder, file), 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => line.replace(/^\S+ \S+ \S /, '')).join('\n');
}

test('a Task by name with all that it may have', async () => {
  await client.create(ConfigMap, { metadata: { name: 'settings', namespace }, data: { colour: 'blue' } });
  await client.create(Task, {
    metadata: { name: 'whole', namespace },
    spec: {
      params: [
        { name: 'who', default: 'world' },
        { name: 'greeting', default: 'hello $(params.who)' },
        { name: 'list', type: 'array' },
        { name: 'object', type: 'object', properties: { a: {}, b: {} }, default: { a: '1' } },
      ],
      workspaces: [
        { name: 'source' },
        { name: 'absent', optional: true },
        { name: 'settings', mountPath: '/etc/settings', readOnly: true },
      ],
      results: [
        { name: 'list', type: 'array' },
        { name: 'object', type: 'object', properties: { key: {} } },
        { name: 'taken', value: '$(steps.first.results.text)' },
      ],
      volumes: [{ name: 'shared', emptyDir: {} }],
      stepTemplate: { image, env: [{ name: 'TEMPLATE', value: 't' }] },
      sidecars: [
        {
          name: 'server',
          image,
          script: `#!/usr/bin/env bash
            trap 'echo bye; exit 0' TERM; echo up; while true; do sleep 0.05; done`,
        },
      ],
      steps: [
        {
          name: 'first',
          results: [{ name: 'text' }, { name: 'words', type: 'array' }],
          args: ['$(params.list[*])', 'last one'],
          script: `#!/usr/bin/env python3
import os, sys
print(sys.argv[1:], "$(params.greeting)", "$(params["who"])", "$(params.list[1])", "$(params.object.a)$(params.object.b)", os.environ["TEMPLATE"], "$(HOME)")
print("$(workspaces.source.bound) [$(workspaces.absent.path)] $(workspaces.absent.bound)", open("$(workspaces.settings.path)/colour").read())
for path, text in (("$(workspaces.source.path)/made", "x"), ("$(step.results.text.path)", "text"), ("$(step.results.words.path)", '["p","q r"]'), ("$(results.list.path)", '["1","2"]'), ("$(results.object.path)", '{"key":"value"}')):
  open(path, "w").write(text)
`,
        },
        {
          name: 'second',
          onError: 'continue',
          command: ['sh', '-c', 'echo "$0|$1|$2|$E"; pwd; exit 7'],
          args: ['$(steps.first.results.text)', '$(steps.first.results.words[*])'],
          env: [{ name: 'E', value: '$(steps.first.results.words[0])' }],
          workingDir: '$(workspaces.source.path)/made-for-it',
          volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
          stdoutConfig: { path: '/shared/second' },
        },
        {
          name: 'never',
          when: [{ input: '$(steps.first.results.text)', operator: 'in', values: ['other'] }],
          script: 'exit 1',
        },
        {
          name: 'third',
          when: [{ input: '$(steps.first.results.text)', operator: 'in', values: ['text'] }],
          volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
          script: `test "$(cat $(steps.step-second.exitCode.path))" = 7
            test -f /workspace/source/made
            cat /shared/second
            echo $(context.taskRun.name) $(context.task.name)`,
        },
      ],
    },
  });
  const template = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Mi' } } } };
  await start('whole', {
    taskRef: { name: 'whole' },
    params: [
      { name: 'list', value: ['one', 'two'] },
      { name: 'object', value: { b: '2' } },
    ],
    workspaces: [
      { name: 'source', volumeClaimTemplate: template },
      { name: 'settings', configMap: { name: 'settings' } },
    ],
  });
  const run = await final('whole');
  expect(conditionOf(run, 'Succeeded'), await said(run, 'step-first').catch(String)).toMatchObject({ status: 'True' });
  expect(reasonsOf(run)).toEqual(['Completed', 'Continued', 'Skipped', 'Completed']);
  expect(run.status?.steps?.[1]?.terminated?.exitCode).toBe(7);
  expect(run.status?.results).toEqual([
    { name: 'list', type: 'array', value: ['1', '2'] },
    { name: 'object', type: 'object', value: { key: 'value' } },
    { name: 'taken', type: 'string', value: 'text' },
  ]);
  expect(await said(run, 'step-first')).toBe(
    "['one', 'two', 'last one'] hello world world two 12 t $(HOME)\ntrue [] false blue",
  );
  const second = 'text|p|q r|p\n/workspace/source/made-for-it';
  expect(await said(run, 'step-third')).toBe(`${second}\nwhole whole`);
  expect(run.status?.sidecars?.[0]).toMatchObject({ name: 'server', terminated: { exitCode: 0 } });
  expect((await said(run, 'sidecar-server')).split('\n')).toEqual(expect.arrayContaining(['up', 'bye']));
});

test('a StepAction, whose result a further step takes; attempts until one succeeds', async () => {
  await client.create(StepAction, {
    metadata: { name: 'say', namespace },
    spec: {
      params: [{ name: 'word', default: 'none' }],
      results: [{ name: 'said' }],
      image,
      args: ['<$(params.word)>'],
      script: 'printf %s "$1" > $(step.results.said.path)',
    },
  });
  await start('attempts', {
    retries: 2,
    params: [{ name: 'word', value: 'hi' }],
    taskSpec: {
      steps: [
        { name: 'say', ref: { name: 'say' }, params: [{ name: 'word', value: '$(params.word)' }] },
        step('check', 'test "$1 $(context.task.retry-count)" = "<hi> 1"', { args: ['$(steps.say.results.said)'] }),
      ],
    },
  });
  const run = await final('attempts');
  expect(conditionOf(run, 'Succeeded')).toMatchObject({ status: 'True' });
  expect(run.status?.podName).toBe('attempts-pod-retry1');
  expect(run.status?.retriesStatus).toHaveLength(1);
});

test('what takes too long, says too much, or has no image ends for that reason', async () => {
  const sleep = 'echo began; sleep 600';
  await start('run-limit', { timeout: '5s', taskSpec: { steps: [step('a', sleep), step('b', 'true')] } });
  await start('step-limit', { taskSpec: { steps: [step('a', sleep, { timeout: '1s' }), step('b', 'true')] } });
  const tooLarge = 'head -c 5000 /dev/zero | tr "\\0" x > $(results.r.path)';
  await start('too-large', { taskSpec: { results: [{ name: 'r' }], steps: [step('a', tooLarge)] } });
  await start('no-image', { taskSpec: { steps: [step('a', 'true', { image: 'kf.local/stack/nope' })] } });
  await start('no-node', {
    timeout: '1s',
    podTemplate: { nodeSelector: { disktype: 'ssd' } },
    taskSpec: { steps: [step('a', 'true')] },
  });
  const runLimit = await final('run-limit');
  expect(conditionOf(runLimit, 'Succeeded')).toMatchObject({
    reason: 'TaskRunTimeout',
    message: 'TaskRun "run-limit" failed to finish within "5s"',
  });
  expect(reasonsOf(runLimit)).toEqual(['TaskRunTimeout', 'TaskRunTimeout']);
  expect(await said(runLimit, 'step-a')).toBe('began');
  const stepLimit = await final('step-limit');
  expect(conditionOf(stepLimit, 'Succeeded')).toMatchObject({
    reason: 'StepFailed',
    message: '"step-a" exited because the step exceeded the specified timeout limit',
  });
  expect(reasonsOf(stepLimit)).toEqual(['TimeoutExceeded', 'Skipped']);
  expect(conditionOf(await final('too-large'), 'Succeeded')?.message).toContain(
    'Termination message is above max allowed size 4096, caused by large task result',
  );
  expect(conditionOf(await final('no-image'), 'Succeeded')).toMatchObject({ reason: 'TaskRunImagePullFailed' });
  expect(conditionOf(await final('no-node'), 'Succeeded')).toMatchObject({
    reason: 'TaskRunTimeout',
    message: expect.stringContaining('\nPrevious status: ['),
  });
});

test('cancelled: steps and sidecars are stopped, the log stays', async () => {
  const forever = 'echo began; exec sleep 600';
  await start('cancelled', {
    taskSpec: { steps: [step('a', forever), step('b', 'true')], sidecars: [{ name: 's', image, script: forever }] },
  });
  await until('cancelled', (run) => run.status?.steps?.[0]?.running !== undefined);
  const body = { spec: { status: 'TaskRunCancelled' } };
  await client.patch(TaskRun, { namespace, name: 'cancelled' }, { type: 'merge', body });
  const run = await final('cancelled');
  expect(conditionOf(run, 'Succeeded')).toMatchObject({ status: 'False', reason: 'TaskRunCancelled' });
  expect(reasonsOf(run)).toEqual(['TaskRunCancelled', 'TaskRunCancelled']);
  expect(run.status?.sidecars?.[0]?.terminated).toBeDefined();
  expect(await said(run, 'step-a')).toBe('began');
  const pod = await client.get(Pod, { namespace, name: run.status?.podName ?? '' });
  expect([pod.status?.phase, pod.metadata.deletionTimestamp]).toEqual(['Failed', undefined]);
});

test('a run waits for what its volumes are made of, and can be ended meanwhile', async () => {
  const taskSpec = {
    steps: [step('reads', 'cat /in/key', { volumeMounts: [{ name: 'in', mountPath: '/in' }] })],
    volumes: [{ name: 'in', configMap: { name: 'later' } }],
    workspaces: [{ name: 'data' }],
  };
  const workspaces = [{ name: 'data', persistentVolumeClaim: { claimName: 'later' } }];
  await start('waits', { taskSpec, workspaces });
  await start('ended', { taskSpec, workspaces });
  const pending = (name: string, message: string) =>
    until(name, (run) => conditionOf(run, 'Succeeded')?.message?.includes(message) === true);
  await pending('waits', String.raw`persistentvolumeclaim \"later\" not found`);
  await client.create(PersistentVolumeClaim, {
    metadata: { name: 'later', namespace },
    spec: { resources: { requests: { storage: '16Mi' } } },
  });
  const why = JSON.stringify('MountVolume.SetUp failed for volume "in" : configmap "later" not found');
  const message = `build step "step-reads" is pending with reason ${why}`;
  expect(conditionOf(await pending('waits', message), 'Succeeded')).toMatchObject({ reason: 'Pending', message });
  await pending('ended', message);
  const body = { spec: { status: 'TaskRunCancelled' } };
  await client.patch(TaskRun, { namespace, name: 'ended' }, { type: 'merge', body });
  expect(conditionOf(await final('ended'), 'Succeeded')?.reason).toBe('TaskRunCancelled');
  await client.create(ConfigMap, { metadata: { name: 'later', namespace }, data: { key: 'came' } });
  const run = await final('waits');
  expect(conditionOf(run, 'Succeeded')).toMatchObject({ status: 'True' });
  expect(await said(run, 'step-reads')).toBe('came');
  const left = () => client.list(Pod, { namespace, labelSelector: 'tekton.dev/taskRun=ended' });
  await expect.poll(async () => (await left()).items.length).toBe(0);
});

test('credentials of the ServiceAccount are where git and ssh look for them, for their user alone', async () => {
  const metadata = (name: string) => ({ name, namespace, annotations: { 'tekton.dev/git-0': 'https://git.test' } });
  await client.create(Secret, {
    metadata: metadata('basic'),
    type: 'kubernetes.io/basic-auth',
    stringData: { username: 'me', password: 'secret' },
  });
  await client.create(Secret, {
    metadata: metadata('key'),
    type: 'kubernetes.io/ssh-auth',
    stringData: { 'ssh-privatekey': 'KEY' },
  });
  const secrets = [{ name: 'basic' }, { name: 'key' }];
  await client.create(ServiceAccount, { metadata: { name: 'bot', namespace }, secrets });
  const check = `test "$(cat $HOME/.ssh/id_key $(credentials.path)/.ssh/id_key)" = KEYKEY
    test "$(stat -c '%a %U' $HOME/.ssh $HOME/.ssh/id_key $HOME/.git-credentials | tr '\\n' ,)" = '700 vcap,600 vcap,600 vcap,'
    grep -q 'https://me:secret@git.test' $HOME/.git-credentials
    git config --global user.name somebody && git config --global credential.helper`;
  await start('credentials', {
    serviceAccountName: 'bot',
    taskSpec: {
      steps: [step('home', check), step('elsewhere', check, { env: [{ name: 'HOME', value: '/tekton/home' }] })],
    },
  });
  const run = await final('credentials');
  expect(conditionOf(run, 'Succeeded'), await said(run, 'step-home').catch(String)).toMatchObject({ status: 'True' });
  expect(await said(run, 'step-elsewhere')).toBe('store');
});
