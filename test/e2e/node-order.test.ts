/** What a Pod's start order makes of its containers, with real containers. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Node } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import type { StartOrder } from '../../src/resources/core/start-order.ts';
import { annotations } from '../../src/resources/labels.ts';
import { shellContainer, TestNode, terminated } from '../node/support/test-node.ts';

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start();
});
afterAll(() => node.close());

type Container = Pod['spec']['containers'][number];

/** Containers that share the volumes `/steps` and `/results`. */
const create = (name: string, order: StartOrder, containers: readonly Container[]): Promise<Pod> =>
  node.create(
    name,
    {
      terminationGracePeriodSeconds: 5,
      volumes: [
        { name: 'steps', emptyDir: {} },
        { name: 'results', emptyDir: {} },
      ],
      containers: containers.map((container) => ({
        ...container,
        volumeMounts: [
          { name: 'steps', mountPath: '/steps', readOnly: container.name !== 'maker' },
          { name: 'results', mountPath: '/results' },
          ...(container.volumeMounts ?? []),
        ],
      })),
    },
    { annotations: { [annotations.startOrder]: JSON.stringify(order) } },
  );

const step = (name: string, line: string, rest: Partial<Container> = {}): Container => shellContainer(name, line, rest);
const ended = (pod: Pod, name: string): readonly unknown[] => {
  const { exitCode, reason } = terminated(pod, name) ?? {};
  return [exitCode, reason];
};

test('a step’s script, folders, results, output and exit code reach the steps after it', async () => {
  const order: StartOrder = {
    one: {
      folders: ['/steps/one/results'],
      files: [
        {
          path: '/scripts/one',
          content: '#!/bin/bash\nset -e\necho "$0 $1" "$(id -u)"; echo bad >&2\n$(UNTOUCHED) true\n',
        },
      ],
      stdoutFile: '/results/out',
      stderrFile: '/results/err',
      exitCodeFile: '/steps/one/exitCode',
      ignoreFailure: true,
      returns: [
        { file: '/results/digest', key: 'digest', type: 1 },
        { file: '/results/none', key: 'none', type: 1 },
      ],
    },
    two: {
      after: 'one',
      values: {
        code: { file: '/steps/one/exitCode' },
        list: { file: '/results/list', type: 'array' },
        digest: { file: '/results/digest' },
      },
      when: [{ input: '$(digest)', operator: 'in', values: ['$(list[1])', 'sha'] }],
      returns: [{ file: '/results/large', key: 'large', type: 4 }],
    },
    never: {
      after: 'two',
      afterFailure: true,
      values: { code: { file: '/steps/one/exitCode' } },
      when: [{ cel: "'$(code)' == '0'" }],
    },
    last: { after: 'never', afterFailure: true, values: { gone: { file: '/results/gone' } } },
  };
  const script = 'printf sha > /results/digest; printf \'["a b","c"]\' > /results/list; /scripts/one x; exit 3';
  const pod = await create('words', order, [
    step('one', script),
    step('two', '', {
      command: [
        '/bin/sh',
        '-c',
        'echo "$# $1 $2 $CODE"; head -c 5000 /dev/zero | tr "\\0" x > /results/large; cat /results/out /results/err',
        'sh',
        '$(list[*])',
      ],
      env: [{ name: 'CODE', value: 'code=$(code)' }],
    }),
    step('never', 'echo never'),
    step('last', 'echo $(gone)'),
  ]);
  const over = await node.finished('words');
  expect(ended(over, 'one')).toEqual([3, 'Error']);
  expect(JSON.parse(terminated(over, 'one')!.message!)).toEqual([{ key: 'digest', value: 'sha', type: 1 }]);
  expect(await node.log(pod, 'two')).toMatch(/^2 a b c code=3\n\/scripts\/one x \d+\nbad\n/);
  expect(ended(over, 'two')).toEqual([1, 'Error']);
  expect(terminated(over, 'two')?.message).toBe(
    'Termination message is above max allowed size 4096, caused by large task result',
  );
  expect(ended(over, 'never')).toEqual([0, 'Skipped']);
  expect(ended(over, 'last')).toEqual([1, 'Error']);
  expect(terminated(over, 'last')?.message).toBe('$(gone): /results/gone does not exist');
  expect(over.status?.phase).toBe('Failed');
});

test('sidecars are ready first and are ended last; one that fails is only reported', async () => {
  const server =
    'const s = require("http").createServer((q, r) => { r.statusCode = q.url === "/ready" ? 200 : 500; r.end(); }); s.listen(8080); process.on("SIGTERM", () => { console.log("bye"); process.exit(0); })';
  const probe = { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1 };
  const order: StartOrder = {
    web: { sidecar: true },
    tcp: { sidecar: true },
    file: { sidecar: true },
    broken: { sidecar: true },
    stubborn: { sidecar: true },
    one: { afterReady: ['web', 'tcp', 'file', 'broken', 'stubborn'] },
    two: { after: 'one' },
  };
  const pod = await create('sidecars', order, [
    step('web', '', {
      command: ['node', '-e', server],
      ports: [{ name: 'http', containerPort: 8080 }],
      startupProbe: probe,
      readinessProbe: probe,
    }),
    step('tcp', 'sleep 1000', { readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } }),
    step('file', 'sleep 0.3; touch /results/ready; sleep 1000', {
      readinessProbe: { exec: { command: ['test', '-e', '/results/ready'] }, periodSeconds: 1 },
    }),
    step('broken', 'exit 4'),
    step('stubborn', 'trap "echo no" TERM; while :; do sleep 0.1; done'),
    step('one', 'test -e /results/ready && echo ready'),
    step('two', 'echo two'),
  ]);
  const over = await node.finished('sidecars');
  expect(over.status?.phase).toBe('Succeeded');
  expect(await node.log(pod, 'one')).toBe('ready\n');
  expect(await node.log(pod, 'web')).toBe('bye\n');
  expect(await node.log(pod, 'stubborn')).toContain('no\n');
  expect(ended(over, 'web')).toEqual([0, 'Completed']);
  expect(ended(over, 'tcp')).toEqual([143, 'Completed']);
  expect(ended(over, 'broken')).toEqual([4, 'Error']);
  expect(ended(over, 'stubborn')).toEqual([137, 'Completed']);
});

test('a Pod waits for the label that it asks for, and runs as soon as the Node has it', async () => {
  await node.create('picky', { nodeSelector: { disktype: 'ssd' }, containers: [step('main', 'echo ran')] });
  const waiting = await node.client.until(
    Pod,
    { namespace: 'dev', name: 'picky' },
    (pod) => pod?.status?.conditions?.some(({ reason }) => reason === 'Unschedulable') === true,
  );
  expect(waiting?.status?.phase).toBe('Pending');
  expect(waiting?.status?.conditions).toMatchObject([
    {
      type: 'PodScheduled',
      status: 'False',
      message: "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    },
  ]);
  await node.client.create(Node, { metadata: { name: 'test-node', labels: { disktype: 'ssd' } }, spec: {} });
  const over = await node.finished('picky');
  expect(over.status?.phase).toBe('Succeeded');
  expect(over.status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status).toBe('True');
});
