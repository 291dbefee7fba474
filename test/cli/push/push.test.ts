import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Secret } from '../../../src/resources/core/kinds.ts';
import { Pod } from '../../../src/resources/core/pod.ts';
import { App } from '../../../src/resources/kf/app.ts';
import { Build } from '../../../src/resources/kf/build.ts';
import { SourcePackage } from '../../../src/resources/kf/source-package.ts';
import { TestCli } from '../support.ts';

let cli: TestCli;
beforeAll(async () => {
  cli = await TestCli.start();
});
afterAll(() => cli.close());

const app = (name: string) => cli.server.client.get(App, { namespace: 'dev', name });
const builds = async () => (await cli.server.client.list(Build, { namespace: 'dev' })).items.length;

test('the Space’s environment of Builds reaches the Build, and a change of it builds again', async () => {
  const folder = await cli.source({ a: 'x' });
  const push = () => cli.ok('push', 'built', '--task', '-p', folder);
  const env = async (build: string) => (await cli.server.client.get(Build, { namespace: 'dev', name: build })).spec.env;
  await push();
  expect(await env('built-1')).toBeUndefined();
  await cli.ok('configure-space', 'set-buildpack-env', 'PRICE', '5$');
  await push();
  // Steps expand `$(…)`; what a person has written stays as it is.
  expect(await env('built-2')).toEqual([{ name: 'PRICE', value: '5$$' }]);
  expect((await push()).stderr).toContain('nothing is uploaded or built');
  await cli.ok('configure-space', 'unset-buildpack-env', 'PRICE');
  await cli.ok('delete', 'built');
});

describe('a first push', () => {
  test('uploads, builds, runs nothing; messages and table are Kf’s', async () => {
    const folder = await cli.source({ 'etl.sh': 'echo hi', '.env': 'SECRET=1' });
    const { code, stdout, stderr } = await cli.run(
      'push',
      'etl',
      '--task',
      '-p',
      folder,
      '-m',
      '256M',
      '-e',
      'B=2',
      '-e',
      'A=1',
    );
    expect(code).toBe(0);
    expect(stderr).toContain('Checking for existing App named "etl"...');
    expect(stderr).toContain('App "etl" doesn\'t exist, creating placeholder...\nPlaceholder App created.');
    expect(stderr).toContain('1 file, 7B');
    expect(stderr).toContain('Left out: .env');
    expect(stderr).toMatch(/Successfully uploaded source in \d+\.\d\d seconds/);
    expect(stderr).toContain('Successfully deployed without starting');
    expect(stderr.trimEnd().split('\n').at(-1)).toContain('a cluster wants a portable stack or a Dockerfile');
    expect(stdout).toContain('[deploy] Start tailing Build logs\n[build] Logs for etl-1\n');
    expect(stdout).toContain('[build] hello\n');
    expect(stdout).toMatch(/\[deploy\] Total push time \d+\.\d\d seconds/);
    expect(stdout).toMatch(
      /^Name: +etl\nSpace: +dev\nRoutes:\nInstances: +stopped\nStart command: +from the source; exit 0$/m,
    );
    const { spec, status } = await app('etl');
    expect(spec.instances?.stopped).toBe(true);
    expect(spec.routes ?? []).toEqual([]);
    expect(spec.template.spec.containers[0]).toMatchObject({
      env: [
        { name: 'A', value: '1' },
        { name: 'B', value: '2' },
      ],
      resources: {
        limits: { memory: '256Mi', 'ephemeral-storage': '1Gi' },
        requests: { memory: '256Mi', cpu: '100m' },
      },
    });
    expect(status?.instances?.representation).toBe('stopped');
    expect((await cli.server.client.list(Pod, { namespace: 'dev' })).items).toEqual([]);
    const source = await cli.server.client.get(SourcePackage, { namespace: 'dev', name: 'etl-1' });
    expect(cli.sources.get(source.spec.checksum.value)?.length).toBe(source.spec.size);
  });

  test('that its reader cuts short has not succeeded; one that only tells of it has', async () => {
    const folder = await cli.source({ 'etl.sh': 'echo hi' });
    const running = cli.start(['push', 'unread', '--task', '-p', folder]);
    await running.prints('Uploading');
    expect(running.unread()).toBe(1);
    expect((await running.finished).code).toBe(0);
    expect(running.unread()).toBe(0);
    await cli.ok('delete', 'unread');
  });

  test('without --task: exit 1, nothing is made, the command to type is printed', async () => {
    const folder = await cli.source({ a: '' });
    const { code, stderr } = await cli.run('push', 'web', '-p', folder, '-c', 'node x.js');
    expect(code).toBe(1);
    expect(stderr).toContain(`kf push web --task -p ${folder} -c 'node x.js'`);
    await expect(app('web')).rejects.toThrow('not found');
  });

  test('task: true in the manifest does instead', async () => {
    const folder = await cli.source({
      x: '',
      'manifest.yml': 'applications: [{name: by-manifest, task: true, command: run it}]',
    });
    const running = cli.start(['push'], { cwd: folder });
    expect((await running.finished).stdout).toMatch(/^Start command: +run it$/m);
  });
});

describe('pushing again', () => {
  test('unchanged source uploads and builds nothing; settings are taken all the same', async () => {
    const folder = await cli.source({ a: '1' });
    await cli.ok('push', 'again', '--task', '-p', folder, '-c', 'one', '-e', 'A=1');
    const [before, uploads] = [await builds(), cli.sources.size];
    const { stderr } = await cli.ok('push', 'again', '-p', folder, '-e', 'B=2', '--cpu-cores', '2');
    expect(stderr).toContain('App "again" runs tasks only: --task is implied.');
    expect(stderr).toContain('The source has not changed since Build again-1: nothing is uploaded or built.');
    expect(stderr).toContain('The start command of an earlier push stays: one');
    expect([await builds(), cli.sources.size]).toEqual([before, uploads]);
    const container = (await app('again')).spec.template.spec.containers[0];
    expect(container).toMatchObject({ args: ['one'], resources: { requests: { cpu: '2' }, limits: { cpu: '2' } } });
    expect(container?.env?.map(({ name }) => name)).toEqual(['A', 'B']);
  });

  test('changed source builds anew; -c null goes back to the source’s own command', async () => {
    const folder = await cli.source({ a: '1' });
    await cli.ok('push', 'twice', '--task', '-p', folder, '-c', 'one');
    await writeFile(join(folder, 'a'), '2');
    const { stdout } = await cli.ok('push', 'twice', '-p', folder, '-c', 'null');
    expect(stdout).toContain('[build] Logs for twice-2');
    expect(stdout).toMatch(/^Start command: +from the source/m);
    expect((await app('twice')).spec.build).toMatchObject({
      updateRequests: 2,
      spec: { sourcePackage: { name: 'twice-2' } },
    });
  });

  test('bytes that the server has already are not sent again', async () => {
    const folder = await cli.source({ same: 'bytes' });
    await cli.ok('push', 'first', '--task', '-p', folder);
    const before = cli.sources.size;
    await cli.ok('push', 'second', '--task', '-p', folder);
    expect(cli.sources.size).toBe(before);
    expect((await app('second')).status?.latestReadyBuild).toBe('second-1');
  });

  test('a failed build: exit 1, the last good image stays; the same source is built again', async () => {
    const folder = await cli.source({ a: '1' });
    await cli.ok('push', 'fragile', '--task', '-p', folder);
    const good = (await app('fragile')).status?.image;
    await writeFile(join(folder, 'a'), 'broken');
    cli.buildFailures.set('fragile', 'npm ci: exit code 1');
    const { code, stderr } = await cli.run('push', 'fragile', '-p', folder);
    expect(code).toBe(1);
    expect(stderr).toContain('[deploy] Failed to build: npm ci: exit code 1');
    expect(stderr).toContain('The last good image (Build fragile-1) stays in use.');
    expect(stderr).toContain('Error: build failed: npm ci: exit code 1');
    expect(stderr).toContain('kf build-logs fragile-2');
    expect((await app('fragile')).status?.image).toBe(good);
    cli.buildFailures.delete('fragile');
    expect((await cli.ok('push', 'fragile', '-p', folder)).stdout).toContain('[build] Logs for fragile-3');
  });
});

describe('a connection that is lost', () => {
  test.each(['before', 'after'] as const)('%s the server has the bytes: sent again, or not', async (when) => {
    const folder = await cli.source({ lost: when });
    cli.brokenUploads = { count: 1, when };
    const { stderr } = await cli.ok('push', `lost-${when}`, '--task', '-p', folder);
    expect(stderr.includes('it is sent again')).toBe(when === 'before');
    expect((await app(`lost-${when}`)).status?.latestReadyBuild).toBe(`lost-${when}-1`);
  });

  test('every time: the push gives up, and leaves no package', async () => {
    const folder = await cli.source({ lost: 'for ever' });
    cli.brokenUploads = { count: 100, when: 'before' };
    const { code, stderr } = await cli.run('push', 'lost-ever', '--task', '-p', folder);
    cli.brokenUploads.count = 0;
    expect(code).toBe(1);
    expect(stderr).toContain('failed to upload the source: socket hang up');
    const ref = { namespace: 'dev', name: 'lost-ever-1' };
    await expect(cli.server.client.get(SourcePackage, ref)).rejects.toThrow('not found');
  });
});

describe('several Apps of a manifest', () => {
  const manifest = (folder: string, two: string) =>
    writeFile(join(folder, 'manifest.yml'), `applications:\n- {name: one, task: true, instances: 2}\n- ${two}\n`);

  test('all of them, or the named one; what has no effect is said once', async () => {
    const folder = await cli.source({ x: '' });
    await manifest(folder, '{name: two, task: true, instances: 3}');
    const { code, stderr } = await cli.start(['push', '--no-route', '-i', '2'], { cwd: folder }).finished;
    expect(code, stderr).toBe(0);
    expect(stderr.match(/Of no effect on an App that runs tasks only: .*/g)).toEqual([
      'Of no effect on an App that runs tasks only: instances, --no-route, --instances',
    ]);
    expect(stderr).toContain('Pushing App "two" (2 of 2)...');
    expect((await app('two')).status?.latestReadyBuild).toBe('two-1');
    await cli.ok('delete', 'one');
    await cli.start(['push', 'two'], { cwd: folder }).finished;
    await expect(app('one')).rejects.toThrow('not found');
    await cli.ok('delete', 'two');
  });

  test('what is wrong with the second is said before the first is made; a failed build leaves out the rest by name', async () => {
    const folder = await cli.source({ x: '' });
    await manifest(folder, '{name: two, path: /nonexistent, task: true}');
    expect((await cli.start(['push'], { cwd: folder }).finished).stderr).toContain('/nonexistent');
    await expect(app('one')).rejects.toThrow('not found');
    await manifest(folder, '{name: two, task: true}');
    cli.buildFailures.set('one', 'no; see: kf build-logs one-1 --space dev');
    const { code, stderr, stdout } = await cli.start(['push'], { cwd: folder }).finished;
    cli.buildFailures.delete('one');
    expect(code).toBe(1);
    expect(stderr).toContain('Not pushed: two');
    expect((stderr + stdout).match(/kf build-logs/g)).toHaveLength(1);
    await expect(app('two')).rejects.toThrow('not found');
    await cli.ok('delete', 'one');
  });
});

describe('restage', () => {
  test('builds the same source anew; the next push has nothing to do', async () => {
    const folder = await cli.source({ a: 'r' });
    await cli.ok('push', 'staged', '--task', '-p', folder);
    const { stdout, stderr } = await cli.ok('restage', 'staged');
    expect(stderr).toContain('"staged" successfully restaged');
    expect(stdout).toContain('[build] Logs for staged-2');
    const build = await cli.server.client.get(Build, { namespace: 'dev', name: 'staged-2' });
    expect(build.spec).toMatchObject({
      sourcePackage: { name: 'staged-2' },
      params: [{ name: 'NO_CACHE', value: 'true' }],
    });
    expect((await cli.ok('push', 'staged', '-p', folder)).stderr).toContain('nothing is uploaded or built');
    expect((await cli.ok('build-logs', 'staged', '--recent')).stderr).toContain('Build staged-2 succeeded');
  });

  test('a failed one: exit 1, the image stays', async () => {
    cli.buildFailures.set('staged', 'broken');
    const { code, stderr } = await cli.run('restage', 'staged');
    cli.buildFailures.delete('staged');
    expect(code).toBe(1);
    expect(stderr).toContain('The last good image (Build staged-2) stays in use.');
  });

  test('without source: says to push', async () => {
    const { code, stderr } = await cli.run('restage', 'nope');
    expect(code).toBe(1);
    expect(stderr).toContain('"nope" not found');
    const { items } = await cli.server.client.list(SourcePackage, { namespace: 'dev' });
    cli.sources.clear();
    const gone = await cli.run('restage', 'staged');
    expect(gone.stderr).toContain('the source of App "staged" is not on the server any more');
    expect(gone.stderr).toContain('kf push staged --task');
    expect((await cli.server.client.list(SourcePackage, { namespace: 'dev' })).items).toHaveLength(items.length);
  });
});

describe('an image', () => {
  const build = async () => (await app('image')).spec.build;
  const push = (image: string, ...flags: readonly string[]) =>
    cli.start(['push', 'image', '--task', '--docker-image', image, ...flags], {
      env: { CF_DOCKER_PASSWORD: 'open sesame' },
    }).finished;

  test('of a registry: nothing is uploaded; the password is a Secret of the App', async () => {
    const { code, stdout, stderr } = await push('x.io/team/app:1', '--docker-username', 'me');
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('[source upload]')]);
    expect(stdout).toContain('Start command:');
    expect(await build()).toEqual({
      image: 'x.io/team/app:1',
      imagePullSecrets: [{ name: 'image-registry' }],
      updateRequests: 1,
    });
    const secret = await cli.server.client.get(Secret, { namespace: 'dev', name: 'image-registry' });
    expect(secret.type).toBe('kubernetes.io/dockerconfigjson');
    const config = JSON.parse(Buffer.from(secret.data!['.dockerconfigjson']!, 'base64').toString());
    expect(config.auths['x.io']).toMatchObject({ username: 'me', password: 'open sesame' });
    expect(secret.metadata.ownerReferences?.[0]).toMatchObject({ kind: 'App', name: 'image' });
    const made = await cli.server.client.get(Build, {
      namespace: 'dev',
      name: (await app('image')).status!.latestBuild!,
    });
    expect(made.spec).toMatchObject({
      name: 'image',
      params: [{ name: 'IMAGE', value: 'x.io/team/app:1' }],
      imagePullSecrets: [{ name: 'image-registry' }],
    });
  });

  test('pushed again it is asked for again; credentials hold for the same registry only', async () => {
    await push('x.io/team/app:2');
    expect(await build()).toMatchObject({ imagePullSecrets: [{ name: 'image-registry' }], updateRequests: 2 });
    expect((await cli.run('restage', 'image')).stderr).toContain('"image" successfully restaged');
    expect(await build()).toMatchObject({ image: 'x.io/team/app:2', updateRequests: 3 });
    await push('y.io/app');
    expect((await build()).imagePullSecrets).toBeUndefined();
    const folder = await cli.source({ a: 'x' });
    await cli.ok('push', 'image', '-p', folder);
    expect(await build()).toMatchObject({ spec: { name: 'host-stack' }, updateRequests: 5 });
  });

  test('of this server: one that it has', async () => {
    const { image = '' } = (await app('staged')).status!;
    expect((await push(image)).code).toBe(0);
    expect(await build()).toMatchObject({ image });
  });

  test('that cannot be had: what is left, and what to do', async () => {
    cli.buildFailures.set('absent', 'registry x.io has no image app:1');
    const { code, stderr } = await cli.run('push', 'absent', '--task', '--docker-image', 'x.io/app:1');
    expect(code).toBe(1);
    const said = 'App "absent" is there, without an image: its Tasks cannot start until a push succeeds.';
    const ways = ['kf restage absent', 'kf push absent --docker-image IMAGE', 'kf delete absent'];
    for (const text of [said, ...ways]) expect(stderr).toContain(text);
    for (const text of ways) {
      expect((await cli.run('app', 'absent')).stderr).toContain(text);
      expect((await cli.run('run-task', 'absent')).stderr).toContain(text);
    }
    await cli.ok('delete', 'absent');
  });

  test('of this machine: an archive is uploaded as it is', async () => {
    const folder = await cli.source({ 'image.tar': 'not really' });
    await cli.ok('push', 'image', '--docker-image', `docker-archive:${folder}/image.tar:a/b:1`);
    expect((await build()).spec).toMatchObject({
      name: 'image',
      params: [{ name: 'IMAGE', value: 'docker-archive:a/b:1' }],
    });
    expect((await push(`docker-archive:${folder}/image.tar:a/b:1`)).stderr).toContain('nothing is uploaded or built');
    await cli.ok('delete', 'image');
  });
});

describe('bad input changes nothing', () => {
  test.each([
    [['-m', 'x'], '--memory-limit'],
    [['-k', '-1G'], '--disk-quota'],
    [['--cpu-cores', 'many'], '--cpu-cores'],
    [['-e', 'X'], 'malformed environment variable: X'],
    [['-s', 'other'], 'no matching stack "other" found'],
    [['-f', 'nope.yml'], '-f, --manifest'],
    [['--path', '/nonexistent'], 'cannot read the source'],
    [['--docker-image', 'X'], '"X" is no image'],
    [['--docker-image', 'UPPER/x'], 'the name must be lower case'],
    [['--docker-image', 'kf.local/dev/nothing'], 'this server has no image kf.local/dev/nothing'],
    [['--docker-image', 'oci:/nope'], 'cannot read /nope'],
    [['--docker-image', 'x.io/y', '--docker-username', 'me'], 'CF_DOCKER_PASSWORD'],
    [['-b', 'x'], '--buildpack'],
    [['--app-suffix', '_'], '--app-suffix'],
    [['--var', 'x'], '--var'],
    [['--space', 'nowhere'], `Space "nowhere" doesn't exist`],
  ])('%j', async (flags, named) => {
    const { code, stderr, stdout } = await cli.run('push', 'bad', '--task', ...flags);
    expect(code).toBe(1);
    expect(stderr).toContain(named);
    expect(stdout).toBe('FAIL\n');
    await expect(app('bad')).rejects.toThrow('not found');
  });

  test('KF_STARTUP_TIMEOUT', async () => {
    const running = cli.start(['push', 'bad', '--task'], { env: { KF_STARTUP_TIMEOUT: 'soon' } });
    expect((await running.finished).stderr).toContain('failed to parse timeout env');
  });
});

test('a Dockerfile that is not in the source is refused before an App is made', async () => {
  const folder = await cli.source({ a: 'x' });
  const { code, stderr } = await cli.run('push', 'undocked', '--task', '-p', folder, '--dockerfile', 'Nope');
  expect(code).toBe(1);
  expect(stderr).toContain('the Dockerfile "Nope" couldn\'t be found under the app root');
  expect((await cli.run('app', 'undocked')).stderr).toContain('apps.kf.dev "undocked" not found');
});
