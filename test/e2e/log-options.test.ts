/** What of a log `kf logs` and `kubectl logs` show: attempts, streams, times, patterns; of real Tasks. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kf } from '../support/kf.ts';
import { finished, startTask } from '../support/kf-tasks.ts';

let kf: Kf;
/** Failed once, then succeeded. */
let name: string;
let pod: string;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('etl', { 'etl.sh': 'true\n' }, '-c', 'sh etl.sh');
  const command =
    'echo begin $KF_TASK_ATTEMPT; echo warn $KF_TASK_ATTEMPT >&2; sleep 1.2; echo end; test $KF_TASK_ATTEMPT = 2';
  name = await startTask(kf, 'etl', command, '--retries', '1', '--retry-delay', '10ms');
  // Waits for the second attempt, and ends with it, while the first has only begun.
  expect((await kf.ok('logs', name, '--attempt', '2', '--stream', 'stdout')).stdout).toBe('begin 2\nend\n');
  pod = (await finished(kf, name)).status?.podName ?? '';
});
afterAll(() => kf?.remove());

const logs = async (...args: readonly string[]): Promise<string> => (await kf.ok('logs', ...args)).stdout;
const kubectl = async (...args: readonly string[]): Promise<string> => {
  const env = { ...kf.env, KUBECONFIG: join(kf.dataDir, 'kubeconfig') };
  return (await promisify(execFile)('kubectl', ['-n', 'dev', ...args], { env })).stdout;
};
/** Each line's time; the lines without it. */
function stamped(text: string): { readonly times: readonly number[]; readonly lines: readonly string[] } {
  const parts = text
    .trimEnd()
    .split('\n')
    .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const);
  return { times: parts.map(([time]) => Date.parse(time)), lines: parts.map(([, line]) => line) };
}

test('attempts and streams', async () => {
  const both = (number: number) => [`begin ${number}`, 'end', `warn ${number}`];
  const sorted = (text: string) => text.trimEnd().split('\n').sort();
  expect(sorted(await logs(name, '--attempt', '1'))).toEqual(both(1));
  expect(sorted(await logs('etl', '--last', '--attempt', '2'))).toEqual(both(2));
  expect(await logs(name, '--stream', 'stderr')).toBe('warn 1\nwarn 2\n');
  expect((await kf.run(['logs', name, '--attempt', '3'])).stderr).toContain('attempt 3');
  expect(await logs('etl', '--attempt', '2', '--stream', 'stderr', '--recent')).toBe(`[${name}/1] warn 2\n`);
});

test('times: shown, and to begin with', async () => {
  const { times, lines } = stamped(await logs(name, '--timestamps', '--stream', 'stdout'));
  expect(lines).toEqual(['begin 1', 'end', 'begin 2', 'end']);
  expect(times[1]! - times[0]!).toBeGreaterThan(1000);
  const since = new Date(times[2]! - 1).toISOString();
  expect(await logs(name, '--since', since, '--stream', 'stdout')).toBe('begin 2\nend\n');
  expect(await logs(name, '--since', '1h', '--stream', 'stdout', '-n', '1')).toBe('end\n');
  expect(await logs(name, '--since', '2999-01-01')).toBe('');
});

test('patterns; -n counts what matches', async () => {
  expect(await logs(name, '--grep', '^(begin|warn) 1')).toMatch(/^(begin 1\nwarn 1|warn 1\nbegin 1)\n$/);
  expect(await logs(name, '--grep', '(?i)BEGIN', '-n', '1')).toBe('begin 2\n');
  expect(await logs('etl', '--recent', '--grep', 'begin')).toBe(`[${name}/1] begin 1\n[${name}/1] begin 2\n`);
});

test('kubectl logs --since, --since-time, --timestamps, --tail', async () => {
  const { times, lines } = stamped(await kubectl('logs', pod, '--timestamps'));
  expect([...lines].sort()).toEqual(['begin 2', 'end', 'warn 2']);
  expect(await kubectl('logs', pod, '--tail=1')).toBe('end\n');
  // kubectl sends whole seconds. Between the beginning and the end there is one: they are 1.2 s apart.
  const since = new Date(Math.floor(times.at(-1)! / 1000) * 1000).toISOString();
  expect(await kubectl('logs', pod, `--since-time=${since}`)).toBe('end\n');
  expect((await kubectl('logs', pod, '--since=1h')).split('\n').length).toBe(4);
});
