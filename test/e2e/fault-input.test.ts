/** Bad input on every flag and argument: an error that names it, exit code 1 (125 with --wait), and nothing changed. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AnyKind } from '../../src/client/client.ts';
import { Secret } from '../../src/resources/core/kinds.ts';
import { NetworkPolicy } from '../../src/resources/core/network-policy.ts';
import { App } from '../../src/resources/kf/app.ts';
import { Build } from '../../src/resources/kf/build.ts';
import { Hook } from '../../src/resources/kf/hook.ts';
import { LogSink } from '../../src/resources/kf/log-sink.ts';
import { Notification } from '../../src/resources/kf/notification.ts';
import { SourcePackage } from '../../src/resources/kf/source-package.ts';
import { Space } from '../../src/resources/kf/space.ts';
import { Task } from '../../src/resources/kf/task.ts';
import { TaskSchedule } from '../../src/resources/kf/task-schedule.ts';
import type { KubeObject } from '../../src/resources/meta.ts';
import { Kf } from '../support/kf.ts';
import { connect, finished, startTask } from '../support/kf-tasks.ts';

let kf: Kf;
let done: string;
beforeAll(async () => {
  kf = await Kf.create();
  await kf.push('good', { 'run.sh': 'true\n' }, '-c', 'sh run.sh');
  done = await startTask(kf, 'good', 'true');
  await finished(kf, done);
  mkdirSync(join(kf.home, 'manifests'));
  for (const [name, text] of Object.entries(manifests)) writeFileSync(join(kf.home, 'manifests', name), text);
});
afterAll(() => kf.remove());

const manifests = {
  'not-yaml.yml': 'applications: [\n',
  'no-apps.yml': 'name: good\n',
  'memory.yml': 'applications: [{ name: good, task: true, memory: lots }]\n',
  'disk.yml': 'applications: [{ name: good, task: true, disk_quota: -3M }]\n',
  'env.yml': 'applications: [{ name: good, task: true, env: { 1BAD: x } }]\n',
  'name.yml': 'applications: [{ name: Not.A.Name, task: true }]\n',
  'variable.yml': 'applications: [{ name: ((app)), task: true }]\n',
};

/** All that a command could have changed, with its revisions. */
async function state(): Promise<readonly string[]> {
  const client = await connect(kf);
  try {
    const kinds: readonly AnyKind[] = [
      Space,
      NetworkPolicy,
      App,
      Build,
      SourcePackage,
      LogSink,
      Task,
      TaskSchedule,
      Hook,
      Notification,
      Secret,
    ];
    const lists = await Promise.all(kinds.map((kind) => client.list(kind)));
    return (lists.flatMap(({ items }) => items) as readonly KubeObject[]).map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name} ${metadata.resourceVersion}`,
    );
  } finally {
    client.close();
  }
}

type Case = readonly [words: readonly string[], ...named: readonly string[]];

/** A flag's bad values: the error names the flag and the value. */
const flag = (before: readonly string[], name: string, ...values: readonly string[]): readonly Case[] =>
  values.map((value) => [[...before, `${name}=${value}`], name, value]);
/** The same for flags of one letter. */
const letter = (before: readonly string[], name: string, ...values: readonly string[]): readonly Case[] =>
  values.map((value) => [[...before, name, value], name, value]);

const sizes = ['lots', '0', '1Q', '1 G B', '1e400'];
const cores = ['many', '0', '-1', '1e400'];
const variables = ['NOVALUE', '=x', '1A=b', 'A B=c'];

const runTask = ['run-task', 'good'];
const runTaskCases: readonly Case[] = [
  ...letter(runTask, '-m', ...sizes),
  ...letter(runTask, '-k', ...sizes),
  ...flag(runTask, '--cpu-cores', ...cores),
  ...flag(runTask, '--timeout', 'soon', '0s', '-5s', '5 minutes'),
  ...flag(runTask, '--grace-period', 'long', '-1s'),
  ...letter(runTask, '-e', ...variables),
  ...letter(runTask, '-o', 'xml'),
  [[...runTask, '--once='], '--once'],
  [[...runTask, '--memory-limt', '1G'], '--memory-limt', '--memory-limit'],
  [[...runTask, '-m'], '-m'],
  [[...runTask, 'again'], 'again'],
  [['run-task'], 'APP_NAME'],
  [['run-task', 'nope'], 'nope'],
  [['run-task', 'Not_A_Name'], 'Not_A_Name'],
  [['run-task', '../good'], '../good'],
  [[...runTask, '--space', 'nowhere'], 'nowhere'],
];

const push = ['push', 'fresh', '--task', '-p', 'src/good'];
const pushCases: readonly Case[] = [
  ...letter(push, '-m', ...sizes),
  ...letter(push, '-k', ...sizes),
  ...flag(push, '--cpu-cores', ...cores),
  ...letter(push, '-e', ...variables),
  ...flag(push, '--var', 'x', '=x'),
  [[...push, '--stack', 'no-such-stack'], 'no-such-stack'],
  ...flag(push, '--vars-file', 'no-such-file.yml'),
  ...flag(push, '--app-suffix', 'UPPER'),
  ...letter(push, '-f', 'no-such-manifest.yml'),
  [['push', 'fresh', '--task', '-p', 'no/such/folder'], 'no/such/folder'],
  [['push', 'Not_A_Name', '--task', '-p', 'src/good'], 'Not_A_Name'],
  [['push', 'a'.repeat(64), '--task', '-p', 'src/good'], 'aaaa'],
  [['push', 'a', 'b', '--task'], 'b'],
  [['push', '--task', '-p', 'src/good'], 'APP_NAME'],
  [['push', 'fresh', '-p', 'src/good'], 'kf push fresh --task'],
  [[...push, '--dokcer-image', 'x'], '--dokcer-image'],
  [[...push, '--space', 'nowhere'], 'nowhere'],
  [['push', 'new', '--task', '-p', 'manifests/name.yml'], 'name.yml', 'zip archive'],
  [['push', '-f', 'manifests/not-yaml.yml'], 'not-yaml.yml'],
  [['push', '-f', 'manifests/no-apps.yml'], 'no-apps.yml', 'applications'],
  [['push', '-f', 'manifests/memory.yml', '-p', 'src/good'], 'memory', 'lots'],
  [['push', '-f', 'manifests/disk.yml', '-p', 'src/good'], 'disk_quota', '-3M'],
  [['push', '-f', 'manifests/env.yml', '-p', 'src/good'], '1BAD'],
  [['push', '-f', 'manifests/name.yml', '-p', 'src/good'], 'Not.A.Name'],
  [['push', '-f', 'manifests/variable.yml', '-p', 'src/good'], 'app'],
];

const otherCases: readonly Case[] = [
  ...letter(['logs', 'good', '--task'], '-n', '-1', 'few', '1.5'),
  ...flag(['logs', 'good', '--recent'], '--since', 'yesterday', '0s', '-5m', '2026-02-30', '12:00'),
  ...flag(['logs', 'good', '--recent'], '--grep', '(', ''),
  ...flag(['logs', 'good', '--recent'], '--stream', 'both'),
  ...flag(['logs', 'good', '--recent'], '--attempt', '0', 'first'),
  [['logs', 'good', '--last', '--recent', '--attempt', '9'], 'attempt 9'],
  ...flag(['create-log-sink', 'sink', 'syslog://localhost'], '--spaces', 'Not_A_Space'),
  ...flag(['create-log-sink', 'sink', 'syslog://localhost'], '--held-limit', ...sizes),
  ...flag(['create-log-sink', 'sink', 'http://localhost'], '--header', 'no colon'),
  [['create-log-sink', 'Sink_1', 'syslog://localhost'], 'Sink_1'],
  [['create-log-sink', 'sink', 'gopher://localhost'], 'gopher://localhost'],
  [['create-log-sink', 'sink'], 'URL'],
  [['log-sink', 'nope'], 'nope'],
  [['delete-log-sink', 'nope'], 'nope'],
  [['logs', 'good', '--task', '--id', '99'], '99'],
  [['logs', 'good', '--task', '--id', 'no-such-task'], 'no-such-task'],
  [['logs', 'good', '--task', '--failed', '--recent'], 'good'],
  [['logs', 'nope', '--task', '--recent'], 'nope'],
  [['logs'], 'APP_NAME'],
  [['task', 'nope'], 'nope'],
  [['task', 'good', '99'], '99'],
  [['task', 'good', 'x1'], 'x1'],
  [['task', 'good', '1', '2'], '2'],
  [['tasks', 'nope'], 'nope'],
  [['tasks', 'Not_A_Name'], 'Not_A_Name'],
  [['tasks', '-o', 'xml'], '-o', 'xml'],
  [['terminate-task', 'nope'], 'nope'],
  [['terminate-task', 'good', '99'], '99'],
  [['terminate-task', 'good', '1'], 'good'],
  [['app', 'nope'], 'nope'],
  [['apps', 'extra'], 'extra'],
  [['delete', 'nope'], 'nope'],
  [['env', 'nope'], 'nope'],
  [['set-env', 'good', '1BAD', 'x'], '1BAD'],
  [['set-env', 'good', 'A'], 'NAME'],
  [['set-env', 'nope', 'A', 'b'], 'nope'],
  [['unset-env', 'nope', 'A'], 'nope'],
  [['builds', '--app', 'Not_A_Name'], '--app', 'Not_A_Name'],
  [['builds', '--app', 'nope'], 'nope'],
  [['build', 'nope'], 'nope'],
  [['build-logs', 'nope'], 'nope'],
  [['build-logs', 'nope', '--recent', '--follow'], '--recent'],
  [['restage', 'nope'], 'nope'],
  [['restage'], 'APP_NAME'],
  [['create-log-sink', 'sink', 'file:///etc/x'], '/etc'],
  [['configure-server', 'allow-host-path', 'not/there'], 'not/there'],
  [['target', '-o', 'xml'], '-o', 'xml'],
  [['logs', 'good', '--tail', 'few', '--recent'], '--tail', 'few'],
  [['create-space', 'Not_A_Name'], 'Not_A_Name'],
  [['create-space', 'dev'], 'dev'],
  [['delete-space', 'nowhere'], 'nowhere'],
  [['space', 'nowhere'], 'nowhere'],
  [['target', 'nowhere'], 'nowhere'],
  [['target', '-s', 'Not_A_Name'], 'Not_A_Name'],
  [['apps', '--kubeconfig', 'no-such-file'], 'no-such-file'],
  [['apps', '--context', 'no-such-context'], '.kube/config'],
  [['apps', '--kubeconfig', 'kf/kubeconfig', '--context', 'no-such-context'], 'no-such-context'],
  [['apps', '--space', 'nowhere'], 'nowhere'],
  [['configure-space', 'set-notify', 'ftp://x'], 'ftp://x'],
  [['configure-space', 'set-notify', 'nowhere', 'http://x'], 'nowhere'],
  ...flag(['configure-space', 'set-notify', 'http://x'], '--on', 'ended', ','),
  ...flag(['configure-space', 'set-notify', 'http://x'], '--secret', 'short', '@no-such-file'),
  [['configure-space', 'test-notify'], 'dev'],
  [['notifications', '--space', 'nowhere'], 'nowhere'],
  ...flag(['create-job', 'good', 'j', 'true'], '--notify', 'x', 'ftp://x', 'http://a:b@x'),
  ...flag(['create-job', 'good', 'j', 'true'], '--expect-every', 'daily', '59s'),
  [['create-job', 'good', 'j', 'true', '--notify-on', 'failed'], '--notify'],
  [['create-hook'], '{APP_NAME | JOB_NAME}'],
  [['create-hook', 'nope'], 'nope'],
  ...flag(['create-hook', 'good'], '--name', 'Not_A_Name'),
  ...flag(['create-hook', 'good'], '--secret', 'short'),
  ...letter(['create-hook', 'good'], '-m', 'lots'),
  [['delete-hook', 'nope'], 'nope'],
  [['hooks', '--space', 'nowhere'], 'nowhere'],
  [['server', 'status', '-o', 'xml'], '-o', 'xml'],
  [['server', 'stop', '--drain', '--kill'], '--drain', '--kill'],
  [['server', 'halt'], 'halt'],
  [['server', 'backup'], 'FILE'],
  [['server', 'backup', 'no/such/folder/kf.tar'], 'no/such/folder'],
  [['server', 'backup', 'manifests/name.yml'], 'name.yml', '--force'],
  [['server', 'restore', 'no-such-file'], 'no-such-file'],
  [['server', 'restore', 'manifests/name.yml'], 'name.yml'],
  [['server', 'uninstall'], '--yes'],
  ...letter(['server', 'df'], '-o', 'xml'),
  [['configure-space', 'set-env', '1BAD', 'x'], '1BAD'],
  [['configure-space', 'set-env', 'nowhere', 'A', 'x'], 'nowhere'],
  [['configure-space', 'set-app-egress-policy', 'Maybe'], 'Maybe', 'DenyAll'],
  [['configure-space', 'set-grace-period', '-1s'], '-1s'],
  [['configure-space', 'set-time-zone', 'Europe/Nowhere'], 'Europe/Nowhere'],
  [['configure-space', 'allow-host-port', '0'], '0'],
  [['configure-space', 'set-evn', 'A', 'x'], 'set-evn', 'set-env'],
  [['configure-space', 'set-nodeselector', 'a=b'], 'set-nodeselector'],
  [['create-network-policy', 'p', '--app', 'good', '--allow', 'localhost:1'], '--allow', 'localhost'],
  [['create-network-policy', 'p', '--app', 'nope', '--allow', '10.0.0.0/8'], 'nope'],
  [['create-network-policy', 'p', '--app', 'good'], '--allow'],
  [['network-policy', 'nope'], 'nope'],
  [['delete-network-policy', 'nope'], 'nope'],
  [['taks'], 'taks', 'tasks'],
  [['login'], 'login'],
];

describe.each([
  ['run-task', runTaskCases, 1],
  ['run-task --wait', runTaskCases.map(([words, ...named]): Case => [[...words, '--wait'], ...named]), 125],
  ['push', pushCases, 1],
  ['everything else', otherCases, 1],
] as const)('%s', (_, cases, code) => {
  test(`${cases.length} kinds of bad input`, async () => {
    const before = await state();
    const wrong: string[] = [];
    for (const batch of inBatches(cases, 4))
      await Promise.all(
        batch.map(async ([words, ...named]) => {
          const seen = await kf.run(words);
          const missing = named.filter((text) => !seen.stderr.includes(text));
          if (seen.code !== code || missing.length > 0 || /\n\s+at /.test(seen.stderr))
            wrong.push(
              `kf ${words.join(' ')}: code ${seen.code}, not named: ${JSON.stringify(missing)}\n    ${seen.stderr.trim()}`,
            );
        }),
      );
    expect(wrong.join('\n')).toBe('');
    expect(await state()).toEqual(before);
  });
});

function inBatches<T>(all: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

test('a task that has ended cannot be terminated: exit code 1, it stays as it was', async () => {
  const { code, stderr } = await kf.run(['terminate-task', done]);
  expect(code).toBe(1);
  expect(stderr).toContain(done);
});
