/** `pods/attach`: the output of a running container, from now on. */

import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { LogQuery, LogSource } from '../../../src/client/logs.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { startServer, type TestServer } from '../http/support.ts';

/** Tells what it was asked for, and goes on until the container has ended. */
const logs: LogSource = {
  async *read({ ended, ...query }: LogQuery) {
    const { owner: _, signal: __, ...asked } = query;
    yield Buffer.from(JSON.stringify(asked));
    if (!ended!.aborted) await once(ended!, 'abort');
    yield Buffer.from('|over');
  },
};

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ logs });
});
afterAll(() => server.close());

const ref = (name: string) => ({ name, namespace: 'default' });

async function setState(name: string, phase: string, state: object): Promise<void> {
  const latest = await server.client.get(Pod, ref(name));
  const status = { phase, containerStatuses: [{ name: 'a', state }] };
  await server.client.updateStatus(Pod, { ...latest, status } as never);
}

async function pod(name: string): Promise<void> {
  await server.client.create(Pod, {
    metadata: ref(name),
    spec: { containers: [{ name: 'a', image: 'i', command: ['sh'] }] },
  } as never);
}

function attach(name: string, query: string) {
  const path = `${server.url.replace('https', 'wss')}/api/v1/namespaces/default/pods/${name}/attach?${query}`;
  const socket = new WebSocket(path, 'v5.channel.k8s.io', {
    ca: server.ca,
    headers: { Authorization: `Bearer ${server.token}` },
  });
  const output = ['', '', '', ''];
  socket.on('message', (data: Buffer) => {
    output[data[0]!] += data.toString('utf8', 1);
  });
  return { socket, output, closed: once(socket, 'close') };
}

async function refusal(name: string, query: string): Promise<string> {
  const { socket } = attach(name, query);
  socket.on('error', () => {});
  const [, response] = await once(socket, 'unexpected-response');
  let body = '';
  for await (const chunk of response) body += chunk;
  return (JSON.parse(body) as { message: string }).message;
}

test('what it writes from now on, each stream by itself, until it ends', async () => {
  await pod('runs');
  await setState('runs', 'Running', { running: { startedAt: '2026-01-01T00:00:00Z' } });
  const { output, closed } = attach('runs', 'container=a&stdout=1&stderr=1');
  await expect.poll(() => output[1], { timeout: 20_000 }).not.toBe('');
  await setState('runs', 'Succeeded', { terminated: { exitCode: 3 } });
  await closed;
  const asked = { pod: 'runs', container: 'a', tailLines: 0, follow: true };
  for (const [channel, stream] of ['stdout', 'stderr'].entries()) {
    const [query, over] = output[channel + 1]!.split('|');
    expect([JSON.parse(query!), over]).toEqual([{ ...asked, stream }, 'over']);
  }
  expect(JSON.parse(output[3]!)).toMatchObject({ status: 'Success' });
});

test('refused: input that nobody would read, containers that do not run', async () => {
  await pod('waits');
  expect(await refusal('waits', 'stdout=1')).toBe(
    'unable to upgrade connection: container not found ("a"): it waits to start (Pending)',
  );
  expect(await refusal('waits', 'stdin=1&stdout=1')).toContain('container a has no standard input here');
  expect(await refusal('waits', 'container=b&stdout=1')).toBe('container b is not valid for pod waits');
  await setState('waits', 'Succeeded', { terminated: { exitCode: 0 } });
  expect(await refusal('waits', 'stdout=1')).toBe(
    'cannot attach to a container in a completed pod; current phase is Succeeded',
  );
});
