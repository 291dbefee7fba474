/** What a Pod's start order makes of its containers, with real containers. */

import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Node } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import type { StartOrder } from '../../src/resources/core/start-order.ts';
import { annotations } from '../../src/resources/labels.ts';
import { shellContainer, TestNode, terminated } from '../node/support/test-node.ts';
import { inChroot } from '../support/chroot.ts';
import { makeSmallBase } from '../support/small-base.ts';

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
  expect(terminated(over, 'two')?.message).toContain(
    'Termination message is above max allowed size 4096, caused by large task result',
  );
  expect(ended(over, 'never')).toEqual([0, 'Skipped']);
  expect(ended(over, 'last')).toEqual([1, 'Error']);
  expect(terminated(over, 'last')?.message).toBe('$(gone): /results/gone does not exist');
  expect(over.status?.phase).toBe('Failed');
});

test.skipIf(inChroot())('sidecars are ready first and are ended last; one that fails is only reported', async () => {
  const server =
    'const s = require("http").createServer((q, r) => { r.statusCode = q.url === "/ready" ? 200 : 500; r.end(); }); s.listen(8080); process.on("SIGTERM", () => { console.log("bye"); process.exit(0); })';
  const probe = { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 1, timeoutSeconds: 30 };
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
      // Node.js takes as long as it takes.
      startupProbe: { ...probe, failureThreshold: 600 },
      readinessProbe: probe,
    }),
    step('tcp', 'sleep 1000', { readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 30 } }),
    step('file', 'sleep 0.3; touch /results/ready; sleep 1000', {
      readinessProbe: { exec: { command: ['test', '-e', '/results/ready'] }, periodSeconds: 1, timeoutSeconds: 30 },
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

test.skipIf(inChroot())('a probe’s command that takes too long has failed, and nothing is left of it', async () => {
  const hanging = '[ -e /results/once ] && echo > /results/twice || { echo > /results/once; exec tail -f /dev/null; }';
  const startupProbe = {
    exec: { command: ['/bin/sh', '-c', hanging] },
    periodSeconds: 1,
    timeoutSeconds: 2,
    failureThreshold: 600,
  };
  const looking =
    'while ! [ -e /results/twice ]; do sleep 0.02; done; grep -la "^tail" /proc/[0-9]*/cmdline 2>/dev/null; true';
  const pod = await create('hanging', { only: {} }, [step('only', looking, { startupProbe })]);
  expect((await node.finished('hanging')).status?.phase).toBe('Succeeded');
  expect(await node.log(pod, 'only')).toBe('');
});

test.runIf(inChroot())('in a chroot no probe runs a command, and that is said', async () => {
  const readinessProbe = { exec: { command: ['true'] } };
  await create('probed', {}, [step('only', 'sleep 1000', { readinessProbe })]);
  const over = await node.finished('probed');
  expect(terminated(over, 'only')?.message).toContain('the server runs in a chroot');
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

test.skipIf(inChroot())(
  'a server that comes later goes on: sidecars, what was passed over, results, output',
  async () => {
    const order: StartOrder = {
      side: { sidecar: true },
      never: { when: [{ input: 'a', operator: 'notin', values: ['a'] }] },
      one: {
        after: 'never',
        afterReady: ['side'],
        stdoutFile: '/results/out',
        exitCodeFile: '/steps/code',
        returns: [{ file: '/results/r', key: 'r', type: 1 }],
      },
      two: { after: 'one', values: { code: { file: '/steps/code' }, out: { file: '/results/out' } } },
      three: { after: 'two' },
    };
    const readinessProbe = { exec: { command: ['test', '-e', '/results/up'] }, periodSeconds: 1, timeoutSeconds: 30 };
    const pod = await create('restart', order, [
      step('side', 'touch /results/up; sleep 1000', { readinessProbe }),
      step('never', 'echo never'),
      step('one', 'echo begun; printf r > /results/r; while [ ! -e /results/go ]; do sleep 0.02; done; echo ended'),
      step('two', 'printf "%s-%s" "$(code)" "$(out)"'),
      step('three', 'echo three'),
    ]);
    await node.logged(pod, 'begun', 'one');
    const pid = node.containerPid(pod, 'one');
    await node.halt();
    // It ends while nobody looks.
    writeFileSync(`/proc/${pid}/root/results/go`, '');
    await node.logged(pod, 'ended', 'one');
    await node.boot();
    const over = await node.finished('restart');
    expect(over.status?.phase).toBe('Succeeded');
    expect(ended(over, 'never')).toEqual([0, 'Skipped']);
    expect(JSON.parse(terminated(over, 'one')!.message!)).toEqual([{ key: 'r', value: 'r', type: 1 }]);
    expect(await node.log(pod, 'two')).toBe('0-begun\nended\n');
    expect(ended(over, 'side')).toEqual([143, 'Completed']);
    expect(node.errors).toEqual([]);
  },
);

test.skipIf(inChroot())('a folder of a shared volume is mounted whatever a sidecar puts into the way', async () => {
  // It swaps a folder and a link to the machine's own files as fast as it can.
  const swap =
    'mkdir /results/sub; touch /results/sub/mine; ln -s /etc /results/link; touch /results/up; while :; do mv -T /results/sub /results/a; mv -T /results/link /results/sub; mv -T /results/sub /results/link; mv -T /results/a /results/sub; done';
  const names = Array.from({ length: 8 }, (_, index) => `s${index}`);
  const order: StartOrder = {
    swap: { sidecar: true },
    ...Object.fromEntries(names.map((name) => [name, { afterReady: ['swap'] }])),
  };
  const readinessProbe = { exec: { command: ['test', '-e', '/results/up'] }, periodSeconds: 1, timeoutSeconds: 30 };
  const mounts = { volumeMounts: [{ name: 'results', mountPath: '/sub', subPath: 'sub' }] };
  const pod = await create('race', order, [
    step('swap', swap, { readinessProbe }),
    ...names.map((name) => step(name, 'ls /sub', mounts)),
  ]);
  const over = await node.finished('race');
  for (const name of names) {
    const { exitCode, message = '' } = terminated(over, name)!;
    if (exitCode === 0) expect(await node.log(pod, name)).toMatch(/^(mine\n)?$/);
    else expect(message).toMatch(/^subPath sub: |was led elsewhere|no such file|not a directory/i);
  }
});

test('whom a container runs as, what it may do, and what its Pod adds to its files', async () => {
  const base = `sha256:${'d'.repeat(64)}`;
  makeSmallBase(node.images.layerPath(base), ['sh', 'id', 'cat', 'grep', 'stat', 'ls', 'sleep']);
  const { ref: image } = await node.images.put({
    repository: 'dev/rooted',
    base: 'scratch',
    layers: [base],
    config: { cmd: ['sh', '-c', 'echo "cmd: $*"', 'name'] },
  });
  const main = (name: string, rest: Partial<Container>): Container => ({ name, image, ...rest });
  const order: StartOrder = { words: { appendToCmd: true } };
  const pod = await create('rights', order, [
    main('words', { args: ['a', 'b'] }),
    main('caps', {
      command: ['sh', '-c', 'grep CapEff /proc/self/status'],
      securityContext: { capabilities: { drop: ['ALL'], add: ['CHOWN'] } },
    }),
    main('refused', { command: ['sh', '-c', 'echo never'], securityContext: { runAsNonRoot: true } }),
    main('frozen', {
      command: ['sh', '-c', 'echo x > /x || echo frozen'],
      securityContext: { readOnlyRootFilesystem: true },
    }),
  ]);
  const over = await node.finished('rights');
  expect(await node.log(pod, 'words')).toBe('cmd: a b\n');
  expect(await node.log(pod, 'caps')).toBe('CapEff:\t0000000000000001\n');
  expect(terminated(over, 'refused')).toMatchObject({
    reason: 'CreateContainerConfigError',
    message: `container has runAsNonRoot and image will run as root (pod: "rights_dev(${pod.metadata.uid})", container: refused)`,
  });
  expect(await node.log(pod, 'frozen')).toContain('frozen');
  const own = await node.create('own', {
    hostname: 'box',
    hostAliases: [{ ip: '10.1.2.3', hostnames: ['db', 'db.local'] }],
    dnsPolicy: 'None',
    dnsConfig: { nameservers: ['10.9.9.9'], searches: ['x.local'], options: [{ name: 'ndots', value: '2' }] },
    securityContext: { runAsUser: 1234, runAsGroup: 77, fsGroup: 4321, supplementalGroups: [55] },
    volumes: [{ name: 'v', emptyDir: {} }],
    containers: [
      main('main', {
        command: [
          'sh',
          '-c',
          'id -u; id -g; id -G; cat /etc/hostname /etc/resolv.conf; grep db.local /etc/hosts; echo y > /v/y; stat -c "%a %g" /v /v/y; echo said > /said',
        ],
        volumeMounts: [{ name: 'v', mountPath: '/v' }],
        terminationMessagePath: '/said',
      }),
    ],
  });
  const ownOver = await node.finished('own');
  expect(await node.log(own)).toBe(
    '1234\n77\n77 55 4321\nbox\nnameserver 10.9.9.9\nsearch x.local\noptions ndots:2\n10.1.2.3 db db.local\n2777 4321\n644 4321\n',
  );
  expect(terminated(ownOver)?.message).toBe('said\n');
});

test('a Pod that is ended ends its steps first, then their sidecars', async () => {
  const order: StartOrder = { side: { sidecar: true }, one: { afterReady: ['side'] }, two: { after: 'one' } };
  const pod = await node.create(
    'cancelled',
    {
      volumes: [{ name: 'v', emptyDir: {} }],
      containers: [
        step('side', 'trap "touch /v/gone; exit 0" TERM; while :; do sleep 0.02; done'),
        step('one', 'trap "sleep 0.3; ls /v; echo over; exit 5" TERM; echo up; while :; do sleep 0.02; done'),
        step('two', 'echo never'),
      ].map((container) => ({ ...container, volumeMounts: [{ name: 'v', mountPath: '/v' }] })),
    },
    {
      annotations: { [annotations.startOrder]: JSON.stringify(order) },
      labels: { 'kf.dev/log-owner': 'somebody' },
    },
  );
  await node.logged(pod, 'up', 'one');
  const ending = node.client.until(Pod, pod.metadata, (now) => now?.status?.phase === 'Failed');
  await node.client.delete(Pod, pod.metadata, { gracePeriodSeconds: 5 });
  const over = (await ending)!;
  expect(await node.log(pod, 'one')).not.toContain('gone');
  expect(['side', 'one', 'two'].map((name) => ended(over, name))).toEqual([
    [0, 'Completed'],
    [5, 'Error'],
    [1, 'Skipped'],
  ]);
  await node.gone('cancelled');
});

test('init containers prepare a Pod, and may run on beside it', async () => {
  const volumeMounts = [{ name: 'v', mountPath: '/v' }];
  const mounted = (container: Container): Container => ({ ...container, volumeMounts });
  const pod = await node.create('prepared', {
    volumes: [{ name: 'v', emptyDir: {} }],
    initContainers: [
      mounted(step('first', 'echo first >> /v/log')),
      mounted({ ...step('beside', 'echo beside >> /v/log; sleep 1000'), restartPolicy: 'Always' }),
      mounted(step('second', 'while ! grep -q beside /v/log; do sleep 0.02; done; echo second >> /v/log')),
    ],
    containers: [mounted(step('main', 'cat /v/log'))],
  });
  const over = await node.finished('prepared');
  expect(over.status?.phase).toBe('Succeeded');
  expect(await node.log(pod)).toBe('first\nbeside\nsecond\n');
  expect(over.status?.initContainerStatuses?.map(({ name, state }) => [name, state?.terminated?.exitCode])).toEqual([
    ['first', 0],
    ['beside', 143],
    ['second', 0],
  ]);
  await node.create('unprepared', {
    initContainers: [step('first', 'exit 3')],
    containers: [step('main', 'echo never')],
  });
  const failed = await node.finished('unprepared');
  expect(failed.status?.phase).toBe('Failed');
  expect(terminated(failed)).toMatchObject({ reason: 'Skipped' });
  expect(failed.status?.conditions?.find(({ type }) => type === 'Initialized')?.status).toBe('False');
});

const onVolume = (container: Container): Container => ({
  ...container,
  volumeMounts: [{ name: 'v', mountPath: '/v' }],
});
const sh = (line: string) => ({ exec: { command: ['/bin/sh', '-c', line] } });

test.skipIf(inChroot())(
  'what runs on is started again when it ends; commands after a start and before an end',
  async () => {
    const beside = onVolume(
      // What it leaves in its root is gone with it, links above all.
      step(
        'beside',
        'echo begun; echo x >> /v/runs; for stale in /tmp/stale ~/stale; do [ ! -L $stale ] || echo $stale; ln -s / $stale; done; ' +
          '[ $(wc -l < /v/runs) -gt 1 ] || exit 3; sleep 1000',
      ),
    );
    const main = onVolume(
      step('main', 'while ! [ -e /v/hooked ] || [ $(wc -l < /v/runs) -lt 2 ]; do sleep 0.02; done'),
    );
    const pod = await node.create('again', {
      volumes: [{ name: 'v', emptyDir: {} }],
      initContainers: [
        {
          ...beside,
          restartPolicy: 'Always',
          lifecycle: { preStop: sh('echo > /dev/stderr && echo bye > /proc/1/fd/1') },
        },
      ],
      containers: [{ ...main, lifecycle: { postStart: sh('echo > /dev/stdout && echo > /v/hooked') } }],
    });
    const over = await node.finished('again');
    expect(over.status?.phase).toBe('Succeeded');
    expect(over.status?.initContainerStatuses).toMatchObject([
      { restartCount: 1, lastState: { terminated: { exitCode: 3 } }, state: { terminated: { exitCode: 143 } } },
    ]);
    expect(await node.log(pod, 'beside')).toBe('begun\nbegun\nbye\n');
    await node.create('unhooked', {
      terminationGracePeriodSeconds: 1,
      containers: [{ ...step('main', 'sleep 1000'), lifecycle: { postStart: sh('exit 1') } }],
    });
    expect(terminated(await node.finished('unhooked'))).toMatchObject({
      exitCode: 143,
      reason: 'Error',
      message: 'its postStart hook failed',
    });
    expect(node.errors.splice(0)).toEqual([expect.stringContaining('its postStart hook failed')]);
  },
);

test('one that ends again and again waits longer each time, also for a server that comes later', async () => {
  const isWaiting = (pod: Pod | undefined): boolean =>
    pod?.status?.initContainerStatuses?.[0]?.state?.waiting?.reason === 'CrashLoopBackOff';
  const pod = await node.create('loops', {
    initContainers: [{ ...step('beside', 'exit 3'), restartPolicy: 'Always' }],
    containers: [step('main', 'sleep 1000')],
  });
  const looping = await node.client.until(Pod, pod.metadata, isWaiting);
  expect(looping?.status?.initContainerStatuses?.[0]).toMatchObject({
    restartCount: expect.any(Number),
    state: {
      waiting: {
        message: expect.stringMatching(/^back-off [0-9ms]+ restarting failed container=beside pod=loops_dev\(/),
      },
    },
    lastState: { terminated: { exitCode: 3 } },
  });
  await node.halt();
  await node.boot();
  const ending = node.client.until(Pod, pod.metadata, (now) => now?.status?.phase === 'Failed');
  await node.client.delete(Pod, pod.metadata, { gracePeriodSeconds: 1 });
  expect((await ending)?.status?.initContainerStatuses?.[0]).toMatchObject({
    restartCount: expect.any(Number),
    state: { terminated: { exitCode: expect.any(Number) } },
  });
  await node.gone('loops');
  expect(node.errors).toEqual([]);
});
