/** TaskRuns that stop where somebody wants to look, over a restart of the server too. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { HttpClient } from '../../src/client/http/http-client.ts';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { inChroot } from '../support/chroot.ts';
import { Kf } from '../support/kf.ts';
import { Kubectl } from '../support/kubectl.ts';

const image = 'kf.local/stack/host';
const namespace = 'dev';
let kf: Kf;
let client: HttpClient;
let kubectl: Kubectl;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.ok('server', 'start');
  client = await kf.client();
  kubectl = Kubectl.of(kf, namespace);
});
afterAll(async () => {
  client?.close();
  await kf.remove();
});

/** A run with steps of these names and scripts. @param timeout of the first */
async function debugged(
  name: string,
  scripts: Readonly<Record<string, string>>,
  beforeSteps: readonly string[] = [],
  timeout?: string,
) {
  const steps = Object.entries(scripts).map(([step, script], index) => ({
    name: step,
    image,
    script,
    ...(index === 0 && timeout !== undefined ? { timeout } : {}),
  }));
  await client.create(TaskRun, {
    metadata: { name, namespace },
    spec: {
      debug: { breakpoints: { onFailure: 'enabled', ...(beforeSteps.length === 0 ? {} : { beforeSteps }) } },
      taskSpec: { results: [{ name: 'said' }], steps },
    } as unknown as TaskRun['spec'],
  });
  const log = async (step: string): Promise<string> =>
    (await kubectl.run(['logs', `${name}-pod`, '-c', `step-${step}`])).stdout.toString();
  const exec = async (step: string, ...command: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await kubectl.run(['exec', `${name}-pod`, '-c', `step-${step}`, '--', ...command]);
    return code === 0 ? stdout.toString() : `${code} ${stderr}`;
  };
  const decide = (step: string, script: string) => exec(step, `/tekton/debug/scripts/debug-${script}`);
  const stopped = (step: string, where: string) => expect.poll(() => log(step)).toContain(`debug ${where} breakpoint`);
  const run = () => client.get(TaskRun, { namespace, name });
  return { exec, decide, stopped, log, run, ended: () => expect.poll(async () => isFinal(await run())).toBe(true) };
}

const outcome = (run: TaskRun): string => {
  const { status, reason } = conditionOf(run, 'Succeeded')!;
  const codes = (run.status?.steps ?? []).map(({ terminated }) => terminated?.exitCode);
  return `${status} ${reason} ${codes.join(' ')}`;
};

test.skipIf(inChroot())(
  'before a step and at its failure; a server that is killed meanwhile changes nothing',
  async () => {
    const { exec, decide, stopped, run, ended } = await debugged(
      'passed',
      { first: 'echo half >/tmp/state; exit 7', second: 'printf done >$(results.said.path)' },
      ['second'],
    );
    await stopped('first', 'onFailure');
    expect(await exec('first', 'sh', '-c', 'cat /tmp/state; ls /tekton/debug/info /tekton/run')).toBe(
      'half\n/tekton/debug/info:\n0\n\n/tekton/run:\n0\n',
    );
    expect(await decide('first', 'beforestep-continue')).toContain('This step does not wait here');
    await kf.killServer();
    await kf.ok('spaces');
    client.close();
    client = await kf.client();
    expect(await decide('first', 'continue')).toBe('Executing step 0...\n');
    await stopped('second', 'before step');
    expect(await exec('second', 'ls', '/tekton/debug/info')).toBe('1\n');
    await decide('second', 'beforestep-continue');
    await ended();
    expect(outcome(await run())).toBe('True Succeeded 0 0');
    expect((await run()).status?.results).toMatchObject([{ name: 'said', value: 'done' }]);
  },
);

test.skipIf(inChroot())('what is let go on as a failure is one, and the steps after it run all the same', async () => {
  const { exec, decide, stopped, log, run, ended } = await debugged(
    'failed',
    { first: 'nosuch', second: 'echo never', third: 'echo third' },
    ['second'],
  );
  await stopped('first', 'onFailure');
  expect(await decide('first', 'fail-continue')).toBe('Executing step 0...\n');
  await stopped('second', 'before step');
  // As somebody would by hand, in the words of Tekton's documentation.
  expect(await exec('second', 'sh', '-c', 'echo 1 >/tekton/run/1/out.beforestepexit.err')).toBe('');
  await ended();
  expect(outcome(await run())).toBe('False StepFailed 1 1 0');
  expect(await log('second')).not.toContain('never');
});

test.skipIf(inChroot())(
  'a command whose time is over is not waited for; what it waited before counts for nothing',
  async () => {
    const { decide, stopped, run, ended } = await debugged(
      'late',
      { first: 'sleep 600', second: 'echo second' },
      ['first'],
      '100ms',
    );
    await stopped('first', 'before step');
    await decide('first', 'beforestep-continue');
    await ended();
    expect(outcome(await run())).toBe('False StepFailed 143 0');
    expect((await run()).status?.steps?.[0]?.terminationReason).toBe('TimeoutExceeded');
  },
);

test('cancelling ends a step that waits', async () => {
  const { stopped, run, ended } = await debugged('cancelled', { only: 'exit 3' });
  await stopped('only', 'onFailure');
  await kubectl.run(['patch', 'taskrun', 'cancelled', '--type=merge', '-p', '{"spec":{"status":"TaskRunCancelled"}}']);
  await ended();
  expect(conditionOf(await run(), 'Succeeded')).toMatchObject({ status: 'False', reason: 'TaskRunCancelled' });
});
