import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Client } from '../../../src/client/client.ts';
import { systemClock } from '../../../src/client/clock.ts';
import { LogForwarder } from '../../../src/node/forward/log-forwarder.ts';
import { conditionOf } from '../../../src/resources/condition.ts';
import { Namespace } from '../../../src/resources/core/kinds.ts';
import { Build } from '../../../src/resources/kf/build.ts';
import { LogSink } from '../../../src/resources/kf/log-sink.ts';
import { Task } from '../../../src/resources/kf/task.ts';
import { hostile } from '../../client/hostile-client.ts';
import { startLocalApi, type TestApi } from '../../support/local-api.ts';

let dir: string;
let api: TestApi;
let forwarder: LogForwarder;
let errors: string[];
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kf-forward-'));
  api = startLocalApi();
  errors = [];
  await mkdir(join(dir, 'logs'));
  await mkdir(join(dir, 'out'));
  await api.client.create(Namespace, { metadata: { name: 'dev' } });
  await api.client.create(Namespace, { metadata: { name: 'other' } });
  forwarder = startForwarder();
});
afterEach(async () => {
  await forwarder.stop();
  await api.close();
  await rm(dir, { recursive: true, force: true });
});

function startForwarder(client: Client = api.client): LogForwarder {
  const started = new LogForwarder({
    client,
    clock: systemClock,
    logs: join(dir, 'logs'),
    directory: join(dir, 'log-sinks'),
    checkFile: async () => {},
    deleteLog: (uid) => rm(join(dir, 'logs', uid), { recursive: true, force: true }),
    onError: (message, error) => errors.push(`${message}${error === undefined ? '' : `: ${error}`}`),
  });
  started.start();
  return started;
}

const makeSink = (name: string, spec: Partial<LogSink['spec']> = {}): Promise<LogSink> =>
  api.client.create(LogSink, { metadata: { name }, spec: { url: `file://${dir}/out/${name}`, ...spec } });

/** Status is written every two seconds. */
const soon = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 20_000 });

let count = 0;
async function makeTask(namespace = 'dev'): Promise<Task> {
  const metadata = { name: `task-${++count}`, namespace };
  const task = await api.client.create(Task, { metadata, spec: { appRef: { name: 'app' } } });
  return setStatus(task, 'Unknown');
}

async function setStatus(task: Task, status: 'Unknown' | 'True'): Promise<Task> {
  const current = await api.client.get(Task, { namespace: task.metadata.namespace!, name: task.metadata.name });
  const podName = `${task.metadata.name}-pod`;
  return api.client.updateStatus(Task, {
    ...current,
    status: {
      id: 7,
      podName,
      pipelineRunName: task.metadata.name,
      conditions: [{ type: 'Succeeded', status }],
      ...(status === 'True' ? { completionTime: new Date().toISOString() } : {}),
    },
  });
}
const finish = (task: Task): Promise<Task> => setStatus(task, 'True');

const logOf = ({ metadata }: Task): string => join(dir, 'logs', metadata.uid!);

async function print(task: Task, ...lines: readonly string[]): Promise<void> {
  const folder = join(logOf(task), `${task.metadata.name}-pod`);
  await mkdir(folder, { recursive: true });
  const time = new Date().toISOString().replace('Z', '000000+00:00');
  const entries = lines.map((line) => `${time} stdout F ${line}\n`).join('');
  await appendFile(join(folder, 'step-user-container.log'), entries);
}

/** The messages that the sink's file has. */
const got = async (sink: string): Promise<readonly string[]> =>
  (await records(sink)).map(({ message }) => message as string);
const records = async (sink: string): Promise<readonly Record<string, unknown>[]> =>
  (await readFile(join(dir, 'out', sink), 'utf8').catch(() => ''))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const delivers = (sink: string, ...messages: readonly string[]): Promise<void> =>
  soon(() => got(sink)).toEqual(messages);
const statusOf = async (name: string) => (await api.client.get(LogSink, { name })).status;

/** A sink that cannot be written to, until `mend`. */
async function brokenSink(name: string, spec: Partial<LogSink['spec']> = {}) {
  await mkdir(join(dir, 'out', name));
  await makeSink(name, spec);
  await expect
    .poll(async () => conditionOf((await api.client.get(LogSink, { name })) as LogSink, 'Ready')?.reason)
    .toBe('Unreachable');
  return { mend: () => rm(join(dir, 'out', name), { recursive: true }) };
}

test('the output of a Build, also when it is deleted while the sink is away', async () => {
  const makeBuild = async (name: string, line: string): Promise<Build> => {
    const build = await api.client.create(Build, {
      metadata: { name, namespace: 'dev', labels: { 'app.kubernetes.io/name': 'app' } },
      spec: { kind: 'BuiltinTask', name: 'host' },
    });
    const folder = join(dir, 'logs', build.metadata.uid!, `${name}-pod`);
    await mkdir(folder, { recursive: true });
    await appendFile(join(folder, 'step-build-0.log'), `${new Date().toISOString()} stdout F ${line}\n`);
    const conditions = [{ type: 'Succeeded', status: 'True' as const }];
    return api.client.updateStatus(Build, { ...build, status: { conditions } });
  };
  const { mend } = await brokenSink('a');
  const build = await makeBuild('app-1', 'npm ci');
  await api.client.delete(Build, { namespace: 'dev', name: 'app-1' });
  expect(await forwarder.keeps(build)).toBe(true);
  await mend();
  await delivers('a', 'npm ci');
  const [record] = await records('a');
  expect(record).toMatchObject({ space: 'dev', app: 'app', build: 'app-1', stream: 'stdout' });
  expect(record).not.toHaveProperty('task');
  await soon(() => readdir(join(dir, 'logs'))).toEqual([]);
  // What came while no server ran, too.
  await forwarder.stop();
  await makeBuild('app-2', 'pip install');
  forwarder = startForwarder();
  await delivers('a', 'npm ci', 'pip install');
});

describe('a running Task', () => {
  test('its lines come while it runs, with all that says where they are from', async () => {
    await makeSink('a');
    const task = await makeTask();
    await print(task, 'one');
    // What a node does, too: the status changes once the container runs.
    await setStatus(task, 'Unknown');
    await delivers('a', 'one');
    await print(task, 'two', 'three');
    await delivers('a', 'one', 'two', 'three');
    const { name } = task.metadata;
    expect((await records('a'))[0]).toEqual({
      space: 'dev',
      app: 'app',
      task: name,
      id: 7,
      attempt: 1,
      stream: 'stdout',
      message: 'one',
      time: expect.stringMatching(/^\d{4}-.*000000Z$/),
    });
  });

  test('several sinks, each its Spaces', async () => {
    await makeSink('all');
    await makeSink('some', { spaces: ['other'] });
    const [here, there] = [await makeTask('dev'), await makeTask('other')];
    await print(here, 'here');
    await print(there, 'there');
    await finish(here);
    await finish(there);
    await soon(async () => [...(await got('all'))].sort()).toEqual(['here', 'there']);
    await delivers('some', 'there');
  });

  test('a new sink begins with what is written from its creation on', async () => {
    const task = await makeTask();
    await print(task, 'old');
    const before = join(logOf(task), `${task.metadata.name}-pod`, 'step-user-container.log');
    await writeFile(before, (await readFile(before, 'utf8')).replace(/^20\d\d/, '2001'));
    await makeSink('a');
    await print(task, 'new');
    await finish(task);
    await delivers('a', 'new');
  });
});

describe('nothing is lost', () => {
  test('what a sink that was down has not had, it gets when it is back; a Task that was deleted meanwhile, too', async () => {
    const { mend } = await brokenSink('a');
    const task = await makeTask();
    await print(task, 'one', 'two');
    const ended = await finish(task);
    await soon(async () => (await statusOf('a'))?.backlogTasks).toBe(1);
    expect((await statusOf('a'))?.lastError).toContain('EISDIR');
    await api.client.delete(Task, { namespace: 'dev', name: task.metadata.name });
    expect(await forwarder.keeps(ended)).toBe(true);
    await mend();
    await delivers('a', 'one', 'two');
    await soon(() => readdir(join(dir, 'logs'))).toEqual([]);
    await soon(async () => (await statusOf('a'))?.backlogBytes).toBe(0);
    expect(await statusOf('a')).toMatchObject({ deliveredLines: 2, droppedBytes: 0 });
  });

  test('above its bound the oldest logs of deleted Tasks go, and it is said', async () => {
    const { mend } = await brokenSink('a', { heldLimit: '1500' });
    for (const name of ['first', 'second', 'third']) {
      const task = await makeTask();
      await print(task, `${name} ${'x'.repeat(600)}`);
      const ended = await finish(task);
      await api.client.delete(Task, { namespace: 'dev', name: task.metadata.name });
      expect(await forwarder.keeps(ended)).toBe(true);
    }
    await soon(async () => (await statusOf('a'))?.droppedTasks).toBe(1);
    expect(errors.join()).toMatch(/log sink a: dropped \d+ bytes of the log of Task dev\/task-\d+, which is deleted/);
    await mend();
    await soon(async () => (await got('a')).map((line) => line.split(' ')[0])).toEqual(['second', 'third']);
    await soon(() => readdir(join(dir, 'logs'))).toEqual([]);
  });

  test('a log that everybody has had is not kept', async () => {
    await makeSink('a');
    const task = await makeTask();
    await print(task, 'one');
    const ended = await finish(task);
    await delivers('a', 'one');
    await soon(() => forwarder.keeps(ended)).toBe(false);
  });

  test('a restart goes on where it was, also with Tasks that ended meanwhile', async () => {
    const { mend } = await brokenSink('a');
    const [one, two] = [await makeTask(), await makeTask()];
    await print(one, '1.1');
    await print(two, '2.1');
    await finish(one);
    await soon(async () => (await statusOf('a'))?.backlogTasks).toBe(2);
    await forwarder.stop();
    await print(two, '2.2');
    await finish(two);
    const three = await makeTask();
    await print(three, '3.1');
    await finish(three);
    await mend();
    forwarder = startForwarder();
    await soon(async () => [...(await got('a'))].sort()).toEqual(['1.1', '2.1', '2.2', '3.1']);
    // And nothing twice once all has been saved.
    await forwarder.stop();
    forwarder = startForwarder();
    const four = await makeTask();
    await print(four, '4.1');
    await finish(four);
    await soon(async () => [...(await got('a'))].sort()).toEqual(['1.1', '2.1', '2.2', '3.1', '4.1']);
  });

  test('a crash repeats lines rather than losing any', async () => {
    await makeSink('a');
    const one = await makeTask();
    await print(one, '1.1');
    await finish(one);
    await delivers('a', '1.1');
    await forwarder.stop();
    // As it was before the last save.
    await rm(join(dir, 'log-sinks', 'revision'));
    await writeFile(join(dir, 'log-sinks', 'revision'), '1');
    forwarder = startForwarder();
    await delivers('a', '1.1', '1.1');
  });
});

test.each([1, 2, 3])('over a hostile Client (%i): every line, and what is not needed any more goes', async (seed) => {
  await forwarder.stop();
  const client = hostile(api.client, { seed });
  forwarder = startForwarder(client);
  await makeSink('a');
  // Its watch may lag: what ends and is deleted before it has heard of the sink is nobody's.
  await soon(() => statusOf('a')).toBeDefined();
  const expected: string[] = [];
  for (let index = 0; index < 12; index++) {
    const task = await makeTask();
    const lines = [`${index}.1`, `${index}.2`];
    expected.push(...lines);
    await print(task, ...lines);
    await finish(task);
    if (index % 3 !== 0) continue;
    if (!(await forwarder.keeps(await deleted(task)))) await rm(logOf(task), { recursive: true, force: true });
  }
  await soon(async () => [...new Set(await got('a'))].sort()).toEqual([...expected].sort());
  await soon(() => readdir(join(dir, 'logs')).then((names) => names.length)).toBe(8);
  await soon(async () => (await readdir(join(dir, 'log-sinks', (await sinkUid('a')) ?? ''))).length).toBe(1);
  client.close();
});

/** Deletes it: the last event. */
async function deleted({ metadata: { name, resourceVersion } }: Task): Promise<Task> {
  await api.client.delete(Task, { namespace: 'dev', name });
  const options = { namespace: 'dev', fieldSelector: `metadata.name=${name}`, resourceVersion: resourceVersion! };
  for await (const { type, object } of api.client.watch(Task, options)) if (type === 'DELETED') return object;
  throw new Error('the watch has ended');
}

const sinkUid = async (name: string) => (await api.client.get(LogSink, { name })).metadata.uid;

test('without a sink nothing is kept; with the last one all that was remembered goes', async () => {
  const task = await makeTask();
  await print(task, 'one');
  const ended = await finish(task);
  expect(await forwarder.keeps(ended)).toBe(false);
  expect(await readdir(join(dir, 'log-sinks')).catch(() => [])).toEqual([]);
  const { mend: _ } = await brokenSink('a');
  const other = await makeTask();
  await print(other, 'two');
  const otherEnded = await finish(other);
  await api.client.delete(Task, { namespace: 'dev', name: other.metadata.name });
  expect(await forwarder.keeps(otherEnded)).toBe(true);
  await api.client.delete(LogSink, { name: 'a' });
  await soon(() => readdir(join(dir, 'log-sinks'))).toEqual([]);
  await soon(() => readdir(join(dir, 'logs'))).toEqual([task.metadata.uid]);
});

test('a sink whose address changes is tried at once', async () => {
  await brokenSink('a');
  const task = await makeTask();
  await print(task, 'one');
  await finish(task);
  const sink = await api.client.get(LogSink, { name: 'a' });
  await api.client.update(LogSink, { ...sink, spec: { url: `file://${dir}/out/b` } });
  await delivers('b', 'one');
});
