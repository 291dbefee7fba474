/** Every command that kf prints as a tip is run as it was printed. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conditionOf } from '../../src/resources/condition.ts';
import { App } from '../../src/resources/kf/app.ts';
import { imageMissing } from '../../src/resources/kf/build.ts';
import { labels } from '../../src/resources/labels.ts';
import { PipelineRun } from '../../src/resources/tekton/pipeline-run.ts';
import { inChroot } from '../support/chroot.ts';
import { Kf } from '../support/kf.ts';
import { logged, startTask } from '../support/kf-tasks.ts';
import { busybox, makeImage } from '../support/oci-image.ts';
import { Registry } from '../support/registry.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Tip {
  readonly description: string;
  readonly command: string;
}

interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Ctrl-C once this has been printed. */
  readonly interruptAt?: string;
}

let kf: Kf;
let source: string;
/** Descriptions of the tips that were run. */
const seen = new Set<string>();

beforeAll(async () => {
  kf = await Kf.create();
  source = await kf.source('report', { 'etl.sh': 'echo rows\n' });
  await kf.ok('push', 'report', '--task', '-p', source, '-c', 'sh etl.sh');
  await kf.ok('run-task', 'report', '--wait');
  await kf.push('idle', { 'a.txt': '' });
  const broken = await kf.source('broken', { 'package.json': '{"dependencies":{"x":"1"}}' });
  await kf.run(['push', 'broken', '--task', '-p', broken]);
});
afterAll(() => kf.remove());

/** A shell line, with `kf` on its PATH. */
async function shell(line: string, { cwd = kf.home, env = {}, interruptAt }: RunOptions = {}) {
  const PATH = `${join(root, 'bin')}:${dirname(process.execPath)}:${kf.env.PATH}`;
  const child = spawn('/bin/sh', ['-c', `exec ${line}`], {
    cwd,
    env: { ...kf.env, PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (data: string) => {
      const before = text;
      text += data;
      if (interruptAt !== undefined && text.includes(interruptAt) && !before.includes(interruptAt))
        child.kill('SIGINT');
    });
  const [code] = (await once(child, 'close')) as [number];
  return { code, text };
}

/** The lines after `TIP:`, and those that Ctrl-C leaves. */
function tipsIn(text: string): readonly Tip[] {
  const block = /\nTIP: .*\n((?:.+: +.+\n)+)/.exec(text)?.[1] ?? '';
  const others = text.split('\n').filter((line) => /^(Go on watching|Terminate it): /.test(line));
  return [...block.split('\n').filter(Boolean), ...others].map((line) => {
    const [, description = '', command = ''] = /^(.+?): +((?:kf|kubectl|tail) .*)$/.exec(line) ?? [];
    return { description, command };
  });
}

/** Runs what a command prints; words in capitals are for the user to fill in. @returns the outcome of each tip */
async function follow(
  line: string,
  options: RunOptions = {},
): Promise<readonly (Tip & { code: number; text: string })[]> {
  const { text } = await shell(line, options);
  const tips = tipsIn(text);
  expect(tips.length, text).toBeGreaterThan(0);
  const outcomes = [];
  for (const tip of tips) {
    seen.add(tip.description);
    const { interruptAt: _, ...rest } = options;
    const command = tip.command
      .replace(/\b(COMMAND|LINE)\b/, 'true')
      .replace('SPACE_NAME', 'dev')
      .replace(/ \[flags\]$/, '');
    outcomes.push({ ...tip, ...(await shell(command, rest)) });
  }
  return outcomes;
}

test.each([
  ['kf push report -p src/report'],
  ['kf push idle -p src/idle'],
  ['kf run-task report'],
  ['kf task report 1'],
  ['kf app report'],
  ['kf build report-1'],
  ['kf app nope'],
  ['kf env nope'],
  ['kf tasks nope'],
  ['kf logs nope --task'],
  ['kf task nope'],
  ['kf task report 99'],
  ['kf build nope'],
  ['kf run-task idle'],
  ['kf push broken -p src/broken'],
  ['kf push report -p src/report -s nope'],
  ['kf push report --docker-image kf.local/dev/nope'],
])('%s', async (line) => {
  for (const { command, code, text } of await follow(line))
    expect({ command, code }, text).toEqual({ command, code: 0 });
});

test('a PipelineRun that is not there, for who uses kubectl', async () => {
  const env = { KUBECONFIG: join(kf.dataDir, 'kubeconfig') };
  for (const { command, code, text } of await follow('kf rerun-pipelinerun nope', { env }))
    expect({ command, code }, text).toEqual({ command, code: 0 });
});

test('a PipelineRun that is an attempt of a Task', async () => {
  const client = await kf.client();
  const labelSelector = `${labels.appName}=report`;
  const [attempt] = (await client.list(PipelineRun, { namespace: 'dev', labelSelector })).items;
  client.close();
  for (const { command, code, text } of await follow(`kf rerun-pipelinerun ${attempt!.metadata.name}`))
    expect({ command, code }, text).toEqual({ command, code: 0 });
});

test('a kubeconfig that names no Space', async () => {
  const path = join(kf.home, 'kubeconfig-without-space');
  const config = await readFile(join(kf.dataDir, 'kubeconfig'), 'utf8');
  await writeFile(path, config.replace(/,?\s*"namespace": *"[^"]*"/, ''));
  for (const { command, code, text } of await follow(`kf apps --kubeconfig ${path} --config ${kf.home}/no-settings`))
    expect({ command, code }, text).toEqual({ command, code: 0 });
});

test('a new Space: target it, describe it', async () => {
  for (const { command, code } of await follow('kf create-space team'))
    expect({ command, code }).toEqual({ command, code: 0 });
  expect((await kf.ok('target')).stdout).toMatch(/^Space: +team$/m);
  await kf.ok('target', 'dev');
});

test('a command that does not stand behind -c', async () => {
  const tip = tipsIn((await shell("kf run-task report 'exit 0'")).text).at(-1)!;
  seen.add(tip.description);
  expect(await shell(`${tip.command.replace('LINE', 'exit 0')} --wait`)).toMatchObject({ code: 0 });
});

test('a Space that does not exist', async () => {
  for (const { command, code } of await follow('kf apps --space later'))
    expect({ command, code }).toEqual({ command, code: 0 });
  await kf.ok('apps', '--space', 'later');
});

test('a Space that exists already: work in it, show it', async () => {
  for (const { command, code } of await follow('kf create-space dev'))
    expect({ command, code }).toEqual({ command, code: 0 });
});

test.skipIf(inChroot())('a copy without what to copy: the same with a file of a Task', async () => {
  const name = await startTask(kf, 'report', 'mkdir out && echo 1,2 > out/sales.csv; echo made; sleep 1000');
  await logged(kf, name, 'made');
  const { items } = await kf.json<{ items: { status: { id: number } }[] }>('tasks', 'report');
  const last = Math.max(...items.map(({ status }) => status.id));
  const [tip] = tipsIn((await shell('kf cp report out/sales.csv .')).text);
  seen.add(tip!.description);
  const copied = await shell(tip!.command.replace(' 7:', ` ${last}:`));
  expect(copied.code, copied.text).toBe(0);
  expect(readFileSync(join(kf.home, 'sales.csv'), 'utf8')).toBe('1,2\n');
  await kf.ok('terminate-task', name);
});

test('an App that is pushed without --task: the command as it was typed', async () => {
  const [tip] = await follow("kf push web -p 'src/report' -c 'echo \"two words\"' -e 'A=b c'");
  expect(tip).toMatchObject({ code: 0 });
  expect((await kf.ok('run-task', 'web', '-c', 'echo "$A"', '--follow')).stdout).toBe('b c\n');
});

test('a failed first build: see why, mend it, push again', async () => {
  const { text } = await shell('kf run-task broken');
  const [why, again] = tipsIn(text);
  for (const { description } of [why!, again!]) seen.add(description);
  expect((await shell(why!.command)).code).toBe(0);
  await rm(join(kf.home, 'src/broken/package.json'));
  await writeFile(join(kf.home, 'src/broken/Procfile'), 'task: echo mended\n');
  expect(await shell(again!.command, { cwd: join(kf.home, 'src/broken') })).toMatchObject({ code: 0 });
  expect((await kf.ok('run-task', 'broken', '--follow')).stdout).toBe('mended\n');
});

test('an image that cannot be had: ask again, take another one, remove the App', async () => {
  const registry = await Registry.start();
  const layout = join(kf.home, 'layout');
  await makeImage(layout, { layers: [busybox], config: { Cmd: ['true'] } });
  const { text } = await shell(`kf push absent --task --docker-image ${registry.host}/team/app:1`);
  const [again, other, remove] = tipsIn(text);
  for (const { description } of [again!, other!, remove!]) seen.add(description);
  registry.push(layout, 'team/app:1');
  expect(await shell(again!.command)).toMatchObject({ code: 0 });
  expect(await shell(other!.command.replace('IMAGE', `${registry.host}/team/app:1`))).toMatchObject({ code: 0 });
  expect(await shell(remove!.command)).toMatchObject({ code: 0 });
  await registry.stop();
});

test('a running Task can be terminated', async () => {
  const { stdout } = await kf.ok('run-task', 'report', '-c', 'sleep 1000', '-o', 'name');
  const name = stdout.trim().split('/')[1]!;
  const { text } = await shell(`kf task ${name}`);
  expect(text).toContain('Terminate the Task');
  const terminate = tipsIn(text).find(({ description }) => description === 'Terminate the Task')!;
  seen.add(terminate.description);
  expect(await shell(terminate.command)).toMatchObject({ code: 0 });
});

test('Ctrl-C while a Task is followed: terminate it, read what it said', async () => {
  const { text } = await shell("kf run-task report --follow -c 'echo begun; sleep 1000'", { interruptAt: 'begun\n' });
  const tips = tipsIn(text);
  expect(tips.map(({ description }) => description)).toEqual(['Go on watching', 'Terminate it']);
  expect(await shell(tips[1]!.command)).toMatchObject({ code: 0 });
  expect((await shell(tips[0]!.command)).text).toBe('begun\n');
});

test('Ctrl-C while an App is built: the build goes on and can be followed', async () => {
  await kf.source('slow', {
    Procfile: 'task: cat built\n',
    'bin/build': '#!/bin/sh\necho building\nsleep 0.5\necho x > built\n',
  });
  await shell('chmod +x src/slow/bin/build');
  const { text } = await shell('kf push slow --task -p src/slow', { interruptAt: '[build] building' });
  const [tip] = tipsIn(text);
  seen.add(tip!.description);
  const followed = await shell(tip!.command);
  expect(followed).toMatchObject({ code: 0 });
  expect(followed.text).toContain('Build slow-1 succeeded');
});

test('a wrong number of arguments: the usage', async () => {
  const { text } = await shell('kf run-task');
  expect(text).toContain('Usage: kf run-task APP_NAME [flags]');
  seen.add('Usage');
});

test.each(['login', 'logout', 'api', 'auth'])('%s: what to do instead', async (name) => {
  const { text } = await shell(`kf ${name}`);
  const [tip] = tipsIn(text);
  seen.add(tip!.description);
  const command = tip!.command.replace('NAME', 'kf');
  const env = { KUBECONFIG: join(kf.dataDir, 'kubeconfig') };
  expect(await shell(command, { env: { ...env, HOME: join(kf.home, 'src') } })).toMatchObject({ code: 0 });
});

describe('Jobs', () => {
  const allWork = async (line: string) => {
    for (const { command, code, text } of await follow(line))
      expect({ command, code }, text).toEqual({ command, code: 0 });
  };

  test('a Job without a schedule, with one, suspended; one that does not exist', async () => {
    await kf.ok('create-job', 'report', 'byhand', 'true');
    await allWork('kf update-job byhand --resume');
    await kf.ok('delete-job-schedule', 'byhand');
    await allWork('kf job byhand');
    await allWork('kf job byhand');
    await kf.ok('create-job', 'report', 'fresh', 'true');
    await allWork('kf job fresh');
    await allWork('kf run-job fresh');
    const step = '{name: one, image: kf.local/stack/host, command: ["true"]}';
    await writeFile(
      `${kf.home}/run.yaml`,
      `{apiVersion: tekton.dev/v1, kind: TaskRun, spec: {taskSpec: {steps: [${step}]}}}`,
    );
    await kf.ok('create-job', 'of-file', '--from-file', `${kf.home}/run.yaml`);
    await allWork('kf run-job of-file');
    await kf.ok('delete-job', 'of-file');
    await allWork('kf job nope');
  });

  test('a Job that exists already: show it, change it, delete it', async () => {
    await kf.ok('create-job', 'report', 'twin', 'true');
    await allWork('kf create-job report twin true');
    expect((await kf.run(['job', 'twin'])).code).toBe(1);
  });

  test('several schedules: delete one, delete all', async () => {
    await kf.ok('create-job', 'report', 'twice', 'true', '-s', '0 1 * * *');
    await kf.ok('schedule-job', 'twice', '0 2 * * *', '--add');
    await kf.ok('schedule-job', 'twice', '0 3 * * *', '--add');
    await allWork('kf delete-job-schedule twice');
  });

  test('a suspended Job that has schedules: resume it, or replace them', async () => {
    await kf.ok('create-job', 'report', 'paused', 'true', '-s', '0 1 * * *');
    await kf.ok('update-job', 'paused', '--suspend');
    await allWork("kf schedule-job paused '0 2 * * *' --add");
  });

  test('a Task of the Job has not ended: watch it, terminate it, run beside it', async () => {
    await kf.ok('create-job', 'report', 'lonely', 'echo begun; sleep 1000', '-c', 'Forbid');
    await kf.ok('run-job', 'lonely');
    const { code, text } = await shell('kf run-job lonely');
    expect(code).toBe(1);
    const [watch, terminate, beside] = tipsIn(text);
    for (const { description } of [watch!, terminate!, beside!]) seen.add(description);
    expect(await shell(beside!.command)).toMatchObject({ code: 0 });
    expect(await shell(terminate!.command)).toMatchObject({ code: 0 });
    expect((await shell(watch!.command)).text).toContain('begun');
    await kf.ok('delete-job', 'lonely');
  });
});

describe('Services', () => {
  test('one that does not exist, one that is bound, one that is not', async () => {
    const allWork = async (line: string) => {
      for (const { command, code, text } of await follow(line))
        expect({ command, code }, text).toEqual({ command, code: 0 });
    };
    await allWork('kf service mail');
    // It is created by its tip.
    await allWork('kf bind-service report mail');
    await allWork('kf unbind-service report mail');
    await kf.ok('bind-service', 'report', 'mail');
    await allWork('kf bind-service report mail');
    await kf.ok('bind-service', 'report', 'mail');
    await allWork('kf delete-service mail');
    await allWork('kf create-service postgres sales');
  });

  test('the marketplace: each offer', async () => {
    const offers = await kf.json<(Tip & { plan: string })[]>('marketplace');
    await kf.ok('configure-server', 'allow-host-path', source);
    for (const { description, command, plan } of offers) {
      seen.add(description);
      const line = command
        .replace('NAME', `offer-${plan.length}`)
        .replace('/srv/backups', source)
        .replace('10Gi', '64Mi');
      const { code, text } = await shell(line);
      expect({ line, code }, text).toEqual({ line, code: 0 });
    }
  });
});

test.each([['kf configure-server allow-host-path made'], ['kf configure-server set frobnicate 1']])(
  'settings of the server: %s',
  async (line) => {
    for (const { command, code, text } of await follow(line))
      expect({ command, code }, text).toEqual({ command, code: 0 });
  },
);

test('a manifest with a variable that has no value', async () => {
  const manifest = 'applications: [{ name: worded, task: true, command: "echo ((word))" }]\n';
  const cwd = await kf.source('worded', { 'manifest.yml': manifest, FILE: 'word: yes\n' });
  for (const { command, code, text } of await follow('kf push', { cwd }))
    expect({ command, code }, text).toEqual({ command, code: 0 });
});

test('network policies: what there is, taken back, the Space’s own', async () => {
  const create = 'kf create-network-policy shut --app report --allow none';
  const allWork = async (line: string) => {
    for (const { command, code, text } of await follow(line))
      expect({ command, code }, text).toEqual({ command, code: 0 });
  };
  // It is taken back by its tip.
  await allWork(create);
  await allWork('kf network-policy shut');
  await shell(create);
  await allWork(create);
  await kf.ok('delete-network-policy', 'shut');
  await kf.ok('configure-space', 'set-app-egress-policy', 'DenyAll');
  await allWork('kf delete-network-policy space-app-policy');
});

test('log sinks: a new one, one that exists, one that does not', async () => {
  for (const line of [
    `kf create-log-sink lines syslog://127.0.0.1:1`,
    `kf create-log-sink lines syslog://127.0.0.1:1`,
    'kf log-sink nope',
  ])
    for (const { command, code, text } of await follow(line))
      expect({ command, code }, text).toEqual({ command, code: 0 });
});

describe('Notifications and hooks', () => {
  test('nobody is told: say where to post; a post that nobody takes: see what becomes of it', async () => {
    const [set] = tipsIn((await shell('kf configure-space test-notify')).text);
    seen.add(set!.description);
    expect(await shell(set!.command.replace('URL', 'http://127.0.0.1:9/'))).toMatchObject({ code: 0 });
    const [look] = await follow('kf configure-space test-notify');
    expect(look).toMatchObject({ code: 0 });
    expect(look!.text).toContain('ECONNREFUSED');
    await kf.ok('configure-space', 'unset-notify');
  });

  test('a Hook that exists already, one that does not', async () => {
    await kf.ok('create-hook', 'report');
    const [another, list] = tipsIn((await shell('kf create-hook report')).text);
    for (const { description } of [another!, list!]) seen.add(description);
    expect(await shell(another!.command.replace('NAME', 'second'))).toMatchObject({ code: 0 });
    expect((await shell(list!.command)).text).toMatch(/second .*hooks\/dev\/second/);
    for (const line of ['kf delete-hook nope', 'kf create-hook nope'])
      for (const { command, code } of await follow(line)) expect({ command, code }).toEqual({ command, code: 0 });
  });
});

describe('a server that does not run', () => {
  test('is not started: how to start it', async () => {
    await kf.ok('server', 'stop');
    const outcomes = await follow('kf apps', { env: { KF_AUTOSTART: '0' } });
    expect(outcomes).toMatchObject([{ command: 'kf server start', code: 0 }]);
    await kf.ok('server', 'stop');
  });

  test('cannot be started: its log, and the doctor', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const outcomes = await follow('kf apps', { env: { KF_PORT: String(port) } });
    taken.close();
    expect(outcomes).toHaveLength(2);
    for (const { command, code, text } of outcomes) expect({ command, code }, text).toEqual({ command, code: 0 });
  });

  test('finds, once it runs, that an image is gone: build it again', async () => {
    for (const folder of ['layers', 'images']) await rm(join(kf.dataDir, folder), { recursive: true });
    await kf.ok('server', 'start');
    const client = await kf.client();
    for await (const { object } of client.watch(App, { namespace: 'dev', fieldSelector: 'metadata.name=report' }))
      if (conditionOf(object, 'BuildReady')?.reason === imageMissing) break;
    client.close();
    for (const { command, code, text } of await follow('kf run-task report', { cwd: source }))
      expect({ command, code }, text).toEqual({ command, code: 0 });
    await kf.ok('run-task', 'report', '--wait');
  });

  test('lacks the source that an App was built of: push it again', async () => {
    await rm(join(kf.dataDir, 'sources'), { recursive: true });
    for (const { command, code, text } of await follow('kf restage report', { cwd: source }))
      expect({ command, code }, text).toEqual({ command, code: 0 });
  });

  test('is removed from the machine: unasked nothing happens', async () => {
    const outcomes = await follow('kf server uninstall');
    expect(outcomes).toMatchObject([{ command: 'kf server uninstall --yes', code: 0 }]);
    expect(existsSync(kf.dataDir)).toBe(false);
  });
});

/** Tips that cannot be followed here, and why. */
const notFollowed = new Map([
  ['Install cron', 'it installs a package of the operating system'],
  ['Save it', 'it runs a Docker, which is not here'],
  ['Push it', 'of what that Docker has saved'],
  ...(inChroot() ? [['Like', 'a Task’s files cannot be entered from a chroot'] as const] : []),
]);

test('no tip of the sources is missing here', () => {
  const files = readdirSync(join(root, 'src/cli'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const all = files
    .flatMap((name) => [
      ...readFileSync(join(root, 'src/cli', name), 'utf8').matchAll(
        /\bdescription: (?:'([^']+)'|"([^"]+)"),\s*command:/g,
      ),
    ])
    .map((match) => match[1] ?? match[2]!);
  expect(all.length).toBeGreaterThan(15);
  expect(all.filter((description) => !seen.has(description) && !notFollowed.has(description))).toEqual([]);
});
