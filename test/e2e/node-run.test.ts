import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Secret } from '../../src/resources/core/kinds.ts';
import { Pod } from '../../src/resources/core/pod.ts';
import { annotations, labels } from '../../src/resources/labels.ts';
import { shellContainer, TestNode, terminated } from '../node/support/test-node.ts';
import { processes } from '../support/processes.ts';
import { makeSmallBase } from '../support/small-base.ts';

let node: TestNode;
beforeAll(async () => {
  node = await TestNode.start();
});
afterAll(() => node.close());

test('a shell line succeeds, its output is in the log', async () => {
  const pod = await node.shell('hello', 'echo hi; id -u; pwd');
  const ended = await node.finished('hello');
  expect(ended.status?.phase).toBe('Succeeded');
  expect(terminated(ended)).toMatchObject({ exitCode: 0, reason: 'Completed' });
  expect(await node.log(pod)).toBe('hi\n2000\n/home/vcap/app\n');
  expect(node.errors).toEqual([]);
});

test('exit codes arrive as they are, signals as 128+n', async () => {
  await node.shell('seven', 'exit 7');
  await node.shell('killed', 'kill -9 $$$$');
  await node.shell('missing', 'no-such-program');
  await node.create('missing-argv', {
    containers: [{ name: 'main', image: 'kf.local/stack/host', command: ['no-such-program', 'x'] }],
  });
  expect(terminated(await node.finished('seven'))).toMatchObject({ exitCode: 7, reason: 'Error' });
  expect(terminated(await node.finished('killed'))).toMatchObject({ exitCode: 137, reason: 'Error' });
  expect(terminated(await node.finished('missing'))?.exitCode).toBe(127);
  expect(terminated(await node.finished('missing-argv'))?.exitCode).toBe(127);
});

test('containers run in their order; a failure skips those after it unless it is ignored', async () => {
  const order = {
    two: { after: 'one', ignoreFailure: true },
    three: { after: 'two' },
    four: { after: 'three' },
    five: { after: 'four', afterFailure: true },
  };
  const pod = await node.create(
    'steps',
    {
      volumes: [{ name: 'shared', emptyDir: {} }],
      containers: ['one', 'two', 'three', 'four', 'five'].map((name) =>
        shellContainer(
          name,
          `echo ${name} >> /shared/order; cat /shared/order; [ ${name} != two ] && [ ${name} != three ]`,
          { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] },
        ),
      ),
    },
    { annotations: { [annotations.startOrder]: JSON.stringify(order) } },
  );
  const ended = await node.finished('steps');
  expect(ended.status?.phase).toBe('Failed');
  const outcome = (name: string) => [terminated(ended, name)?.exitCode, terminated(ended, name)?.reason];
  expect(['one', 'two', 'three', 'four', 'five'].map(outcome)).toEqual([
    [0, 'Completed'],
    [1, 'Error'],
    [1, 'Error'],
    [1, 'Skipped'],
    [0, 'Completed'],
  ]);
  expect(await node.log(pod, 'five')).toBe('one\ntwo\nthree\nfive\n');
});

test('secrets reach the environment and files, and no process list of the host', async () => {
  const secret = 's3cr3t-value-nobody-sees';
  await node.client.create(Secret, {
    metadata: { name: 'credentials', namespace: 'dev' },
    data: { password: Buffer.from(secret).toString('base64') },
  });
  const pod = await node.create(
    'secret',
    {
      volumes: [{ name: 'files', secret: { secretName: 'credentials', defaultMode: 0o400 } }],
      containers: [
        shellContainer('main', '', {
          env: [
            { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'credentials', key: 'password' } } },
            { name: 'URL', value: 'db://$(PASSWORD)@host' },
            { name: 'MISSING', valueFrom: { secretKeyRef: { name: 'nowhere', key: 'x', optional: true } } },
          ],
          command: [
            '/bin/sh',
            '-c',
            'mkfifo /tmp/go; echo "$PASSWORD $URL"; cat /secrets/password; (echo go > /tmp/go) & read line < /tmp/go; sleep 60',
          ],
          volumeMounts: [{ name: 'files', mountPath: '/secrets', readOnly: true }],
        }),
      ],
    },
    { labels: { [labels.logOwner]: 'some-task' } },
  );
  await node.logged(pod, `@host\n${secret}`);
  for (const { pid, args } of processes()) if (pid !== process.pid) expect(args.join(' ')).not.toContain(secret);
  // Before the Pod goes: the log goes with its owner, and here there is none.
  expect(await node.log(pod)).toContain(`${secret} db://${secret}@host\n${secret}`);
  await node.client.delete(Pod, pod.metadata, { gracePeriodSeconds: 1 });
  await node.gone('secret');
});

test('a secret that is missing fails the container with the reason', async () => {
  await node.shell('unset', 'echo never', {
    env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'nowhere', key: 'x' } } }],
  });
  expect(terminated(await node.finished('unset'))).toMatchObject({
    reason: 'CreateContainerConfigError',
    message: 'secret "nowhere" not found',
  });
});

test('an image that is not there fails the container with the reason', async () => {
  await node.shell('no-image', 'echo never', { image: `kf.local/dev/gone@sha256:${'0'.repeat(64)}` });
  expect(terminated(await node.finished('no-image'))).toMatchObject({ reason: 'ErrImageNeverPull' });
});

test('a mount point that the stack lacks is made for its Pod alone, and the root stays read-only', async () => {
  const volumes = [{ name: 'data', emptyDir: {} }];
  const mounts = { volumeMounts: [{ name: 'data', mountPath: '/data/of/one' }] };
  const line =
    'exec 2>&1; echo x > /data/of/one/x; cat /data/of/one/x; ls -d /data; touch /data/y || touch /y || echo read-only';
  await node.create('own-mount', { volumes, containers: [shellContainer('main', line, mounts)] });
  const pod = await node.finished('own-mount');
  expect(await node.log(pod)).toMatch(/^x\n\/data\n[\s\S]*read-only\n$/);
  await node.shell('other-mounts', 'exec 2>&1; ls -d /data; ls /home');
  const other = await node.finished('other-mounts');
  expect(await node.log(other)).toMatch(/cannot access '\/data'[\s\S]*vcap\n/);
});

test('a volume on an image with a root of its own, run as root and as a user of the image', async () => {
  const base = `sha256:${'c'.repeat(64)}`;
  makeSmallBase(node.images.layerPath(base), ['sh', 'id', 'ls', 'cat', 'mkdir']);
  appendFileSync(join(node.images.layerPath(base), 'etc/passwd'), 'app:x:77:78::/srv:/bin/sh\n');
  const line =
    'id -u; id -g; echo $HOME; cat /vol/key; cat /etc/hostname; echo x > /scratch/x && cat /scratch/x; mkdir /made && ls -d /made';
  await node.client.create(Secret, { metadata: { name: 'key', namespace: 'dev' }, data: { key: btoa('secret\n') } });
  for (const [name, user, expected] of [
    ['as-root', '', '0\n0\n/root\nsecret\nas-root\nx\n/made\n'],
    ['as-app', 'app', '77\n78\n/srv\nsecret\nas-app\nx\n'],
  ] as const) {
    const { ref: image } = await node.images.put({
      repository: 'dev/small',
      base: 'scratch',
      layers: [base],
      config: { user, cmd: ['/bin/sh', '-c', line] },
    });
    await node.create(name, {
      volumes: [
        { name: 'key', secret: { secretName: 'key' } },
        { name: 'scratch', emptyDir: {} },
      ],
      containers: [
        {
          name: 'main',
          image,
          volumeMounts: [
            { name: 'key', mountPath: '/vol' },
            { name: 'scratch', mountPath: '/scratch' },
          ],
        },
      ],
    });
    expect(await node.log(await node.finished(name))).toContain(expected);
  }
});

test.each([
  ['user', { runAsUser: 0 }],
  ['group', { runAsGroup: 0 }],
])('on the host stack nothing runs as root or its group: %s', async (name, securityContext) => {
  await node.shell(`root-${name}`, 'echo never', { securityContext });
  expect(terminated(await node.finished(`root-${name}`))?.message).toContain('never as root');
});

test('hostPath reaches only the folder of builds', async () => {
  await node.create('host-path', {
    volumes: [{ name: 'etc', hostPath: { path: '/etc' } }],
    containers: [shellContainer('main', 'echo never', { volumeMounts: [{ name: 'etc', mountPath: '/host' }] })],
  });
  expect(terminated(await node.finished('host-path'))).toMatchObject({
    reason: 'CreateContainerConfigError',
    message: expect.stringContaining('hostPath /etc is not allowed'),
  });
});

test('the environment of the host stack, and the names of host and pod', async () => {
  const pod = await node.shell(
    'names',
    'echo $HOME $USER $LANG; hostname; getent hosts host.kf.internal | cut -d" " -f1; whoami; touch /usr/x /etc/x; echo ok > $HOME/x && cat $HOME/x',
    {
      env: [
        { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
        { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      ],
    },
  );
  await node.finished('names');
  const text = await node.log(pod);
  expect(text).toContain('/home/vcap vcap C.UTF-8\nnames\n');
  expect(text).toContain(`${node.network.hostAddress}\nvcap\n`);
  expect(text).toMatch(/touch: cannot touch '\/usr\/x': Read-only file system/);
  // Between the two streams there is no order.
  expect(text).toMatch(/^ok$/m);
});

test('one critical path: claimed, running, ended; two barriers', async () => {
  const before = node.barriers;
  node.client.writes.length = 0;
  // Of a shorter one nobody hears that it runs.
  await node.shell('count', 'sleep 0.2');
  await node.finished('count');
  expect(node.client.writes.filter((write) => write.endsWith(' count'))).toEqual([
    'ADDED count',
    'MODIFIED count', // node and boot
    'MODIFIED count', // running
    'MODIFIED count', // ended
  ]);
  expect(node.barriers - before).toBeLessThanOrEqual(2);
});
