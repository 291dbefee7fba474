import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { orderIn, podFor, type Spec, steps, taskRun } from './task-runs.ts';

const debugged = (breakpoints: NonNullable<NonNullable<Spec['debug']>['breakpoints']>, timeout?: string) =>
  podFor(
    taskRun({
      debug: { breakpoints },
      taskSpec: { steps: steps('a', 'b').map((step) => ({ ...step, ...(timeout === undefined ? {} : { timeout }) })) },
    }),
  );

test('a run without breakpoints has nothing of them', () => {
  for (const debug of [undefined, {}, { breakpoints: {} }]) {
    const pod = podFor(taskRun({ ...(debug === undefined ? {} : { debug }), taskSpec: { steps: steps('a') } }));
    expect(JSON.stringify(pod)).not.toContain('debug');
    expect(orderIn(pod)['step-a']).not.toHaveProperty('around');
  }
});

test('each step finds its own number, and writes to its own folder', () => {
  const pod = debugged({ onFailure: 'enabled' });
  const b = pod.spec.containers[1]!;
  expect(b.volumeMounts).toEqual(
    expect.arrayContaining([
      { name: 'tekton-internal', mountPath: '/tekton/run', subPath: 'run', readOnly: true },
      { name: 'tekton-internal', mountPath: '/tekton/run/1', subPath: 'run/1' },
      { name: 'tekton-internal-debug-info', mountPath: '/tekton/debug/info', subPath: 'step-b' },
    ]),
  );
  expect(orderIn(pod)['step-b']).toMatchObject({
    after: 'step-a',
    afterFailure: true,
    folders: expect.arrayContaining(['/tekton/run/1', '/tekton/debug/info/1']),
  });
});

test('scripts are those of the breakpoints that there are', () => {
  const names = (pod: ReturnType<typeof debugged>): readonly string[] =>
    (orderIn(pod)['step-a']?.files ?? []).map(({ path }) => path.replace('/tekton/debug/scripts/debug-', ''));
  expect(names(debugged({ onFailure: 'enabled' }))).toEqual(['continue', 'fail-continue']);
  expect(names(debugged({ onFailure: 'enabled', beforeSteps: ['b'] }))).toEqual([
    'continue',
    'fail-continue',
    'beforestep-continue',
    'beforestep-fail-continue',
  ]);
});

test('a step waits before its command only where it is named; its own timeout is its command’s', () => {
  const order = orderIn(debugged({ onFailure: 'enabled', beforeSteps: ['b'] }, '5s'));
  expect(order['step-a']?.around).not.toContain('beforestep');
  expect(order['step-b']?.around).toContain('debug before step breakpoint has taken effect');
  expect(order['step-b']).not.toHaveProperty('timeoutSeconds');
  expect(order['step-b']?.timeoutFile).toBe('/tekton/run/1/out.timeout');
  expect(orderIn(debugged({ beforeSteps: ['b'] }))['step-a']?.around).toMatch(/exec "\$@"$/);
  expect(orderIn(debugged({ onFailure: 'enabled' }))['step-a']).not.toHaveProperty('timeoutFile');
});

test.each([{ onFailure: 'enabled' }, { beforeSteps: ['b'] }])(
  'a command whose time is over, with %j',
  async (breakpoints) => {
    const dir = await mkdtemp(join(tmpdir(), 'kf-breakpoints-'));
    try {
      const around = (timeout: string): string =>
        orderIn(debugged(breakpoints, timeout))['step-a']!.around!.replaceAll('/tekton/run/0', dir);
      const run = (timeout: string, command: string) =>
        spawnSync('/bin/sh', ['-c', around(timeout), 'sh', '/bin/sh', '-c', command], { encoding: 'utf8' });
      expect(run('1h', 'echo in time; exit 0')).toMatchObject({ status: 0, stdout: 'in time\n' });
      expect(await readdir(dir)).toEqual([]);
      const politely = run('100ms', 'trap "exit 0" TERM; while :; do sleep 0.05; done');
      expect(politely.status).not.toBe(0);
      expect(politely.stderr).not.toContain('breakpoint');
      expect(await readdir(dir)).toEqual(['out.timeout']);
      expect(run('100ms', 'exec sleep 60').status).toBe(143);
    } finally {
      await rm(dir, { recursive: true });
    }
  },
);

test('where it stops at failures, onError says nothing', () => {
  const spec = (breakpoints: object) =>
    orderIn(
      podFor(
        taskRun({
          debug: { breakpoints },
          taskSpec: { steps: steps('a').map((step) => ({ ...step, onError: 'continue' })) },
        }),
      ),
    )['step-a'];
  expect(spec({ onFailure: 'enabled' })).not.toHaveProperty('ignoreFailure');
  expect(spec({ beforeSteps: ['a'] })?.ignoreFailure).toBe(true);
});

test('around a command that succeeds, or is told to end, nothing waits', () => {
  const { around } = orderIn(debugged({ onFailure: 'enabled' }))['step-a']!;
  const run = (command: string) =>
    execFileSync('/bin/sh', ['-c', around!, 'sh', '/bin/sh', '-c', command], { encoding: 'utf8' });
  expect(run('echo "$0 $# $_kf_code"')).toBe('/bin/sh 0 \n');
  expect(() => run('trap "exit 7" TERM; kill -TERM $PPID; kill -TERM $$')).toThrow(
    expect.objectContaining({ status: 7 }),
  );
});
