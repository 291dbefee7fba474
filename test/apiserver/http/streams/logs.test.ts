import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LogQuery, LogSource } from '../../../../src/client/logs.ts';
import { Namespace } from '../../../../src/resources/core/kinds.ts';
import { type ContainerState, Pod } from '../../../../src/resources/core/pod.ts';
import { Task } from '../../../../src/resources/kf/task.ts';
import { labels } from '../../../../src/resources/labels.ts';
import { startServer, type TestServer } from '../support.ts';

/** Remembers what was asked; a followed log has one line more when nothing can come any more. */
class Recorder implements LogSource {
  queries: LogQuery[] = [];
  failure: Error | undefined;

  async *read(query: LogQuery): AsyncIterable<Buffer> {
    this.queries.push(query);
    if (this.failure !== undefined && !query.follow) throw this.failure;
    yield Buffer.from('first\n');
    if (this.failure !== undefined) throw this.failure;
    if (!query.follow) return;
    const { ended, signal } = query;
    await new Promise<void>((resolve) => {
      for (const end of [ended, signal])
        if (end?.aborted) resolve();
        else end?.addEventListener('abort', () => resolve(), { once: true });
    });
    yield Buffer.from('last\n');
  }
}

const logs = new Recorder();
let server: TestServer;
beforeAll(async () => {
  server = await startServer({ logs });
  await server.client.create(Namespace, { metadata: { name: 'dev' } });
});
afterAll(() => server.close());
beforeEach(() => {
  logs.queries = [];
  logs.failure = undefined;
});

let count = 0;
async function makePod(
  states: Readonly<Record<string, ContainerState>>,
  { phase = 'Running', owner }: { phase?: 'Pending' | 'Running' | 'Failed'; owner?: string } = {},
): Promise<Pod> {
  const name = `pod-${++count}`;
  const containers = Object.keys(states).map((container) => ({ name: container, image: 'x' }));
  const pod = await server.client.create(Pod, {
    metadata: { name, namespace: 'dev', ...(owner === undefined ? {} : { labels: { [labels.logOwner]: owner } }) },
    spec: { containers },
  } as never);
  return setStates(pod, states, phase);
}

function setStates(pod: Pod, states: Readonly<Record<string, ContainerState>>, phase: string): Promise<Pod> {
  const containerStatuses = Object.entries(states).map(([name, state]) => ({ name, state }));
  return server.client.updateStatus(Pod, { ...pod, status: { phase, containerStatuses } } as Pod);
}

const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const over = { terminated: { exitCode: 0 } };
const get = (pod: { metadata: { name: string } }, query = '') =>
  server.request('GET', `/api/v1/namespaces/dev/pods/${pod.metadata.name}/log?${query}`);

describe('pods/log', () => {
  test('the log of the only container, owned by the Pod', async () => {
    const pod = await makePod({ main: running });
    expect(await get(pod)).toMatchObject({ status: 200, text: 'first\n', headers: { 'content-type': 'text/plain' } });
    expect(logs.queries).toMatchObject([{ owner: pod.metadata.uid, pod: pod.metadata.name, container: 'main' }]);
  });

  test('owned by whoever the label names', async () => {
    await get(await makePod({ main: running }, { owner: 'the-task' }));
    expect(logs.queries).toMatchObject([{ owner: 'the-task' }]);
  });

  test('every option arrives', async () => {
    const pod = await makePod({ a: running, b: running });
    await get(
      pod,
      'container=b&timestamps=true&tailLines=10&limitBytes=99&sinceTime=2026-01-01T00:00:00Z&stream=Stderr',
    );
    expect(logs.queries).toMatchObject([
      {
        container: 'b',
        timestamps: true,
        tailLines: 10,
        limitBytes: 99,
        sinceTime: '2026-01-01T00:00:00Z',
        stream: 'stderr',
      },
    ]);
    const before = Date.now();
    await get(pod, 'container=b&sinceSeconds=60&tailLines=0');
    const { sinceTime, tailLines } = logs.queries[1]!;
    expect(Date.parse(sinceTime!)).toBeGreaterThanOrEqual(before - 60_000);
    expect(tailLines).toBe(0);
  });

  test.each([
    ['', 'a container name must be specified for pod NAME, choose one of: [a b]'],
    ['container=zz', 'container zz is not valid for pod NAME'],
    ['container=a&previous=true', 'previous terminated container "a" in pod "NAME" not found'],
    ['container=b', 'container "b" in pod "NAME" is waiting to start: PodInitializing'],
    ['container=a&tailLines=-1', 'tailLines: Invalid value: "-1": must be a whole number of 0 or more'],
    ['container=a&limitBytes=0', 'limitBytes: Invalid value: "0": must be a whole number of 1 or more'],
    ['container=a&sinceTime=yesterday', 'sinceTime: Invalid value: "yesterday": must be an RFC 3339 time'],
    ['container=a&stream=Both', 'stream: Unsupported value: "Both": supported values: "All", "Stdout", "Stderr"'],
    [
      'container=a&sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z',
      'at most one of `sinceTime` or `sinceSeconds` may be specified',
    ],
  ])('%s: 400', async (query, message) => {
    const pod = await makePod({ a: running, b: { waiting: { reason: 'PodInitializing' } } });
    const answer = await get(pod, query);
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.json.message).toBe(message.replaceAll('NAME', pod.metadata.name));
  });

  test('a Pod that has no containers yet: 400, also with follow', async () => {
    const pod = await makePod({ main: {} }, { phase: 'Pending' });
    expect((await get(pod, 'follow=true')).json.message).toBe(
      `container "main" in pod "${pod.metadata.name}" is waiting to start: ContainerCreating`,
    );
  });

  test('no such Pod: 404', async () => {
    expect((await get({ metadata: { name: 'nope' } })).json.message).toBe('pods "nope" not found');
  });

  test('a followed log ends when the container has', async () => {
    const pod = await makePod({ main: running });
    const response = await server.open('GET', `/api/v1/namespaces/dev/pods/${pod.metadata.name}/log?follow=true`);
    const chunks = (response as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    expect(String((await chunks.next()).value)).toBe('first\n');
    expect(logs.queries[0]?.ended?.aborted).toBe(false);
    await setStates(pod, { main: over }, 'Running');
    expect(String((await chunks.next()).value)).toBe('last\n');
    expect((await chunks.next()).done).toBe(true);
  });

  test('also when the Pod is deleted, and at once when it is over already', async () => {
    const pod = await makePod({ main: running });
    const following = get(pod, 'follow=true');
    await expect.poll(() => logs.queries.length).toBe(1);
    await server.client.delete(Pod, { namespace: 'dev', name: pod.metadata.name }, { gracePeriodSeconds: 0 });
    expect((await following).text).toBe('first\nlast\n');
    const finished = await makePod({ main: over }, { phase: 'Failed' });
    expect((await get(finished, 'follow=true')).text).toBe('first\nlast\n');
  });

  test('a container that waits for the one before it can be followed', async () => {
    const pod = await makePod({ a: running, b: { waiting: { reason: 'PodInitializing' } } });
    const following = get(pod, 'container=b&follow=true');
    await expect.poll(() => logs.queries.length).toBe(1);
    await setStates(pod, { a: over, b: over }, 'Failed');
    expect((await following).status).toBe(200);
  });

  test('the reader’s leaving is told', async () => {
    const pod = await makePod({ main: running });
    const response = await server.open('GET', `/api/v1/namespaces/dev/pods/${pod.metadata.name}/log?follow=true`);
    const { signal } = logs.queries[0]!;
    const left = new Promise((resolve) => signal?.addEventListener('abort', resolve));
    response.destroy();
    await left;
  });

  test('an error before the first byte is an answer, one within the log breaks the connection', async () => {
    const pod = await makePod({ main: running });
    logs.failure = new Error('disk on fire');
    expect((await get(pod)).json.message).toBe('Internal error occurred: disk on fire');
    await expect(get(pod, 'follow=true')).rejects.toThrow('aborted');
  });
});

describe('tasks/log', () => {
  const task = async (): Promise<Task> => {
    const metadata = { name: `task-${++count}`, namespace: 'dev' };
    return (await server.client.create(Task, { metadata, spec: { appRef: { name: 'app' } } } as never)) as Task;
  };
  const conditions = (status: 'Unknown' | 'True') => [{ type: 'Succeeded', status }];

  test('is owned by the Task, whatever Pods there are', async () => {
    const { metadata } = await task();
    const chunks: Buffer[] = [];
    for await (const chunk of server.client.taskLog({ namespace: 'dev', name: metadata.name }, { tailLines: 3 }))
      chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('first\n');
    expect(logs.queries).toMatchObject([{ owner: metadata.uid, tailLines: 3 }]);
    expect(logs.queries[0]?.pod).toBeUndefined();
    expect(logs.queries[0]?.container).toBeUndefined();
  });

  test('ends when the Task is final', async () => {
    const created = await task();
    const lines = server.client
      .taskLog({ namespace: 'dev', name: created.metadata.name }, { follow: true })
      [Symbol.asyncIterator]();
    expect(String((await lines.next()).value)).toBe('first\n');
    const waiting = await server.client.updateStatus(Task, {
      ...created,
      status: { conditions: conditions('Unknown') },
    });
    expect(logs.queries[0]?.ended?.aborted).toBe(false);
    await server.client.updateStatus(Task, { ...waiting, status: { conditions: conditions('True') } });
    expect(String((await lines.next()).value)).toBe('last\n');
    expect((await lines.next()).done).toBe(true);
  });

  describe('one attempt', () => {
    const attempts = (...pods: readonly string[]) => ({
      podName: pods.at(-1),
      attempts: pods.map((podName, index) => ({ attempt: index + 1, podName })),
    });
    const withAttempts = async (status: 'Unknown' | 'True', ...pods: readonly string[]): Promise<Task> =>
      server.client.updateStatus(Task, {
        ...(await task()),
        status: { conditions: conditions(status), ...attempts(...pods) },
      } as never) as Promise<Task>;
    const read = (name: string, query: string) =>
      server.request('GET', `/apis/kf.dev/v1alpha1/namespaces/dev/tasks/${name}/log?${query}`);

    test('is its Pod’s output', async () => {
      const { metadata } = await withAttempts('True', 'pod-a', 'pod-b');
      expect(await read(metadata.name, 'attempt=2')).toMatchObject({ status: 200, text: 'first\n' });
      await read(metadata.name, 'attempt=1&stream=Stdout&sinceSeconds=5');
      expect(logs.queries).toMatchObject([
        { owner: metadata.uid, pod: 'pod-b' },
        { owner: metadata.uid, pod: 'pod-a', stream: 'stdout' },
      ]);
    });

    test('that does not exist: 404 says how many there are; 0 is none', async () => {
      const { metadata } = await withAttempts('True', 'pod-a');
      const message = `attempt 2 of Task "${metadata.name}" not found: it has made 1`;
      expect(await read(metadata.name, 'attempt=2')).toMatchObject({ status: 404, json: { message } });
      expect((await read(metadata.name, 'attempt=2&follow=true')).json.message).toBe(message);
      expect((await read(metadata.name, 'attempt=0')).json.message).toBe(
        'attempt: Invalid value: "0": must be a whole number of 1 or more',
      );
    });

    test('a follower waits for one that is to come, and leaves when the next begins', async () => {
      const created = await withAttempts('Unknown', 'pod-a');
      const ref = { namespace: 'dev', name: created.metadata.name };
      const chunks = server.client.taskLog(ref, { follow: true, attempt: 2 })[Symbol.asyncIterator]();
      const first = chunks.next();
      const grow = async (...pods: readonly string[]) =>
        server.client.updateStatus(Task, {
          ...(await server.client.get(Task, ref)),
          status: { conditions: conditions('Unknown'), ...attempts(...pods) },
        } as never);
      await grow('pod-a', 'pod-b');
      expect(String((await first).value)).toBe('first\n');
      expect(logs.queries).toMatchObject([{ pod: 'pod-b' }]);
      await grow('pod-a', 'pod-b', 'pod-c');
      expect(String((await chunks.next()).value)).toBe('last\n');
      expect((await chunks.next()).done).toBe(true);
    });
  });

  test('leaving through the signal ends without an error', async () => {
    const { metadata } = await task();
    const leave = new AbortController();
    const seen: string[] = [];
    for await (const chunk of server.client.taskLog(
      { namespace: 'dev', name: metadata.name },
      { follow: true, signal: leave.signal },
    )) {
      seen.push(String(chunk));
      leave.abort();
    }
    expect(seen).toEqual(['first\n']);
  });

  test('a Build has one, a Space has not', async () => {
    const build = '/apis/kf.dev/v1alpha1/namespaces/dev/builds/nope/log';
    expect((await server.request('GET', build)).json.message).toBe('builds.kf.dev "nope" not found');
    expect((await server.request('GET', '/apis/kf.dev/v1alpha1/spaces/dev/log')).json.message).toBe(
      'the server could not find the requested resource',
    );
  });
});

test('closing the server breaks a followed log off: what is cut short must not look complete', async () => {
  const own = await startServer({ logs });
  await own.client.create(Namespace, { metadata: { name: 'dev' } });
  const metadata = { name: 't', namespace: 'dev' };
  await own.client.create(Task, { metadata, spec: { appRef: { name: 'app' } } });
  const response = await own.open('GET', '/apis/kf.dev/v1alpha1/namespaces/dev/tasks/t/log?follow=true');
  const chunks = (response as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  expect(String((await chunks.next()).value)).toBe('first\n');
  const closed = own.close();
  await expect(async () => {
    while (!(await chunks.next()).done);
  }).rejects.toThrow('aborted');
  await closed;
});
