/** kubectl against the server that runs real tasks; KF_KUBECTL names another kubectl. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { Kubectl } from '../support/kubectl.ts';
import { processes } from '../support/processes.ts';

let kf: Kf;
let program: Kubectl;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('app', { 'a.txt': '' });
  program = Kubectl.of(kf, 'dev');
});
afterAll(() => kf.remove());

/** @returns what it printed; fails unless it exits with 0 */
const kubectl = (args: string, input = ''): Promise<string> => program.ok(args.split(' '), input);

const task = (name: string, command: string): string =>
  JSON.stringify({
    apiVersion: 'kf.dev/v1alpha1',
    kind: 'Task',
    metadata: { name },
    spec: { appRef: { name: 'app' }, command },
  });

test('applies a Task, waits for its success, reads its log by Pod and by Task, describes it', async () => {
  expect(await kubectl('apply -f -', task('good', 'echo out; echo err >&2'))).toBe('task.kf.dev/good created\n');
  expect(await kubectl('wait --for=condition=Succeeded task/good --timeout=30s')).toContain('condition met');
  const pod = await kubectl('get task good -o jsonpath={.status.podName}');
  expect((await kubectl(`logs ${pod}`)).split('\n').sort()).toEqual(['', 'err', 'out']);
  expect(await kubectl('get --raw /apis/kf.dev/v1alpha1/namespaces/dev/tasks/good/log')).toContain('out\n');
  expect(await kubectl('describe task good')).toMatch(/Exit Code: +0/);
  expect(await kubectl('get task good')).toMatch(/\ngood +1 +good +\S+ +\S+ +True/);
  expect((await kf.ok('logs', 'good')).stdout).toContain('out\n');
});

test('every level tells of a failure, in its own words', async () => {
  await kubectl('create -f -', task('bad', 'exit 3'));
  await kubectl('wait --for=condition=Succeeded=False task/bad --timeout=30s');
  expect(await kubectl('get task bad -o jsonpath={.status.exitCode}')).toBe('3');
  const succeeded = '-o jsonpath={.status.conditions[?(@.type=="Succeeded")].reason}';
  expect(await kubectl(`get task bad ${succeeded}`)).toBe('Failed');
  expect(await kubectl(`get pipelinerun bad ${succeeded}`)).toBe('Failed');
  const [run] = (await kubectl('get taskruns -o name')).split('\n').filter((name) => name.includes('/bad-'));
  expect(await kubectl(`get ${run} -o jsonpath={.status.steps[0].terminated.exitCode}`)).toBe('3');
  expect(await kubectl(`get ${run} ${succeeded}`)).toBe('StepFailed');
  expect(await kubectl('get pods')).toMatch(/\nbad-\S+ +0\/1 +Error +0 /);
});

test('deleting a running Task ends its processes and removes all that belongs to it', async () => {
  const mark = `1000.${process.pid}`;
  await kubectl('create -f -', task('long', `echo up; sleep ${mark}`));
  await kubectl('wait --for=jsonpath={.status.startTime} task/long --timeout=30s').catch(() =>
    // Before 1.31 a value had to be given.
    kubectl('wait --for=condition=Succeeded=Unknown task/long --timeout=30s'),
  );
  const pod = await kubectl('get task long -o jsonpath={.status.podName}');
  expect(await kubectl(`logs -f ${pod} --limit-bytes=3`)).toBe('up\n');
  const uid = await kubectl('get task long -o jsonpath={.metadata.uid}');
  expect(existsSync(join(kf.dataDir, 'logs', uid))).toBe(true);
  await kubectl('delete task long --cascade=foreground');
  for (const kind of ['tasks', 'pipelineruns', 'taskruns', 'pods'])
    expect(await kubectl(`get ${kind} -o name`)).not.toContain('/long');
  expect(processes().filter(({ args }) => args.includes(mark))).toEqual([]);
});

test('deleting the Pod of a running Task ends the Task; its command is not run again', async () => {
  await kubectl('create -f -', task('podless', 'echo up; sleep 1000'));
  await kubectl('wait --for=condition=Succeeded=Unknown task/podless --timeout=30s');
  let pod = '';
  while (pod === '') pod = await kubectl('get task podless -o jsonpath={.status.podName}');
  await kubectl(`delete pod ${pod}`);
  await kubectl('wait --for=condition=Succeeded=False task/podless --timeout=30s');
  expect(await kubectl('get pods -o name')).not.toContain('podless');
  expect((await kf.run(['task', 'podless'])).stdout).toMatch(/State: +Was lost|State: +Failed/);
});

test('terminated by a patch, as by kf', async () => {
  await kubectl('create -f -', task('patched', 'sleep 1000'));
  await kubectl('patch task patched --type=merge -p {"spec":{"terminated":true}}');
  await kubectl('wait --for=condition=Succeeded=False task/patched --timeout=30s');
  expect(await kubectl('get pipelinerun patched -o jsonpath={.spec.status}')).toMatch(/^Cancelled|^$/);
});

test('Events: of a failure at every level, of a bare Pod all that a kubelet tells; none of what goes well', async () => {
  await kubectl('create -f -', task('wrong', 'exit 3'));
  await kubectl('wait --for=condition=Succeeded=False task/wrong --timeout=30s');
  const seen = (pattern: RegExp) => expect.poll(() => kubectl('get events')).toMatch(pattern);
  await seen(/Warning +Failed +task\/wrong +exit code 3\n/);
  await seen(/Warning +Failed +pipelinerun\/wrong /);
  expect(await kubectl('describe task wrong')).toMatch(/Events:\n.*\n.*\n +Warning +Failed +\S+ +kf +exit code 3\n/);
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'bare' },
    spec: { containers: [{ name: 'main', image: 'kf.local/stack/host', command: ['/bin/true'] }] },
  };
  await kubectl('create -f -', JSON.stringify(pod));
  await seen(/Normal +Started +pod\/bare +Started container main\n/);
  expect(await kubectl('describe pod bare')).toMatch(/Normal +Scheduled .*Successfully assigned dev\/bare to /);
  expect(await kubectl('get events')).not.toContain('/good');
});
