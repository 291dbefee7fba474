import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { processes } from '../support/processes.ts';

const program = fileURLToPath(new URL('../../bin/kf', import.meta.url));

let kf: Kf;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('slow', { 'run.sh': 'true' });
});
afterAll(() => kf.remove());

const start = (...args: readonly string[]) => kf.start(...args);

test('Ctrl-C while following stops the watching, not the task: 123', async () => {
  const follow = start('run-task', 'slow', '-c', 'echo begun; sleep 1000', '--follow');
  await follow.until('begun\n');
  await follow.until('has ID');
  follow.child.kill('SIGINT');
  const { code, stderr } = await follow.ended;
  expect(code).toBe(123);
  const name = /Stopped watching; Task (\S+) goes on\./.exec(stderr)?.[1] ?? '';
  const task = await kf.json<{ status: { completionTime?: string } }>('task', name);
  expect(task.status.completionTime).toBeUndefined();
  const words = /kf (terminate-task .*)$/m.exec(stderr)?.[1]?.split(' ') ?? [];
  await kf.ok(...words);
});

test('a restart of the server is survived: log whole, exit code right, in --follow and in logs', async () => {
  // The task waits for its file, so that it cannot end before the restart.
  const line = 'echo before; until [ -e /tmp/go ]; do sleep 0.05; done; echo after; exit 7';
  const follow = start('run-task', 'slow', '-c', line, '--follow');
  await follow.until('before\n');
  await follow.until('has ID');
  const name = /Task (\S+) has ID/.exec(follow.output.stderr)?.[1] ?? '';
  const logs = start('logs', name);
  await logs.until('before\n');
  const { stderr } = await kf.ok('server', 'restart');
  expect(stderr).toContain('1 task went on running meanwhile.');
  const inside = processes().find(({ args }) => args.includes(line) && !args.includes('run-task'));
  writeFileSync(`/proc/${inside!.pid}/root/tmp/go`, '');
  expect(await follow.ended).toMatchObject({ code: 7, stdout: 'before\nafter\n' });
  expect(await logs.ended).toMatchObject({ code: 0, stdout: 'before\nafter\n' });
});

test('stopping the server leaves tasks running and says how many; they are found again', async () => {
  await kf.ok('run-task', 'slow', '-c', 'sleep 1000', '--name', 'long');
  const { items } = await kf.json<{ items: { metadata: { name: string }; spec: { displayName: string } }[] }>(
    'tasks',
    'slow',
  );
  const { name } = items.find(({ spec }) => spec.displayName === 'long')!.metadata;
  await start('logs', name, '--recent').ended;
  const { stderr } = await kf.ok('server', 'stop');
  expect(stderr).toContain('1 task goes on running');
  await kf.ok('terminate-task', name, '--now');
});

test('a reader that stops early is no error', async () => {
  await kf.run(['run-task', 'slow', '-c', 'seq 100000', '--wait']);
  const shell = spawn('sh', ['-c', `"${program}" logs slow --last | head -n 1; echo done`], {
    env: kf.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr])
    stream.on('data', (data) => {
      output += data;
    });
  await once(shell, 'close');
  expect(output).toBe('1\ndone\n');
});
