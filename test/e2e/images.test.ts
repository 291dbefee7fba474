/** Apps of images: of registries with password, of archives, on an image as stack; runs whose steps name images. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { conditionOf, isFinal } from '../../src/resources/condition.ts';
import { Pod, podFinished } from '../../src/resources/core/pod.ts';
import type { App } from '../../src/resources/kf/app.ts';
import { Build } from '../../src/resources/kf/build.ts';
import { TaskRun } from '../../src/resources/tekton/task-run.ts';
import { Kf } from '../support/kf.ts';
import { finished, logged, startTask } from '../support/kf-tasks.ts';
import { busybox, makeImage } from '../support/oci-image.ts';
import { Registry, registryLogin } from '../support/registry.ts';

let kf: Kf;
let plain: Registry;
let secured: Registry;
let digest: string;
const root = mkdtempSync(join(tmpdir(), 'kf-images-'));
const layout = join(root, 'layout');
const config = {
  Entrypoint: ['/bin/sh', '-c', 'echo "$0 $@"; exit 3'],
  Cmd: ['from', 'the image'],
  Env: ['GREETING=hello', 'PATH=/bin:/opt/bin'],
  WorkingDir: '/home/app',
  User: 'app',
};

beforeAll(async () => {
  kf = await Kf.create();
  await kf.ok('server', 'start');
  digest = await makeImage(layout, { layers: [busybox, { '/opt/note': 'low' }, { '/opt/note': 'high' }], config });
  const bare = join(root, 'bare');
  await makeImage(bare, {
    layers: [{ '/busybox': { copy: '/bin/busybox', mode: 0o755 } }],
    config: { Entrypoint: ['/busybox', 'echo'], Cmd: ['bare'] },
  });
  [plain, secured] = await Promise.all([Registry.start(), Registry.start({ tls: true, password: true })]);
  plain.push(layout, 'team/app:1');
  plain.push(bare, 'team/bare:1');
  secured.push(layout, 'team/app:1');
});
afterAll(async () => {
  await kf?.remove();
  await Promise.all([plain?.stop(), secured?.stop()]);
  rmSync(root, { recursive: true, force: true });
});

const task = (...args: readonly string[]) => kf.run(['run-task', ...args]);

describe('an image of a registry', () => {
  test('runs as it says: ENTRYPOINT, CMD, ENV, WORKDIR, USER', async () => {
    const pushed = await kf.ok('push', 'plain', '--task', '--docker-image', `${plain.host}/team/app:1`);
    expect(pushed.stdout).toContain("Start command:  <the image's own>");
    expect((await kf.json<App>('app', 'plain')).status?.image).toBe(`${plain.host}/team/app@${digest}`);
    const own = await task('plain', '--follow');
    expect([own.code, own.stdout]).toEqual([3, 'from the image\n']);
    const line = 'id; pwd; echo $GREETING $HOME; cat /opt/note; cat /proc/self/status | head -100 | wc -l >/tmp/x';
    expect((await task('plain', '-c', line, '--follow')).stdout).toBe(
      'uid=1234(app) gid=1234(app) groups=50(staff)\n/home/app\nhello /home/app\nhigh',
    );
    expect((await task('plain', '--args', 'echo', '--args', 'exact  words', '--follow')).stdout).toBe('exact  words\n');
  });

  test('Tasks run what was pushed, whatever becomes of the tag', async () => {
    const other = join(root, 'other');
    await makeImage(other, { layers: [busybox], config: { Cmd: ['echo', 'moved'] } });
    plain.push(other, 'team/app:1');
    expect((await task('plain', '--follow')).stdout).toBe('from the image\n');
    await kf.ok('restage', 'plain');
    expect((await task('plain', '--follow')).stdout).toBe('moved\n');
  });

  test('without a shell a command line is refused, and exact words run', async () => {
    await kf.ok('push', 'bare', '--task', '--docker-image', `${plain.host}/team/bare:1`);
    expect((await task('bare', '--follow')).stdout).toBe('bare\n');
    const refused = await task('bare', '-c', 'echo x', '--wait');
    expect(refused.code).toBe(125);
    expect(refused.stderr).toContain('NoShell');
    expect(refused.stderr).toContain('--args');
    expect((await task('bare', '--args', '/busybox', '--args', 'id', '--follow')).stdout).toContain('uid=0');
    const missing = await task('bare', '--args', 'nothing', '--args', 'x', '--wait');
    expect([missing.code, missing.stderr]).toEqual([125, expect.stringContaining('executable file not found')]);
  });

  test('what the registry does not have fails the build in its words; the image before stays', async () => {
    const failed = await kf.run(['push', 'bare', '--docker-image', `${plain.host}/team/bare:2`]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain('manifest unknown');
    expect(failed.stderr).toContain('stays in use');
    expect((await task('bare', '--follow')).stdout).toBe('bare\n');
  });

  test('with TLS and a password', async () => {
    const image = `${secured.host}/team/app:1`;
    // On this machine a certificate is asked for only where something was set.
    await kf.ok('configure-server', 'set-registry', secured.host);
    const untrusted = await kf.run(['push', 'secured', '--task', '--docker-image', image]);
    expect(untrusted.stderr).toContain('certificate');
    await kf.ok('configure-server', 'set-registry', secured.host, '--ca', secured.ca);
    const refused = await kf.run(['push', 'secured', '--docker-image', image]);
    expect(refused.stderr).toMatch(/unauthorized|authentication required/);
    const env = { CF_DOCKER_PASSWORD: registryLogin.password };
    const flags = ['--docker-image', image, '--docker-username', registryLogin.username];
    expect((await kf.run(['push', 'secured', ...flags], { env })).code).toBe(0);
    await kf.ok('delete', 'plain');
    expect((await kf.json<App>('app', 'secured')).status?.image).toBe(`${secured.host}/team/app@${digest}`);
    expect((await task('secured', '--follow')).stdout).toBe('from the image\n');
    // Gone from the disk, it is pulled again, with the credentials of the App.
    const layers = join(kf.dataDir, 'storage/overlay');
    for (const name of readdirSync(layers).filter((one) => /^[0-9a-f]{64}$/.test(one)))
      rmSync(join(layers, name, 'diff'), { recursive: true, force: true });
    const again = await task('secured', '--follow');
    expect([again.stdout, again.stderr]).toEqual(['from the image\n', expect.not.stringContaining('did not start')]);
  });
});

test('archives and layouts of this machine', async () => {
  const archive = join(root, 'image.tar');
  execFileSync('skopeo', ['--insecure-policy', 'copy', '--quiet', `oci:${layout}`, `docker-archive:${archive}:x/y:1`]);
  await kf.ok('push', 'archive', '--task', '--docker-image', `docker-archive:${archive}`);
  expect((await task('archive', '--follow')).stdout).toBe('from the image\n');
  await kf.ok('push', 'archive', '--docker-image', `oci:${layout}`);
  expect((await kf.json<App>('app', 'archive')).status?.image).toBe(`kf.local/dev/archive@${digest}`);
  const oci = `oci-archive:${join(root, 'image.oci')}`;
  execFileSync('skopeo', ['--insecure-policy', 'copy', '--quiet', `oci:${layout}`, `${oci}:mine:1`]);
  await kf.ok('push', 'of-oci', '--task', '--docker-image', `${oci}:mine:1`);
  expect((await kf.json<App>('app', 'of-oci')).status?.image).toBe(`kf.local/dev/of-oci@${digest}`);
  const conf = join(root, 'storage.conf');
  const own = `driver = "vfs"\ngraphroot = "${root}/own"\nrunroot = "${root}/own-run"\n`;
  writeFileSync(conf, `[storage]\n${own}`);
  const env = { CONTAINERS_STORAGE_CONF: conf };
  const name = 'containers-storage:localhost/mine:1';
  execFileSync('skopeo', ['--insecure-policy', 'copy', '--quiet', `oci:${layout}`, name], {
    env: { ...process.env, ...env },
  });
  expect((await kf.run(['push', 'archive', '--docker-image', name], { env })).code).toBe(0);
  expect((await task('archive', '--follow')).stdout).toBe('from the image\n');
  writeFileSync(archive, readFileSync(archive).subarray(0, 10_000));
  const broken = await kf.run(['push', 'archive', '--docker-image', `docker-archive:${archive}`]);
  expect([broken.code, broken.stderr]).toEqual([1, expect.stringContaining('stays in use')]);
});

test('as whom and on what a container may run is kept to', async () => {
  const client = await kf.client();
  const image = `${plain.host}/team/bare:1`;
  const run = async (name: string, securityContext: object, args: readonly string[]) => {
    const containers = [{ name: 'c', image, args: [...args], securityContext }];
    await client.create(Pod, { metadata: { name, namespace: 'dev' }, spec: { restartPolicy: 'Never', containers } });
    for await (const { object } of client.watch(Pod, { namespace: 'dev', fieldSelector: `metadata.name=${name}` }))
      if (podFinished(object)) return object.status?.containerStatuses?.[0]?.state?.terminated;
    return undefined;
  };
  expect(await run('root', { runAsNonRoot: true }, ['x'])).toMatchObject({
    reason: 'CreateContainerConfigError',
    message: expect.stringContaining('will run as root'),
  });
  expect(await run('user', { runAsNonRoot: true, runAsUser: 1000 }, ['x'])).toMatchObject({ exitCode: 0 });
  client.close();
});

test('a stack that is an image: the same layer on that base', async () => {
  plain.push(layout, 'base/small:1');
  const stack = `${plain.host}/base/small:1`;
  const source = await kf.source('based', {
    'data.txt': 'one\n',
    Procfile: 'task: cat data.txt; pwd; id -un; cat /opt/note\n',
  });
  await kf.ok('push', 'based', '--task', '-p', source, '-s', stack);
  expect((await task('based', '--follow')).stdout).toBe('one\n/home/vcap/app\nvcap\nhigh');
  expect((await kf.run(['push', 'based', '-p', source, '-s', stack])).stderr).toContain('nothing is uploaded or built');
  // With a step of its own, which runs on that base, too.
  const step = { ...{ 'data.txt': 'one\n' }, 'bin/build': '#!/bin/sh\ncat /opt/note > made; id -u >> made\n' };
  const built = await kf.source('stepped', step);
  execFileSync('chmod', ['+x', join(built, 'bin/build')]);
  await kf.ok('push', 'based', '-p', built, '-s', stack, '-c', 'cat made');
  expect((await task('based', '--follow')).stdout).toBe('high2000\n');
});

test('steps of a TaskRun name images, by another name, too; one that cannot be had fails it in the registry’s words', async () => {
  await kf.ok('configure-server', 'set', 'images.aliases', `ubuntu=${plain.host}/base/small`);
  const client = await kf.client();
  const run = async (name: string, image: string): Promise<TaskRun> => {
    const spec = { taskSpec: { steps: [{ name: 'one', image, command: ['cat', '/opt/note'] }] } };
    await client.create(TaskRun, { metadata: { name, namespace: 'dev' }, spec });
    for await (const { object } of client.watch(TaskRun, { namespace: 'dev', fieldSelector: `metadata.name=${name}` }))
      if (isFinal(object)) return object;
    throw new Error('the watch ended');
  };
  expect(conditionOf(await run('good', 'ubuntu:1'), 'Succeeded')?.status).toBe('True');
  expect(conditionOf(await run('bad', 'ubuntu:2'), 'Succeeded')).toMatchObject({
    status: 'False',
    reason: 'TaskRunImagePullFailed',
    message: expect.stringContaining('manifest unknown'),
  });
  expect(conditionOf(await run('odd', 'Ubuntu'), 'Succeeded')?.message).toContain(
    '"Ubuntu" is no image: the name must be lower case',
  );
  client.close();
});

test('an image goes when no App, no Build and no Task names it, and not before', async () => {
  const make = async (name: string): Promise<string> => {
    const made = await makeImage(join(root, name), { layers: [{ ...busybox, '/name': name }] });
    plain.push(join(root, name), `team/named:${name}`);
    return made;
  };
  const [first, second] = [await make('first'), await make('second')];
  const push = (name: string) => kf.ok('push', 'named', '--task', '--docker-image', `${plain.host}/team/named:${name}`);
  /** The digests that a prune leaves, of images that nobody has looked for since long. */
  const left = async (): Promise<string> => {
    await kf.ok('server', 'restart');
    const kept = join(kf.dataDir, 'images');
    for (const name of readdirSync(kept)) if (name.endsWith('.stored')) utimesSync(join(kept, name), 1, 1);
    await kf.ok('server', 'prune');
    return readFileSync(join(kf.dataDir, 'storage/overlay-images/images.json'), 'utf8');
  };
  await push('first');
  const running = await startTask(kf, 'named', 'echo begun; sleep 1000');
  await logged(kf, running, 'begun');
  await push('second');
  // A Build and a Task name it; then the Task alone.
  expect(await left()).toContain(first);
  const client = await kf.client();
  const { latestReadyBuild } = (await kf.json<App>('app', 'named')).status!;
  const { items } = await client.list(Build, { namespace: 'dev', labelSelector: 'app.kubernetes.io/name=named' });
  for (const { metadata } of items)
    if (metadata.name !== latestReadyBuild) await client.delete(Build, { namespace: 'dev', name: metadata.name });
  client.close();
  expect(items).toHaveLength(2);
  expect(await left()).toContain(first);
  await kf.ok('terminate-task', running, '--now');
  await finished(kf, running);
  const end = await left();
  expect([end.includes(first), end.includes(second)]).toEqual([false, true]);
});

test('what nothing names any more is counted, and goes when asked', async () => {
  const use = async () => {
    const { uses } = await kf.json<{ uses: readonly { name: string; count: number; unusedCount: number }[] }>(
      'server',
      'df',
    );
    return uses.find(({ name }) => name === 'image storage')!;
  };
  const before = await use();
  expect(before.count).toBeGreaterThan(0);
  for (const app of ['bare', 'archive']) await kf.ok('delete', app);
  await kf.ok('server', 'prune');
  expect((await use()).count).toBeLessThanOrEqual(before.count);
  expect((await task('based', '--follow')).stdout).toBe('high2000\n');
});
